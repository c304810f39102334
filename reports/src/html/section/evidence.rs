//! Evidence as the page lists it.

use askama::Template;
use assay_model::results::{EvidenceItem, Results};

use super::{Built, Section, Source};
use crate::html::detail::Detail;
use crate::html::value;

#[derive(Template)]
#[template(path = "section/evidence.html")]
struct Body<'a> {
    results: &'a Results,
    evidence: Vec<EvidenceView>,
}

struct EvidenceView {
    anchor: String,
    id: String,
    kind: String,
    title: String,
    about: String,
    files: Vec<FileView>,
    excerpt: String,
    dropped: String,
}

struct FileView {
    path: String,
    size: String,
    sha256: String,
}

/// The anchor of an item, from its id or a reference into it (`E-0007#12`).
pub(in crate::html) fn anchor(reference: &str) -> String {
    let id = reference.split('#').next().unwrap_or(reference);
    let clean: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("e-{clean}")
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let evidence: Vec<EvidenceView> = source.results.evidence.iter().map(|item| view(item, source.detail)).collect();
    Section::counted("evidence", "Evidence", evidence.len(), &Body { results: source.results, evidence })
}

fn view(item: &EvidenceItem, detail: Detail) -> EvidenceView {
    let about: Vec<&str> = item.sample.iter().chain(&item.unit).map(String::as_str).collect();
    let file = |f: &assay_model::results::FileDigest| FileView {
        path: f.path.clone(),
        size: size(f.size),
        sha256: f.sha256.clone(),
    };
    EvidenceView {
        anchor: anchor(&item.id),
        id: item.id.clone(),
        kind: item.kind.clone(),
        title: value::cap(&item.title),
        about: about.join(", "),
        files: if detail >= Detail::NoExcerpts { item.files.iter().map(file).collect() } else { Vec::new() },
        excerpt: if detail == Detail::Full { value::cap(&item.excerpt) } else { String::new() },
        dropped: if item.dropped > 0 { format!("{} lost bytes or packets", item.dropped) } else { String::new() },
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{}.{} KiB", bytes / 1_024, bytes % 1_024 * 10 / 1_024),
        _ => format!("{}.{} MiB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}
