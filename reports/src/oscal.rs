//! oscal-ar.json: OSCAL assessment-results 1.1.2. OSCAL knows satisfied and not-satisfied only, so each finding and
//! observation carries our own word as a property.

use std::collections::HashMap;

use assay_model::Verdict;
use assay_model::results::{EvidenceItem, Results};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::ReportError;
use crate::entry::{Entry, EvidenceIndex, catalogue};
use crate::law::{NO_ADVICE, editions};
use crate::summary::pretty;
use crate::visible::visible_line;

const NS: &str = "https://assay-hil.example/ns/oscal";

pub(crate) fn render(results: &Results) -> Result<Vec<u8>, ReportError> {
    let id = |what: &str| uuid(&results.run_id, what);
    let entries: Vec<Entry<'_>> = Entry::all(results).collect();
    let evidence = EvidenceIndex::of(results);
    let uuids: Vec<String> = (0..entries.len()).map(|n| id(&format!("observation {n}"))).collect();
    let observations: Vec<Value> =
        entries.iter().zip(&uuids).map(|(e, uuid)| observation(results, e, &evidence.of_reasons(e), uuid)).collect();
    let mut related: HashMap<&str, Vec<Value>> = HashMap::new();
    for (entry, uuid) in entries.iter().zip(&uuids) {
        related.entry(entry.id).or_default().push(json!({"observation-uuid": uuid}));
    }
    let mut findings = Vec::new();
    let mut risks = Vec::new();
    let mut excluded = Vec::new();
    for (unit_id, unit) in results.units.iter() {
        if unit.effective() == Verdict::NotApplicable {
            excluded.push(json!({"control-id": token(unit_id)}));
            continue;
        }
        let mut finding = json!({
            "uuid": id(&format!("finding {unit_id}")),
            "title": line(&format!("{unit_id} {}", unit.title)),
            "description": line(&unit.question),
            "props": [prop("verdict", unit.effective().word()), prop("catalogue", &catalogue(unit))],
            "target": {"type": "objective-id", "target-id": token(unit_id), "status": status(unit.effective())},
            "related-observations": related.remove(unit_id.as_str()).unwrap_or_default(),
        });
        if let Some(w) = &unit.waived {
            let risk = id(&format!("risk {unit_id}"));
            finding["related-risks"] = json!([{"risk-uuid": risk}]);
            risks.push(json!({"uuid": risk, "title": line(&format!("Waiver {}", w.id)), "description": line(&w.reason),
                "statement": line(&format!("FAIL waived until {}, approved by {}", w.expires, w.approver)), "status": "deviation-approved"}));
        }
        findings.push(finding);
    }
    let covered: Vec<Value> = results
        .units
        .iter()
        .filter(|(_, u)| u.effective() != Verdict::NotApplicable)
        .map(|(id, _)| json!({"control-id": token(id)}))
        .collect();
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
    let mut result = json!({
        "uuid": id("result"), "title": line(&format!("Run {}", results.run_id)), "description": "Security conformance tests by Assay.",
        "start": line(&results.started), "end": line(&results.ended),
        "props": [prop("product-verdict", results.conformance().word()), prop("journal-head", &results.journal_head), prop("inputs-sha256", &results.inputs_sha256)],
        "reviewed-controls": {"control-selections": [selection]},
    });
    // OSCAL refuses empty lists.
    for (key, list) in [("observations", observations), ("risks", risks), ("findings", findings)] {
        if !list.is_empty() {
            result[key] = Value::Array(list);
        }
    }
    let document = json!({"assessment-results": {
        "uuid": id("document"),
        "metadata": {"title": line(&format!("Assay run {}", results.run_id)), "last-modified": line(&results.ended), "version": "0", "oscal-version": "1.1.2", "remarks": remarks(results)},
        "import-ap": {"href": "../inputs/plan.yaml"},
        "results": [result],
    }});
    pretty("results/oscal-ar.json", &document)
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
fn uuid(run: &str, what: &str) -> String {
    let mut bytes = Sha256::digest(format!("{NS}\0{run}\0{what}"));
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(&bytes[..16]);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
