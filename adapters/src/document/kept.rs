//! Raw bytes of every document become an evidence item of their own.

use std::sync::Arc;

use assay_model::touch::document::{Document, DocumentRequest, DocumentResponse, Documents, Wanted};
use assay_model::touch::{Shared, Way};
use assay_model::{Deadline, Direction, EvidenceKind, Fault, Recorder, StreamMeta, Touch};
use async_trait::async_trait;
use serde_json::{Map, Value, json};

/// Documents, each kept through the recorder's stream.
pub(crate) struct KeptDocuments {
    inner: Way<Documents>,
    recorder: Arc<dyn Recorder>,
}

impl KeptDocuments {
    pub(crate) fn new(inner: Way<Documents>, recorder: Arc<dyn Recorder>) -> Self {
        Self { inner, recorder }
    }
}

#[async_trait]
impl Touch<Documents> for KeptDocuments {
    async fn call(&self, request: DocumentRequest, until: Deadline) -> Result<DocumentResponse, Fault> {
        let response = self.inner.call(request, until).await?;
        if let DocumentResponse::Document(document) = &response {
            let mut stream = self.recorder.stream(meta(document));
            stream.append(Direction::In, document.bytes.as_slice());
        }
        Ok(response)
    }

    async fn shared(
        &self,
        request: &DocumentRequest,
        until: Deadline,
    ) -> Option<Result<Shared<DocumentResponse>, Fault>> {
        if request.wanted.is_text() {
            return self.inner.shared(request, until).await;
        }
        Some(self.alone(request.clone(), until).await)
    }
}

impl KeptDocuments {
    /// Bytes that stand in an item of their own and nowhere else: an image of 100 MB is no line of a record.
    async fn alone(&self, request: DocumentRequest, until: Deadline) -> Result<Shared<DocumentResponse>, Fault> {
        let (source, wanted) = (request.source.clone(), request.wanted);
        let response = self.inner.call(request, until).await?;
        let (meta, bytes) = match &response {
            DocumentResponse::Document(document) => {
                let kind = match wanted {
                    Wanted::Text => EvidenceKind::Document,
                    Wanted::Firmware => EvidenceKind::Firmware,
                    Wanted::Capture => EvidenceKind::Pcap,
                    Wanted::Picture => EvidenceKind::Image,
                };
                (StreamMeta { kind, ..meta(document) }, document.bytes.as_slice())
            }
            DocumentResponse::Absent { text, .. } => (of_absence(&source), text.as_bytes()),
        };
        let mut stream = self.recorder.stream(meta);
        let evidence = stream.id();
        stream.append(Direction::In, bytes);
        drop(stream);
        Ok(Shared { response, evidence })
    }
}

pub(super) fn of_absence(asked: &str) -> StreamMeta {
    StreamMeta {
        kind: EvidenceKind::Document,
        title: format!("no document {asked}"),
        source: asked.to_owned(),
        file: "absent.txt".into(),
        settings: Map::from_iter([("asked".to_owned(), Value::from(asked))]),
    }
}

pub(super) fn meta(document: &Document) -> StreamMeta {
    let settings = json!({
        "status": document.status,
        "media_type": document.media_type,
        "sha256": document.sha256,
        "truncated": document.truncated,
    });
    StreamMeta {
        kind: EvidenceKind::Document,
        title: format!("document {}", document.url),
        source: document.url.clone(),
        file: file_name(document),
        settings: settings.as_object().cloned().unwrap_or_default(),
    }
}

/// A tame name from the last part of the URL; the media type gives the extension where the URL has none.
fn file_name(document: &Document) -> String {
    let last = document.url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let last = last.split_once("://").map_or(last, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let last = last.rsplit('/').next().unwrap_or_default();
    let tame: String =
        last.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')).take(64).collect();
    let tame = tame.trim_matches('.');
    let stem = if tame.is_empty() { "document" } else { tame };
    if stem.contains('.') {
        return stem.to_owned();
    }
    let extension = match document.media_type.as_str() {
        "text/html" => "html",
        "application/pdf" => "pdf",
        "image/png" => "png",
        "application/json" => "json",
        kind if kind.starts_with("text/") => "txt",
        _ => "bin",
    };
    format!("{stem}.{extension}")
}
