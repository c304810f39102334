//! Evidence as the page lists it.

use assay_model::results::{EvidenceItem, Results};

use super::detail::Detail;
use super::value;

pub(super) struct EvidenceView {
    pub(super) anchor: String,
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) files: Vec<FileView>,
    pub(super) excerpt: String,
    pub(super) dropped: String,
}

pub(super) struct FileView {
    pub(super) path: String,
    pub(super) size: String,
    pub(super) sha256: String,
}

/// The anchor of an item, from its id or a reference into it (`E-0007#12`).
pub(super) fn anchor(reference: &str) -> String {
    let id = reference.split('#').next().unwrap_or(reference);
    let clean: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("e-{clean}")
}

pub(super) fn build(results: &Results, detail: Detail) -> Vec<EvidenceView> {
    results.evidence.iter().map(|item| view(item, detail)).collect()
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
