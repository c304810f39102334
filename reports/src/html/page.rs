//! The page: puts the parts together, hashes its own style and script, and keeps to its size.

use askama::Template;
use assay_model::Verdict;
use assay_model::results::{Conformance, Results, SampleInfo};
use base64::Engine as _;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::detail::Detail;
use super::evidence::{self, EvidenceView};
use super::matrix::{self, Matrix};
use super::unit::{self, Badge, UnitView};
use super::value::Pair;
use crate::ReportError;
use crate::visible::{visible, visible_line};

/// Bytes that a page should not exceed.
const BUDGET: usize = 2_000_000;

const SCRIPT: &str = include_str!("report.js");
const STYLE: &str = include_str!("report.css");

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    policy: String,
    style: &'a str,
    script: &'a str,
    results: &'a Results,
    product: String,
    product_facts: Vec<Pair>,
    conformance: ConformanceView,
    profiles: Vec<(&'a String, ConformanceView)>,
    tally: Vec<Tally>,
    flags: Vec<String>,
    samples: Vec<SampleView>,
    matrix: Matrix,
    findings: Vec<&'a UnitView>,
    units: &'a [UnitView],
    manual: Vec<ManualView>,
    controls: Vec<ControlTally>,
    evidence: Vec<EvidenceView>,
    detail: Detail,
    started: String,
    ended: String,
    duration: String,
}

struct ConformanceView {
    word: &'static str,
    /// The word with blanks, for the banner.
    spoken: &'static str,
    class: &'static str,
    text: &'static str,
}

struct Tally {
    badge: Badge,
    count: u64,
}

struct SampleView {
    id: String,
    origin: String,
    label: Vec<Pair>,
    host: String,
    defects: String,
}

struct ManualView {
    unit: String,
    anchor: String,
    scope: String,
    badge: Badge,
    who: String,
    text: String,
}

struct ControlTally {
    name: String,
    held: usize,
    failed: usize,
}

/// Renders report.html.
pub(crate) fn render(results: &Results) -> Result<Vec<u8>, ReportError> {
    let mut page = String::new();
    for detail in Detail::ALL {
        page = render_with(results, detail)?;
        if page.len() <= BUDGET {
            break;
        }
    }
    Ok(page.into_bytes())
}

fn render_with(results: &Results, detail: Detail) -> Result<String, ReportError> {
    // Margin boxes of printed pages can only say what the style sheet says.
    let number: String = results.run_id.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
    let style = STYLE.replace("REPORT-NUMBER", &number);
    let units = unit::build(results, detail);
    let page = Page {
        policy: policy(&style),
        style: &style,
        script: SCRIPT,
        results,
        product: product(results),
        product_facts: product_facts(results),
        started: moment(&results.started),
        ended: moment(&results.ended),
        conformance: conformance(results.conformance()),
        profiles: results.profiles.iter().map(|(id, c)| (id, conformance(*c))).collect(),
        tally: Verdict::ALL.into_iter().map(|v| Tally { badge: Badge::of(v), count: results.counts.of(v) }).collect(),
        flags: flags(results, &units),
        samples: results.samples.iter().map(sample).collect(),
        matrix: matrix::build(results),
        findings: findings(&units),
        units: &units,
        manual: manual(results, &units),
        controls: controls(results),
        evidence: evidence::build(results, detail),
        detail,
        duration: elapsed(results),
    };
    let html = page.render().map_err(|e| ReportError::Html(e.to_string()))?;
    Ok(visible(&html).into_owned()) // last, over everything, so that no field can be forgotten
}

/// One policy, semicolons only. The hashes are of the very bytes between the tags.
fn policy(style: &str) -> String {
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(SCRIPT)
    )
}

fn product(results: &Results) -> String {
    match results.product.get("name").and_then(|v| v.as_str()) {
        Some(name) => visible_line(name),
        None => "Unnamed product".into(),
    }
}

/// What identifies the product first, the rest by name.
fn product_facts(results: &Results) -> Vec<Pair> {
    const FIRST: [&str; 5] = ["name", "type", "manufacturer", "model", "firmware"];
    let rank = |name: &String| FIRST.iter().position(|f| f == name).unwrap_or(FIRST.len());
    // Nested facts decide applicability; they stand in the sealed dossier and would only drown the identification.
    let mut facts: Vec<_> = results.product.iter().filter(|(_, v)| !v.is_object() && !v.is_array()).collect();
    facts.sort_by_key(|(name, _)| rank(name));
    facts.into_iter().map(Pair::of).collect()
}

