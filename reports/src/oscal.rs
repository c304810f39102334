//! oscal-ar.json: OSCAL assessment-results 1.1.2. OSCAL knows satisfied and not-satisfied only, so each finding and
//! observation carries our own word as a property.

use std::collections::HashMap;

use assay_model::Verdict;
use assay_model::results::{EvidenceItem, Results};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::ReportError;
use crate::entry::{Entry, EvidenceIndex, catalogue};
use crate::law::{NO_ADVICE, editions};
use crate::summary::{Listed, pretty};
use crate::visible::visible_line;

const NS: &str = "https://assay-hil.example/ns/oscal";

/// The run's result, its long lists made while they are written. OSCAL refuses empty lists.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Told<Observations, Findings> {
    uuid: String,
    title: String,
    description: &'static str,
    start: String,
    end: String,
    props: [Value; 3],
    reviewed_controls: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    observations: Option<Observations>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    risks: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Findings>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document<T> {
    assessment_results: Whole<T>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Whole<T> {
    uuid: String,
    metadata: Value,
    import_ap: Value,
    results: [T; 1],
}

pub(crate) fn render(results: &Results) -> Result<Vec<u8>, ReportError> {
    let id = |what: &str| uuid(&results.run_id, what);
    let entries: Vec<Entry<'_>> = Entry::all(results).collect();
    let evidence = EvidenceIndex::of(results);
    let mut related: HashMap<&str, Vec<usize>> = HashMap::new();
    for (n, entry) in entries.iter().enumerate() {
        related.entry(entry.id).or_default().push(n);
    }
    let numbered = |n: usize| id(&format!("observation {n}"));
    let observations =
        || entries.iter().enumerate().map(|(n, e)| observation(results, e, &evidence.of_reasons(e), &numbered(n)));
    let applicable = || results.units.iter().filter(|(_, unit)| unit.effective() != Verdict::NotApplicable);
    let findings = || {
        applicable().map(|(unit_id, unit)| {
            let numbers = related.get(unit_id.as_str()).map_or(&[][..], Vec::as_slice);
            let mut finding = json!({
                "uuid": id(&format!("finding {unit_id}")),
                "title": line(&format!("{unit_id} {}", unit.title)),
                "description": line(&unit.question),
                "props": [prop("verdict", unit.effective().word()), prop("catalogue", &catalogue(unit))],
                "target": {"type": "objective-id", "target-id": token(unit_id), "status": status(unit.effective())},
                "related-observations": numbers.iter().map(|n| json!({"observation-uuid": numbered(*n)})).collect::<Vec<_>>(),
            });
            if unit.waived.is_some() {
                finding["related-risks"] = json!([{"risk-uuid": id(&format!("risk {unit_id}"))}]);
            }
            finding
        })
    };
    let risks = applicable().filter_map(|(unit_id, unit)| {
        let w = unit.waived.as_ref()?;
        Some(json!({"uuid": id(&format!("risk {unit_id}")), "title": line(&format!("Waiver {}", w.id)), "description": line(&w.reason),
            "statement": line(&format!("FAIL waived until {}, approved by {}", w.expires, w.approver)), "status": "deviation-approved"}))
    });
    let result = Told {
        uuid: id("result"),
        title: line(&format!("Run {}", results.run_id)),
        description: "Security conformance tests by Assay.",
        start: line(&results.started),
        end: line(&results.ended),
        props: [
            prop("product-verdict", results.conformance().word()),
            prop("journal-head", &results.journal_head),
            prop("inputs-sha256", &results.inputs_sha256),
        ],
        reviewed_controls: json!({"control-selections": [selection(results)]}),
        observations: (!entries.is_empty()).then_some(Listed(observations)),
        risks: risks.collect(),
        findings: applicable().next().map(|_| Listed(findings)),
    };
    let document = Document {
        assessment_results: Whole {
            uuid: id("document"),
            metadata: json!({"title": line(&format!("Assay run {}", results.run_id)), "last-modified": line(&results.ended), "version": "0", "oscal-version": "1.1.2", "remarks": remarks(results)}),
            import_ap: json!({"href": "../inputs/plan.yaml"}),
            results: [result],
        },
    };
    pretty("results/oscal-ar.json", &document)
}

fn selection(results: &Results) -> Value {
    let (mut covered, mut excluded) = (Vec::new(), Vec::new());
    for (id, unit) in results.units.iter() {
        let list = if unit.effective() == Verdict::NotApplicable { &mut excluded } else { &mut covered };
        list.push(json!({"control-id": token(id)}));
    }
    let mut selection = if covered.is_empty() {
        // A selection must select: with everything excluded, or nothing there, this is the one that can be written.
        json!({"description": "No unit was judged.", "include-all": {}})
    } else {
        json!({"include-controls": covered})
    };
    if !excluded.is_empty() {
        selection["exclude-controls"] = Value::Array(excluded);
        selection["remarks"] = json!(
            "Excluded units are NOT_APPLICABLE by a rule over ICS and IXIT; rule and values are in their observations."
        );
    }
    selection
}

/// Editions, and that nothing is legal advice.
fn remarks(results: &Results) -> String {
    let editions =
        editions(results).into_iter().map(|(id, (_, edition))| format!("Judged by {id}, {}. ", line(&edition)));
    format!("{}{NO_ADVICE}", editions.collect::<String>())
}

fn observation(results: &Results, entry: &Entry<'_>, evidence: &[&EvidenceItem], uuid: &str) -> Value {
    let description = if entry.reason().is_empty() { entry.verdict.word() } else { entry.reason() };
    let method = if entry.unit.class == "automated" { "TEST" } else { "EXAMINE" };
    let mut value = json!({
        "uuid": uuid, "title": line(&format!("{} {}", entry.id, entry.samples(results))), "description": line(description),
        "props": [prop("verdict", entry.verdict.word()), prop("unit", entry.id)],
        "methods": [method],
        "collected": line(entry.result.map_or(&results.ended, |r| &r.ended)),
    });
    let evidence: Vec<Value> = evidence
        .iter()
        .flat_map(|item| &item.files)
        .map(|f| json!({"href": format!("../{}", line(&f.path)), "description": format!("sha256 {}", line(&f.sha256))}))
        .collect();
    if !evidence.is_empty() {
        value["relevant-evidence"] = Value::Array(evidence);
    }
    value
}

fn status(verdict: Verdict) -> Value {
    match verdict {
        Verdict::Pass => json!({"state": "satisfied", "reason": "pass"}),
        Verdict::Fail => json!({"state": "not-satisfied", "reason": "fail"}),
        _ => json!({"state": "not-satisfied", "reason": "other"}),
    }
}

fn prop(name: &str, value: &str) -> Value {
    json!({"name": name, "ns": NS, "value": line(value)})
}

/// One line that is not empty: OSCAL strings may be neither blank nor end in blanks.
fn line(text: &str) -> String {
    match visible_line(text).trim() {
        "" => "none".into(),
        text => text.to_owned(),
    }
}

/// An OSCAL token: starts with a letter, no blanks.
fn token(id: &str) -> String {
    let clean: String =
        id.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect();
    if clean.starts_with(|c: char| c.is_ascii_alphabetic()) { clean } else { format!("u-{clean}") }
}

/// A UUID of version 4's form made from run and purpose, so that the same record gives the same bytes.
pub(crate) fn uuid(run: &str, what: &str) -> String {
    let mut bytes = Sha256::digest(format!("{NS}\0{run}\0{what}"));
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(&bytes[..16]);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
