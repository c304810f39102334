//! survey.html: products by items, one page to sort and to filter. One file, no network, strict content policy; every word
//! is there without the script.

use std::collections::BTreeMap;

use askama::Template;
use assay_model::Verdict;
use assay_model::results::{EvidenceItem, Results, SampleInfo};
use base64::Engine as _;
use sha2::{Digest, Sha256};

use crate::ReportError;
use crate::entry::{Entry, Scope};
use crate::visible::{capped, visible, visible_line};

const SCRIPT: &str = include_str!("survey.js");
const STYLE: &str = include_str!("survey.css");
/// Longest reason that is shown in a row, in bytes; the whole text is in results/results.json.
const LONGEST: usize = 400;

#[derive(Template)]
#[template(path = "survey.html")]
struct Page<'a> {
    policy: String,
    style: &'a str,
    script: &'a str,
    results: &'a Results,
    title: String,
    items: Vec<Item<'a>>,
    products: Vec<Product<'a>>,
    tally: Vec<(&'static str, &'static str, usize)>,
    /// Which edition of the law or standard the items are of.
    editions: Vec<String>,
    partial: bool,
}

/// A column: one unit of the plan.
struct Item<'a> {
    id: &'a str,
    question: &'a str,
    /// Verdicts over all products: class, word, how many.
    tally: Vec<(&'static str, &'static str, usize)>,
}

/// A row.
struct Product<'a> {
    id: &'a str,
    maker: String,
    name: String,
    model: String,
    cells: Vec<Cell>,
    /// Items that are not PASS: item, verdict, reason, links to the evidence.
    reasons: Vec<Said>,
    failed: usize,
    open: usize,
}

struct Cell {
    class: &'static str,
    short: &'static str,
    word: &'static str,
    /// For sorting: the worst first.
    rank: usize,
}

struct Said {
    item: String,
    class: &'static str,
    word: &'static str,
    text: String,
    evidence: Vec<(String, String)>,
}

/// Renders the table of a run: its samples are the rows, so it serves other runs than surveys too.
pub(crate) fn render(results: &Results) -> Result<Vec<u8>, ReportError> {
    let files: BTreeMap<&str, &EvidenceItem> = results.evidence.iter().map(|e| (e.id.as_str(), e)).collect();
    let mut rows: BTreeMap<&str, Vec<Entry<'_>>> = BTreeMap::new();
    for entry in Entry::all(results) {
        if let Scope::Sample(id) = entry.scope {
            rows.entry(id).or_default().push(entry);
        }
    }
    let items: Vec<Item<'_>> = results
        .units
        .iter()
        .map(|(id, unit)| Item {
            id,
            question: &unit.question,
            tally: tally(Entry::of(id, unit).iter().map(|entry| entry.verdict)),
        })
        .collect();
    let products = results.samples.iter().map(|s| product(s, rows.get(s.id.as_str()), &items, &files)).collect();
    let all = rows.values().flatten().map(|entry| entry.verdict);
    let page = Page {
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        results,
        title: results.plans.first().map_or_else(|| "Survey".into(), |plan| visible_line(&plan.title)),
        tally: tally(all),
        items,
        products,
        editions: results.editions().into_values().map(|edition| visible_line(&edition)).collect(),
        partial: results.partial,
    };
    let html = page.render().map_err(|e| ReportError::Html(e.to_string()))?;
    Ok(visible(&html).into_owned().into_bytes()) // last, over everything, so that no field can be forgotten
}

fn product<'a>(
    sample: &'a SampleInfo,
    entries: Option<&Vec<Entry<'a>>>,
    items: &[Item<'a>],
    files: &BTreeMap<&str, &EvidenceItem>,
) -> Product<'a> {
    let entries = entries.map_or(&[][..], Vec::as_slice);
    let of = |id: &str| entries.iter().find(|entry| entry.id == id);
    let label =
        |key: &str| sample.label.get(key).and_then(|value| value.as_str()).map(visible_line).unwrap_or_default();
    let verdicts: Vec<Verdict> = items.iter().map(|item| of(item.id).map_or(Verdict::NotRun, |e| e.verdict)).collect();
    let said = entries.iter().filter(|entry| !matches!(entry.verdict, Verdict::Pass | Verdict::NotApplicable));
    Product {
        id: &sample.id,
        maker: label("manufacturer"),
        name: label("name"),
        model: label("model"),
        reasons: said.map(|entry| told(entry, files)).collect(),
        failed: verdicts.iter().filter(|v| **v == Verdict::Fail).count(),
        open: verdicts.iter().filter(|v| matches!(v, Verdict::Inconclusive | Verdict::Error | Verdict::NotRun)).count(),
        cells: verdicts.into_iter().map(cell).collect(),
    }
}

fn told(entry: &Entry<'_>, files: &BTreeMap<&str, &EvidenceItem>) -> Said {
    let reason = visible_line(entry.reason());
    let (text, left) = capped(&reason, LONGEST);
    let refs = entry.result.and_then(|result| result.reasons.first()).map_or(&[][..], |r| r.refs.as_slice());
    let evidence = refs.iter().filter_map(|id| {
        let path = &files.get(id.as_str())?.files.first()?.path;
        crate::pack::path_problem(path).is_none().then(|| (id.clone(), path.clone()))
    });
    let (class, _, _) = look(entry.verdict);
    Said {
        item: entry.id.to_owned(),
        class,
        word: entry.verdict.word(),
        text: if left > 0 { format!("{text}…") } else { text.to_owned() },
        evidence: evidence.collect(),
    }
}

fn cell(verdict: Verdict) -> Cell {
    let (class, short, rank) = look(verdict);
    Cell { class, short, word: verdict.word(), rank }
}

/// Class of the style sheet, a word that fits into a narrow column, and the place in a sorted column.
const fn look(verdict: Verdict) -> (&'static str, &'static str, usize) {
    match verdict {
        Verdict::Fail => ("fail", "fail", 0),
        Verdict::Error => ("error", "error", 1),
        Verdict::Inconclusive => ("inconclusive", "open", 2),
        Verdict::NotRun => ("not-run", "not run", 3),
        Verdict::Pass => ("pass", "pass", 4),
        Verdict::NotApplicable => ("not-applicable", "n/a", 5),
    }
}

fn tally(verdicts: impl Iterator<Item = Verdict>) -> Vec<(&'static str, &'static str, usize)> {
    let mut counts: BTreeMap<usize, (&'static str, &'static str, usize)> = BTreeMap::new();
    for verdict in verdicts {
        let (class, _, rank) = look(verdict);
        counts.entry(rank).or_insert((class, verdict.word(), 0)).2 += 1;
    }
    counts.into_values().collect()
}

/// The hashes are of the very bytes between the tags.
fn policy() -> String {
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}