/// `2026-11-22 09:00:09`; as it stands where it is no time.
pub(super) fn moment(text: &str) -> String {
    match OffsetDateTime::parse(text, &Rfc3339).ok().and_then(|t| t.checked_to_offset(time::UtcOffset::UTC)) {
        Some(t) => format!("{} {:02}:{:02}:{:02}", t.date(), t.hour(), t.minute(), t.second()),
        None => text.to_owned(),
    }
}

const fn conformance(conformance: Conformance) -> ConformanceView {
    let (spoken, class, text) = match conformance {
        Conformance::Conforms => ("CONFORMS", "pass", "Every mandatory part that applies holds on the samples tested."),
        Conformance::DoesNotConform => ("DOES NOT CONFORM", "fail", "At least one mandatory part is violated."),
        Conformance::Undetermined => {
            ("UNDETERMINED", "inconclusive", "Neither conformance nor a violation is established.")
        }
    };
    ConformanceView { word: conformance.word(), spoken, class, text }
}

/// Sentences under the banner that nobody should miss.
fn flags(results: &Results, units: &[UnitView]) -> Vec<String> {
    let mut flags = Vec::new();
    if results.partial {
        flags.push("The run was interrupted: not every selected unit has a verdict.".into());
    }
    if results.waived > 0 {
        flags.push(format!("Waived units: {}. A waiver never changes a verdict.", results.waived));
    }
    let changed = units.iter().filter(|u| u.flags.iter().any(|f| f.starts_with("changed"))).count();
    if changed > 0 {
        flags.push(format!("Verdicts changed by a reviewer: {changed}; old and new are shown."));
    }
    if results.samples.iter().any(|s| s.origin.starts_with("virtual")) {
        flags.push("Virtual devices were tested: this report is about the method, not about a product.".into());
    }
    if results.samples.iter().any(|s| !s.defects.is_empty()) {
        flags.push("Defects were seeded on purpose; the table of samples names them.".into());
    }
    flags
}

fn sample(sample: &SampleInfo) -> SampleView {
    SampleView {
        id: sample.id.clone(),
        origin: sample.origin.clone(),
        label: sample.label.iter().map(Pair::of).collect(),
        host: sample.host.clone().unwrap_or_default(),
        defects: sample.defects.join(", "),
    }
}

/// Worst first, and in the order of the plan within one verdict.
fn findings(units: &[UnitView]) -> Vec<&UnitView> {
    let order = [Verdict::Fail, Verdict::Error, Verdict::Inconclusive, Verdict::NotRun];
    order.iter().flat_map(|v| units.iter().filter(move |u| u.badge.verdict == *v)).collect()
}

fn manual(results: &Results, units: &[UnitView]) -> Vec<ManualView> {
    let mut views = Vec::new();
    for ((id, unit), view) in results.units.iter().zip(units) {
        for entry in crate::entry::Entry::of(id, unit) {
            let Some((result, manual)) = entry.result.and_then(|r| Some((r, r.manual.as_ref()?))) else { continue };
            let signed = match manual.signed {
                Some(true) => ", signed",
                Some(false) => ", not signed",
                None => "",
            };
            let asked = result
                .steps
                .iter()
                .filter(|s| s.check == "ask" || s.check == "answer")
                .find_map(|s| s.params.get("text")?.as_str());
            views.push(ManualView {
                unit: id.clone(),
                anchor: view.anchor.clone(),
                scope: entry.samples(results),
                badge: Badge::of(entry.verdict),
                who: format!("{} ({}{signed}), {}", manual.operator, manual.source, moment(&result.ended)),
                text: [asked.unwrap_or_default(), entry.reason()]
                    .iter()
                    .filter(|t| !t.is_empty())
                    .copied()
                    .collect::<Vec<_>>()
                    .join(" — "),
            });
        }
    }
    views
}

fn controls(results: &Results) -> Vec<ControlTally> {
    let mut tally: Vec<ControlTally> = Vec::new();
    for control in
        results.units.values().flat_map(|u| u.samples.values().chain(&u.cross_sample)).flat_map(|s| &s.controls)
    {
        let name = format!("{}: {}", control.name, control.expect);
        let at = tally.iter().position(|t| t.name == name).unwrap_or_else(|| {
            tally.push(ControlTally { name, held: 0, failed: 0 });
            tally.len() - 1
        });
        if control.held == Some(true) {
            tally[at].held += 1;
        } else {
            tally[at].failed += 1;
        }
    }
    tally
}

fn elapsed(results: &Results) -> String {
    let at = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let ms = at(&results.started)
        .zip(at(&results.ended))
        .and_then(|(a, b)| u64::try_from((b - a).whole_milliseconds()).ok());
    ms.map(unit::duration).unwrap_or_default()
}
