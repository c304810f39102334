//! What a check on a document's content reads: a URL, a file of the dossier, or a literal text of the plan.

use std::time::Duration;

use assay_model::touch::document::{DocumentRequest, DocumentResponse, Wanted};
use assay_model::{CheckContext, Fault};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::page::Page;

/// Bytes that are kept of one document, at most.
const MAX_BYTES: u32 = 8 * 1024 * 1024;
/// A site that has not answered by then is taken not to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// Longest literal in a plan.
const MAX_LITERAL: usize = 64 * 1024;

/// A document to read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Source {
    /// A URL of the dossier, or a path relative to it. Empty: the dossier names none, which is reported as absent.
    Address(String),
    /// A literal document, HTML or plain text: the known good one of a control.
    Literal {
        /// Its text.
        literal: String,
    },
}

/// Where the text came from; the field `document` of each observation.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(crate) struct Provenance {
    /// Whether a document came: a status below 400, a file, a literal.
    pub(crate) found: bool,
    /// Whether anything answered at all, if only to refuse.
    pub(crate) answered: bool,
    /// Whether there is text to read, and all of it: a picture has none for this check, and of a page cut short nobody
    /// can say what it lacks.
    pub(crate) readable: bool,
    /// Status code; 0 for files, literals, and without an answer.
    pub(crate) status: u16,
    /// Where it was found in the end; `literal`.
    pub(crate) url: String,
    /// Media type without parameters.
    pub(crate) media_type: String,
    /// Characters of text.
    pub(crate) text_chars: usize,
    /// SHA-256 of the bytes; empty where none came.
    pub(crate) sha256: String,
    /// Whether the document was longer than what was kept.
    pub(crate) truncated: bool,
    /// `verified`, `not verified`, or `none` for documents that came without TLS.
    pub(crate) tls: String,
    /// Why there is none, or why it cannot be read; empty where all is well.
    pub(crate) note: String,
}

/// A document as read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    pub(crate) provenance: Provenance,
    pub(crate) page: Page,
    /// Each place that was asked, in order.
    pub(crate) redirects: Vec<String>,
    /// Bytes as text, for structured documents.
    pub(crate) raw: String,
}

impl Reading {
    /// Text to draw conclusions from, and a document behind it.
    pub(crate) fn speaks(&self) -> bool {
        self.provenance.found && self.provenance.readable
    }
}

/// Reads `source`.
///
/// # Errors
/// The lab's trouble; a document that is not there is a [`Reading`] with `found: false`.
pub(crate) async fn read(cx: &CheckContext, source: &Source) -> Result<Reading, Fault> {
    match source {
        Source::Address(address) if address.trim().is_empty() => Ok(absent("no address is given for it", Vec::new())),
        Source::Address(address) => {
            let request = DocumentRequest { source: address.clone(), max_bytes: MAX_BYTES, wanted: Wanted::Text };
            match cx.touches.documents()?.call(request, cx.deadline.capped(PATIENCE)).await? {
                DocumentResponse::Absent { text, redirects } => Ok(absent(&text, redirects)),
                DocumentResponse::Document(document) => off_the_reactor(move || fetched(*document)).await,
            }
        }
        Source::Literal { literal } if literal.len() > MAX_LITERAL => Err(Fault::plan(
            "literal-too-long",
            format!("a literal of {} bytes; {MAX_LITERAL} are the limit", literal.len()),
        )
        .with_help("put the document into a file beside the dossier")),
        Source::Literal { literal } => {
            let literal = literal.clone();
            off_the_reactor(move || of_literal(&literal)).await
        }
    }
}

/// Reading 8 MiB takes a noticeable part of a second: not on a thread that drives sockets.
async fn off_the_reactor(work: impl FnOnce() -> Reading + Send + 'static) -> Result<Reading, Fault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Fault::adapter("document-unread", format!("reading a document stopped: {e}")))
}

fn absent(note: &str, redirects: Vec<String>) -> Reading {
    let provenance = Provenance { note: note.to_owned(), tls: "none".into(), ..Provenance::default() };
    Reading { provenance, redirects, ..Reading::default() }
}

