//! The virtual maker's website for tests, from the very table of pages that the virtual camera serves.

use std::sync::Arc;
use std::time::Duration;

use assay_model::touch::document::{Document, DocumentRequest, DocumentResponse, Documents};
use assay_model::{
    AddressBook, CheckContext, Deadline, Dut, Fault, Limits, Payload, Progress, SecretSink, Touch, Touches,
};
use async_trait::async_trait;
use serde_json::Value;

#[path = "../../../virtual/pages/table.rs"]
mod table;

/// One variant of the site; `dead` answers nothing, `garbage` answers bytes that mean nothing.
#[derive(Clone)]
pub(crate) struct Site(&'static str);

/// Every variant that the table has.
pub(crate) fn variants() -> Vec<&'static str> {
    let mut names: Vec<&str> = table::PAGES.iter().map(|p| p.variant).collect();
    names.dedup();
    names.sort_unstable();
    names.dedup();
    names
}

/// `kind` of each entry of a list.
pub(crate) fn kinds_of(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(|c| c["kind"].as_str()).collect()
}

impl Site {
    pub(crate) fn of(variant: &'static str) -> Self {
        Self(variant)
    }

    /// What a check observes on this site.
    pub(crate) async fn ask(&self, check: &str, params: Value) -> Value {
        let checks = super::all();
        let check = checks.iter().find(|c| c.info().name == check).unwrap();
        check.run(&self.context(), params).await.unwrap()
    }

    pub(crate) fn context(&self) -> CheckContext {
        CheckContext {
            dut: Arc::new(Dut::default()),
            touches: Touches { documents: Some(Arc::new(self.clone())), ..Touches::default() },
            addresses: Arc::new(AddressBook::new()),
            limits: Limits::default(),
            deadline: Deadline::after(Duration::from_secs(60)),
            secrets: Arc::new(Nothing),
            progress: Arc::new(Nothing),
        }
    }
}

struct Nothing;

impl SecretSink for Nothing {
    fn register(&self, _: &str, _: &str) {}
}

impl Progress for Nothing {
    fn step(&self, _: u64, _: u64, _: &str) {}
}

#[async_trait]
impl Touch<Documents> for Site {
    async fn call(&self, request: DocumentRequest, _: Deadline) -> Result<DocumentResponse, Fault> {
        let site = "http://maker.test:8088";
        if self.0 == "dead" {
            return Ok(DocumentResponse::Absent {
                text: format!("{}: connection refused", request.source),
                redirects: vec![],
            });
        }
        if self.0 == "garbage" {
            let bytes: Vec<u8> = (0..4_096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
            return Ok(document(request.source, 200, "application/pdf", &bytes, ""));
        }
        let mut asked = Vec::new();
        let mut path = request.source.strip_prefix(site).unwrap().to_owned();
        loop {
            asked.push(format!("{site}{path}"));
            let page = table::at(&[self.0], &path).unwrap();
            if page.location.is_empty() {
                let media = page.media_type.split(';').next().unwrap();
                let text = super::page::Page::of_html(page.body).text();
                let DocumentResponse::Document(mut found) =
                    document(asked[asked.len() - 1].clone(), page.status, media, page.body.as_bytes(), &text)
                else {
                    unreachable!()
                };
                if media == "text/plain" {
                    found.text = page.body.into();
                }
                found.redirects = asked;
                return Ok(DocumentResponse::Document(found));
            }
            path = page.location.to_owned();
        }
    }
}

fn document(url: String, status: u16, media_type: &str, bytes: &[u8], text: &str) -> DocumentResponse {
    DocumentResponse::Document(Box::new(Document {
        url,
        redirects: Vec::new(),
        status,
        headers: Vec::new(),
        media_type: media_type.to_owned(),
        bytes: Payload::from(bytes),
        truncated: false,
        text: text.to_owned(),
        markup: String::new(),
        unread: String::new(),
        sha256: "00".repeat(32),
        tls: None,
        tls_verifies: None,
    }))
}
