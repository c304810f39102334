//! The pages of a survey: each is asked for once a run, kept as one item of evidence, and told to everybody who asks
//! again. A host that is down is asked once, too.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use assay_model::touch::Shared;
use assay_model::touch::document::{Document, DocumentRequest, DocumentResponse, Documents};
use assay_model::{Blame, Deadline, Direction, EvidenceId, Fault, Payload, Recorder, StreamMeta, Touch};
use async_trait::async_trait;
use serde_json::json;

use super::spill::{Part, Spill};
use super::{DocumentSources, kept};
use crate::socket::within;

/// Documents, each asked for once.
pub struct Library {
    sources: DocumentSources,
    recorder: Arc<dyn Recorder>,
    spill: Spill,
    slots: Mutex<HashMap<(String, u32), Slot>>,
}

/// Whoever holds the lock asks; the others wait for what came of it.
type Slot = Arc<tokio::sync::Mutex<Option<Result<Held, Fault>>>>;

/// What came of a request, its bulk on disk.
#[derive(Clone)]
struct Held {
    response: DocumentResponse,
    bytes: Part,
    text: Part,
    markup: Part,
    evidence: EvidenceId,
}

impl Library {
    /// Pages from `sources`, kept through `recorder`.
    ///
    /// # Errors
    /// No temporary file can be made.
    pub fn new(sources: DocumentSources, recorder: Arc<dyn Recorder>) -> io::Result<Self> {
        Ok(Self { sources, recorder, spill: Spill::new()?, slots: Mutex::default() })
    }

    async fn answer(&self, request: &DocumentRequest, until: Deadline) -> Result<Shared<DocumentResponse>, Fault> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.entry((request.source.clone(), request.max_bytes)).or_default().clone()
        };
        let Some(mut held) = within(until, slot.lock()).await else {
            let text = format!("`{}` was being asked for by another step until the deadline", request.source);
            return Err(Fault::timeout(text));
        };
        let result = match held.as_ref() {
            Some(result) => result.clone(),
            None => {
                let result = self.ask(request, until).await;
                // A deadline is the asker's; all else would come out the same.
                if !matches!(&result, Err(fault) if fault.blame == Blame::Timeout) {
                    *held = Some(result.clone());
                }
                result
            }
        };
        drop(held);
        let Held { mut response, bytes, text, markup, evidence } = result?;
        if let DocumentResponse::Document(document) = &mut response {
            let spill = self.spill.clone();
            let read = move || io::Result::Ok((spill.get(bytes)?, spill.get(text)?, spill.get(markup)?));
            let (bytes, text, markup) = tokio::task::spawn_blocking(read).await.map_err(lost)?.map_err(lost)?;
            document.bytes = Payload(bytes);
            document.text = String::from_utf8(text).map_err(lost)?;
            document.markup = String::from_utf8(markup).map_err(lost)?;
        }
        Ok(Shared { response, evidence })
    }

    /// Asks, and keeps what came as evidence and for those who ask again.
    async fn ask(&self, request: &DocumentRequest, until: Deadline) -> Result<Held, Fault> {
        let mut response = self.sources.call(request.clone(), until).await?;
        let (recorder, spill, source) = (self.recorder.clone(), self.spill.clone(), request.source.clone());
        let keep = move || {
            let (bytes, text, markup, meta) = match &mut response {
                DocumentResponse::Document(document) => {
                    let meta = of_document(document, &source);
                    let (text, markup) = (std::mem::take(&mut document.text), std::mem::take(&mut document.markup));
                    (std::mem::take(&mut document.bytes.0), text, markup, meta)
                }
                DocumentResponse::Absent { text, redirects } => {
                    let note = format!("{text}\nasked, in order:\n{}\n", redirects.join("\n"));
                    (note.into_bytes(), String::new(), String::new(), kept::of_absence(&source))
                }
            };
            let mut stream = recorder.stream(meta);
            let evidence = stream.id();
            stream.append(Direction::In, &bytes);
            drop(stream);
            let (bytes, text) = (spill.put(&bytes)?, spill.put(text.as_bytes())?);
            io::Result::Ok(Held { response, bytes, text, markup: spill.put(markup.as_bytes())?, evidence })
        };
        tokio::task::spawn_blocking(keep).await.map_err(lost)?.map_err(lost)
    }
}

fn lost(error: impl std::fmt::Display) -> Fault {
    Fault::bench("page-lost", format!("a page could not be kept for those who ask again: {error}"))
        .with_help("make room for temporary files")
}

fn of_document(document: &Document, asked: &str) -> StreamMeta {
    let mut meta = kept::meta(document);
    let more = json!({
        "asked": asked,
        "redirects": document.redirects,
        "headers": document.headers,
        "tls": document.tls,
        "tls_verifies": document.tls_verifies,
    });
    meta.settings.extend(more.as_object().cloned().unwrap_or_default());
    meta
}

#[async_trait]
impl Touch<Documents> for Library {
    async fn call(&self, request: DocumentRequest, until: Deadline) -> Result<DocumentResponse, Fault> {
        Ok(self.answer(&request, until).await?.response)
    }

    async fn shared(
        &self,
        request: &DocumentRequest,
        until: Deadline,
    ) -> Option<Result<Shared<DocumentResponse>, Fault>> {
        Some(self.answer(request, until).await)
    }
}