pub(crate) fn of_literal(literal: &str) -> Reading {
    let html = literal.trim_start().starts_with('<');
    let page = if html { Page::of_html(literal) } else { Page::of_text(literal) };
    let text_chars = page.text().chars().count();
    let provenance = Provenance {
        found: true,
        answered: true,
        readable: text_chars > 0,
        url: "literal".into(),
        media_type: if html { "text/html" } else { "text/plain" }.into(),
        text_chars,
        sha256: hex::encode(Sha256::digest(literal.as_bytes())),
        tls: "none".into(),
        ..Provenance::default()
    };
    Reading { provenance, page, redirects: Vec::new(), raw: literal.to_owned() }
}

fn fetched(document: assay_model::touch::document::Document) -> Reading {
    // Of a PDF the text is what its reader made of it; the bytes are none.
    let is_pdf = document.bytes.as_slice().starts_with(b"%PDF-");
    let raw = match (is_pdf, document.markup.is_empty()) {
        (true, _) => document.text.clone(),
        (false, false) => document.markup,
        // A record that is played back has the bytes alone.
        (false, true) => decoded(document.bytes.as_slice(), &document.text),
    };
    let page = match () {
        () if document.truncated => Page::default(), // nothing is concluded from a part
        () if is_html(&document.media_type, &raw) => Page::of_html(&raw),
        () => Page::of_text(&document.text),
    };
    let text_chars = page.text().chars().count();
    let note = match (document.status, text_chars) {
        (400.., _) => format!("status {}", document.status),
        _ if document.truncated => {
            format!("it is longer than {} MiB, and the rest was not read", MAX_BYTES / (1024 * 1024))
        }
        (_, 0) if document.bytes.as_slice().is_empty() => "the document is empty".into(),
        (_, 0) if !document.unread.is_empty() => document.unread.clone(),
        (_, 0) => format!("no text can be read out of it (media type `{}`)", document.media_type),
        _ => String::new(),
    };
    let provenance = Provenance {
        found: document.status < 400,
        answered: true,
        readable: text_chars > 0,
        status: document.status,
        url: document.url,
        media_type: document.media_type,
        text_chars,
        sha256: document.sha256,
        truncated: document.truncated,
        tls: match document.tls_verifies {
            Some(true) => "verified",
            Some(false) => "not verified",
            None => "none",
        }
        .into(),
        note,
    };
    Reading { provenance, page, redirects: document.redirects, raw }
}

fn is_html(media_type: &str, raw: &str) -> bool {
    let head: String = raw.chars().take(256).collect::<String>().to_ascii_lowercase();
    matches!(media_type, "text/html" | "application/xhtml+xml")
        || (media_type.is_empty() && (head.contains("<!doctype html") || head.contains("<html")))
}

/// Bytes as text. UTF-8 and UTF-16 as they are; anything else byte by byte, which keeps addresses, dates and markup of
/// every encoding that extends ASCII. Bytes that the adapter found no text in give none here either.
fn decoded(bytes: &[u8], text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let units = |from_bytes: fn([u8; 2]) -> u16| {
        bytes[2..].chunks_exact(2).map(|c| from_bytes([c[0], c[1]])).collect::<Vec<_>>()
    };
    match bytes {
        [0xff, 0xfe, ..] => String::from_utf16_lossy(&units(u16::from_le_bytes)),
        [0xfe, 0xff, ..] => String::from_utf16_lossy(&units(u16::from_be_bytes)),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
            Err(e) if e.error_len().is_none() => String::from_utf8_lossy(bytes).into_owned(), // cut off inside a character
            Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn encodings_keep_what_is_looked_for() {
        assert_eq!(decoded(b"caf\xe9 31 May 2031", "x"), "caf\u{e9} 31 May 2031");
        assert_eq!(decoded(b"\xff\xfea\x00b\x00", "x"), "ab");
        assert_eq!(decoded("\u{feff}é".as_bytes(), "x"), "é");
        assert_eq!(decoded(b"%PDF-1.7", ""), "");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400), html in any::<bool>()) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let raw = decoded(&bytes, &text);
            let _ = if html { Page::of_html(&raw) } else { Page::of_text(&raw) };
        }
    }
}
