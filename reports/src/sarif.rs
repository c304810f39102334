//! results.sarif: SARIF 2.1.0, a result per unit and sample.

use std::collections::HashMap;

use assay_model::results::Results;
use assay_model::{ReasonClass, Verdict};
use serde::Serialize;
use serde_json::{Value, json};

use crate::ReportError;
use crate::entry::{Entry, Scope, catalogue, group};
use crate::law::{NO_ADVICE, editions};
use crate::summary::{Listed, pretty};
use crate::visible::visible;

/// A run whose lists are made while they are written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<Rules, Found> {
    tool: Tool<Rules>,
    automation_details: Value,
    invocations: Value,
    results: Found,
    properties: Value,
}

#[derive(Serialize)]
struct Tool<Rules> {
    driver: Driver<Rules>,
}

#[derive(Serialize)]
struct Driver<Rules> {
    name: String,
    version: String,
    rules: Rules,
}

#[derive(Serialize)]
struct Log<Rules, Found> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<Rules, Found>; 1],
}

pub(crate) fn render(results: &Results) -> Result<Vec<u8>, ReportError> {
    let rules = || {
        results.units.iter().map(|(id, unit)| {
            json!({"id": shown(id), "shortDescription": {"text": shown(&unit.title)}, "fullDescription": {"text": shown(&unit.question)},
                "properties": {"catalogue": catalogue(unit), "group": shown(group(unit)), "provision": shown(&unit.provision)}})
        })
    };
    let places: HashMap<&str, usize> = results.units.iter().enumerate().map(|(n, (id, _))| (id.as_str(), n)).collect();
    let errors = Entry::all(results).filter(|entry| entry.verdict == Verdict::Error);
    let notifications: Vec<Value> = errors.map(|entry| notification(&entry)).collect();
    let found = || {
        let judged = Entry::all(results).filter(|entry| entry.verdict != Verdict::Error);
        judged.map(|entry| result(results, &entry, places.get(entry.id).copied()))
    };
    let editions = editions(results).into_iter().map(|(id, (_, edition))| (id, json!(edition)));
    let editions: serde_json::Map<String, Value> = editions.collect();
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: results.tool.name.clone(),
                version: results.tool.version.clone(),
                rules: Listed(rules),
            },
        },
        automation_details: json!({"id": shown(&results.run_id)}),
        invocations: json!([{
            "executionSuccessful": notifications.is_empty() && !results.partial,
            "exitCode": results.exit_code,
            "startTimeUtc": shown(&results.started), "endTimeUtc": shown(&results.ended),
            "toolExecutionNotifications": notifications,
        }]),
        results: Listed(found),
        properties: json!({"product_verdict": results.conformance().word(), "journal_head": results.journal_head, "inputs_sha256": results.inputs_sha256,
            "editions": editions, "note": NO_ADVICE}),
    };
    let log = Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] };
    pretty("results/results.sarif", &log)
}

fn result(results: &Results, entry: &Entry<'_>, rule: Option<usize>) -> Value {
    let kind = match entry.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::NotApplicable => "notApplicable",
        Verdict::Inconclusive if by_person(entry) => "review",
        Verdict::Inconclusive | Verdict::Error => "open",
        Verdict::NotRun => "review",
    };
    let mut value = json!({
        "ruleId": shown(entry.id), "ruleIndex": rule, "kind": kind,
        "level": if entry.verdict == Verdict::Fail { "error" } else { "none" },
        "message": {"text": message(entry)},
        "locations": [{"logicalLocations": [{"name": shown(&location(results, entry)), "kind": "resource"}]}],
        "properties": {"verdict": entry.verdict.word()},
    });
    if let Some(w) = entry.waiver() {
        value["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": shown(&format!("{} until {}: {}", w.id, w.expires, w.reason))}]);
    }
    value
}

fn notification(entry: &Entry<'_>) -> Value {
    json!({"level": "error", "message": {"text": message(entry)}, "associatedRule": {"id": shown(entry.id)}})
}

fn by_person(entry: &Entry<'_>) -> bool {
    entry.result.is_some_and(|r| r.reasons.iter().any(|reason| reason.class == ReasonClass::Operator))
}

/// Double brackets open links in SARIF messages: shown as text.
fn message(entry: &Entry<'_>) -> String {
    let text = format!("{}: {}", entry.verdict, entry.reason());
    shown(text.trim_end_matches(": ")).replace('[', "\\[").replace(']', "\\]")
}

fn location(results: &Results, entry: &Entry<'_>) -> String {
    match entry.scope {
        Scope::Unit => "product".into(),
        Scope::Sample(_) | Scope::All => entry.samples(results),
    }
}

fn shown(text: &str) -> String {
    visible(text).into_owned()
}
