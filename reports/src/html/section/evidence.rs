//! Evidence: every item with its files and digests; excerpts are short, and longer where a finding points at the item.

use std::collections::HashSet;

use askama::Template;
use assay_model::results::{EvidenceItem, FileDigest, Results};

use super::{Built, Section, Source};
use crate::html::detail::Detail;
use crate::html::value::{cap, cap_at, offset};

/// Bytes of an excerpt that no finding points at.
const SHORT: usize = 300;
/// Exchanges told of such an item.
const FEW: usize = 3;

#[derive(Template)]
#[template(path = "section/evidence.html")]
struct Body<'a> {
    results: &'a Results,
    evidence: Vec<EvidenceView>,
    left_off: usize,
}

struct EvidenceView {
    anchor: String,
    id: String,
    kind: String,
    title: String,
    about: String,
    files: Vec<FileView>,
    exchanges: Vec<(String, String, String)>,
    more: usize,
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
    let pointed = pointed_at(source);
    // Where units are rows, only what findings link to is listed; the rest stands in results.json and SHA256SUMS.
    let all = source.detail >= Detail::NoExcerpts;
    let items = source.results.evidence.iter().map(|item| (item, pointed.contains(item.id.as_str())));
    let evidence: Vec<EvidenceView> =
        items.filter(|(_, pointed)| all || *pointed).map(|(item, pointed)| view(source, item, pointed)).collect();
    let count = source.results.evidence.len();
    let left_off = count - evidence.len();
    Section::counted("evidence", "Evidence", count, &Body { results: source.results, evidence, left_off })
}

/// Items that a reason of a finding names, and its steps where the page is too small for all others.
fn pointed_at<'a>(source: &Source<'a>) -> HashSet<&'a str> {
    if source.detail == Detail::Bare {
        return HashSet::new();
    }
    let with_steps = source.detail == Detail::Findings;
    let findings = source.results.units.values().zip(source.units).filter(|(_, view)| view.finding);
    let samples = findings.flat_map(|(unit, _)| unit.samples.values().chain(&unit.cross_sample));
    let refs = samples.flat_map(|s| {
        let steps = s.steps.iter().filter(move |_| with_steps).flat_map(|step| &step.evidence);
        s.reasons.iter().flat_map(|r| &r.refs).chain(steps)
    });
    refs.map(|r| r.split('#').next().unwrap_or(r)).collect()
}

fn view(source: &Source<'_>, item: &EvidenceItem, pointed: bool) -> EvidenceView {
    let about: Vec<&str> = item.sample.iter().chain(&item.unit).map(String::as_str).collect();
    let full = source.detail == Detail::Full;
    let told = source.trace.exchanges.get(&item.id).filter(|_| full);
    let lines = told.map_or(&[][..], |t| &t.lines);
    let shown = if pointed { lines.len() } else { lines.len().min(FEW) };
    let excerpt = match (full, told, pointed) {
        (false, ..) | (_, Some(_), _) => String::new(),
        (_, _, true) => cap(&item.excerpt),
        (_, _, false) => cap_at(&item.excerpt, SHORT),
    };
    EvidenceView {
        anchor: anchor(&item.id),
        id: item.id.clone(),
        kind: item.kind.clone(),
        title: cap(&item.title),
        about: about.join(", "),
        files: if source.detail >= Detail::NoExcerpts { item.files.iter().map(file).collect() } else { Vec::new() },
        exchanges: lines[..shown].iter().map(|l| (offset(l.at_ms), l.asked.clone(), l.answered.clone())).collect(),
        more: told.map_or(0, |t| t.count - shown),
        excerpt,
        dropped: if item.dropped > 0 { format!("{} lost bytes or packets", item.dropped) } else { String::new() },
    }
}

fn file(f: &FileDigest) -> FileView {
    FileView { path: f.path.clone(), size: size(f.size), sha256: f.sha256.clone() }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{}.{} KiB", bytes / 1_024, bytes % 1_024 * 10 / 1_024),
        _ => format!("{}.{} MiB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}
