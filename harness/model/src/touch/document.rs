//! Documents, from a file of the dossier or from a URL in it: bytes as a reader would get them, kept as evidence.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Payload, touch::tls::TlsSession};

/// Documents.
pub struct Documents;

impl super::Protocol for Documents {
    const NAME: &'static str = "document";
    type Request = DocumentRequest;
    type Response = DocumentResponse;
}

/// One document.
#[derive(Debug, Clone, Serialize)]
pub struct DocumentRequest {
    /// `https://...` or a path relative to the dossier.
    pub source: String,
    /// Bytes to keep, at most.
    pub max_bytes: u32,
    /// What it is wanted for.
    #[serde(skip_serializing_if = "Wanted::is_text")]
    pub wanted: Wanted,
}

/// What a document is wanted for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Wanted {
    /// To be read: its text is taken out of it.
    #[default]
    Text,
    /// A firmware image: bytes only, kept once as evidence of that kind and in no record of exchanges.
    Firmware,
    /// A packet capture made elsewhere: likewise.
    Capture,
    /// A picture of the page as a browser shows it, PNG: likewise.
    Picture,
}

impl Wanted {
    /// Whether it is to be read.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text)
    }
}

/// How the pages of strangers are asked for, many at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Politeness {
    /// Requests under way at once on one host.
    pub per_host: u32,
    /// From the end of one request to a host to the start of the next one in its place; a longer `Crawl-delay` of the
    /// host's robots.txt wins, up to [`Politeness::LONGEST_CRAWL_DELAY`].
    pub pause: Duration,
    /// For one page with all its redirects, from the first connection on; waiting for a place does not count.
    pub page_timeout: Duration,
    /// Whether robots.txt is asked for and obeyed.
    pub robots: bool,
    /// Whether a listed URL may lead to an address that is not public.
    pub private: bool,
    /// Whom a host's owner may ask, told in the `User-Agent`; empty where nobody is named.
    pub contact: String,
}

impl Politeness {
    /// No robots.txt slows a survey down further than this.
    pub const LONGEST_CRAWL_DELAY: Duration = Duration::from_secs(30);
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentResponse {
    /// The document, whatever its status code.
    Document(Box<Document>),
    /// The place does not answer or does not exist: what was seen.
    Absent {
        /// `connection refused by ...`, `no such file ...`.
        text: String,
        /// Redirects up to there.
        redirects: Vec<String>,
    },
}

/// A document as fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// Where it was found in the end.
    pub url: String,
    /// Each place that was asked, in order.
    pub redirects: Vec<String>,
    /// Status code; 0 for files.
    pub status: u16,
    /// Headers of the last answer; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Media type without parameters: `text/html`.
    pub media_type: String,
    /// The bytes, up to `max_bytes`.
    pub bytes: Payload,
    /// Whether it went on.
    pub truncated: bool,
    /// Text as a reader sees it: HTML without markup, script and style.
    pub text: String,
    /// HTML decoded as a browser decides it, for who asks about markup; empty for other kinds. Not recorded: the bytes are.
    #[serde(skip)]
    pub markup: String,
    /// Why no text, or not all of it, could be read out of the bytes; empty where nothing stood in the way.
    #[serde(default)]
    pub unread: String,
    /// SHA-256 of the bytes.
    pub sha256: String,
    /// The TLS session of the last answer.
    pub tls: Option<TlsSession>,
    /// Whether that certificate chain verifies for that name; absent without TLS.
    pub tls_verifies: Option<bool>,
}
