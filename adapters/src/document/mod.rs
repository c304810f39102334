//! Published and supplied documents: bytes as a reader would get them.

mod charset;
mod fetch;
mod file;
mod gate;
mod kept;
mod library;
mod pdf;
mod picture;
mod public;
mod robots;
mod spill;
mod text;
mod url;

pub(crate) use kept::KeptDocuments;
pub use library::Library;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use assay_model::touch::document::{Document, DocumentRequest, DocumentResponse, Documents, Politeness, Wanted};
use assay_model::{AddressBook, Deadline, Fault, Touch};
use async_trait::async_trait;

use self::gate::Gate;
use crate::tls::{Trust, TrustError};

/// Where documents come from.
pub struct DocumentSources {
    folder: PathBuf,
    hosts: BTreeMap<String, IpAddr>,
    addresses: Arc<AddressBook>,
    trust: Trust,
    /// Where the pages of strangers are asked for, many at once: whose turn it is.
    gate: Option<Gate>,
}

/// What a bench says about documents.
#[derive(Debug, Clone, Default)]
pub struct DocumentSettings {
    /// The dossier's folder: relative sources start there and cannot leave it.
    pub folder: PathBuf,
    /// Names that the bench answers itself, before DNS: `maker.test`.
    pub hosts: BTreeMap<String, IpAddr>,
    /// Root certificates (DER) trusted beside Mozilla's: a virtual maker's own authority.
    pub roots: Vec<Vec<u8>>,
}

impl DocumentSources {
    /// Sources as the bench has them. `addresses` says which private addresses are the bench's own.
    ///
    /// # Errors
    /// A root certificate that cannot be used.
    pub fn new(settings: DocumentSettings, addresses: Arc<AddressBook>) -> Result<Self, TrustError> {
        let DocumentSettings { folder, hosts, roots } = settings;
        Ok(Self { folder, hosts, addresses, trust: Trust::with(&roots)?, gate: None })
    }

    /// The same for a survey: each host is asked politely.
    #[must_use]
    pub fn polite(self, politeness: Politeness) -> Self {
        Self { gate: Some(Gate::new(politeness)), ..self }
    }

    fn allows_near(&self) -> bool {
        self.gate.as_ref().is_some_and(Gate::allows_near)
    }

    /// Whose a private address is not.
    fn near_owner(&self) -> &'static str {
        if self.gate.is_some() { "a survey does not ask" } else { "the bench does not own" }
    }

    fn near_help(&self) -> &'static str {
        if self.gate.is_some() {
            "run with `--set allow_private=true` where the list means an address of your own network"
        } else {
            "name the host in the bench file, if the bench is meant to reach it"
        }
    }
}

#[async_trait]
impl Touch<Documents> for DocumentSources {
    async fn call(&self, request: DocumentRequest, until: Deadline) -> Result<DocumentResponse, Fault> {
        let most = request.max_bytes;
        let found = match url::Url::parse(&request.source) {
            _ if request.wanted == Wanted::Picture => picture::take(&request.source, &self.hosts, until).await,
            Ok(Some(url)) => fetch::fetch(self, url, most, until).await?,
            // A list comes from anywhere: it names pages, never files of this host.
            Ok(None) if self.gate.is_some() => {
                return Err(Fault::plan("bad-url", format!("`{}` is no http or https URL", request.source)));
            }
            Ok(None) => file::read(&self.folder, &request.source, most, until).await?,
            Err(why) => return Err(Fault::plan("bad-url", format!("`{}`: {why}", request.source))),
        };
        Ok(match found {
            DocumentResponse::Document(document) => {
                DocumentResponse::Document(Box::new(finish(*document, request.wanted, until).await))
            }
            absent => absent,
        })
    }
}

/// Adds what is computed from the bytes: digest and text.
async fn finish(mut document: Document, wanted: Wanted, until: Deadline) -> Document {
    use sha2::{Digest as _, Sha256};
    document.sha256 = Sha256::digest(document.bytes.as_slice()).iter().map(|b| format!("{b:02x}")).collect();
    if !wanted.is_text() {
        return document;
    }
    if pdf::is_pdf(document.bytes.as_slice(), &document.media_type) {
        let read = pdf::read(document.bytes.as_slice(), document.truncated, until).await;
        (document.text, document.unread) = (read.text, read.unread);
        return document;
    }
    let declared = document.headers.iter().find(|(n, _)| n == "content-type").map(|(_, v)| v.clone());
    let (bytes, media_type) = (document.bytes.clone(), document.media_type.clone());
    // On the blocking pool: markup can be made to cost seconds. What it has by the deadline is the text.
    let reading =
        tokio::task::spawn_blocking(move || text::readable(bytes.as_slice(), &media_type, declared.as_deref(), until));
    (document.text, document.markup) = reading.await.unwrap_or_default();
    document
}

#[cfg(test)]
mod tests;
