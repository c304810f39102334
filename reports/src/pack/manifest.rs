//! pack.json: the manifest. What is not known is left out, never filled with a guess.

use std::collections::BTreeMap;

use assay_model::results::Results;
use serde_json::{Map, Value, json};

use super::role::{Expected, Role};
use super::seal::SealOptions;
use super::stated;

/// Builds it. `digests` holds every file but pack.json and those outside the sums; sizes likewise.
pub(super) fn build(
    results: &Results,
    options: &SealOptions,
    fingerprint: &str,
    digests: &BTreeMap<String, String>,
    sizes: &BTreeMap<String, u64>,
) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        if !matches!(&value, Value::Null) && value != json!([]) && value != json!({}) {
            out.insert(key.to_owned(), value);
        }
    };
    put("schema", json!("assay-pack/1"));
    put("pack_id", json!(results.run_id));
    put("report", stated::report(results));
    put("lab", stated::lab(results, options.lab.as_deref()));
    put("customer", stated::customer(results));
    put("manufacturer", results.product.get("manufacturer").cloned().unwrap_or_default());
    put("performed_by", stated::performed_by(results));
    put("reviewed_by", stated::signed_off(results, &results.report.reviewed_by));
    put("authorised_by", stated::signed_off(results, &results.report.authorised_by));
    put("basis", basis(results));
    put("method", method(results));
    put("items", Value::Array(results.samples.iter().map(|s| item(results, s)).collect()));
    put("decision_rule", stated::decision_rule(results));
    put("deviations", stated::deviations(results));
    put("sampling", stated::sampling(results));
    put("equipment", stated::equipment(results));
    put("environment", stated::environment(results));
    put("tool", json!(results.tool));
    put(
        "run",
        json!({"run_id": results.run_id, "started": results.started, "ended": results.ended,
        "exit_code": results.exit_code, "partial": results.partial}),
    );
    put("verdict", verdict(results));
    put("files", Value::Array(digests.iter().map(|(path, digest)| file(path, digest, sizes)).collect()));
    put(
        "journal",
        json!({"records": results.journal_records, "genesis": "0".repeat(64), "head": results.journal_head,
        "inputs_sha256": results.inputs_sha256}),
    );
    put("signatures_expected", signatures_expected(options, fingerprint));
    put("redaction", redaction(results, options));
    put(
        "statements",
        json!([
            "The results relate only to the items tested.",
            "This report may be reproduced in full only, unless the laboratory agrees in writing."
        ]),
    );
    Value::Object(out)
}

fn signatures_expected(options: &SealOptions, fingerprint: &str) -> Value {
    let bench = Expected {
        role: Role::Bench,
        identity: Some(options.principal.clone()),
        fingerprint: Some(fingerprint.to_owned()),
    };
    let one = |Expected { role, identity, fingerprint }: &Expected| {
        let mut entry = json!({"file": role.file(), "role": role.word(), "namespace": super::NAMESPACE});
        for (key, value) in [("identity", identity), ("key_fingerprint", fingerprint)] {
            if let Some(value) = value {
                entry[key] = json!(value);
            }
        }
        entry
    };
    std::iter::once(&bench).chain(&options.expected).map(one).collect()
}

/// Which edition this is, and what is left out of it.
fn redaction(results: &Results, options: &SealOptions) -> Value {
    match &options.disclosure {
        None => json!({"edition": "full", "count": results.redactions}),
        Some(disclosure) => json!({
            "edition": "disclosure",
            "count": results.redactions,
            "full_sums_sha256": disclosure.full_sums_sha256,
            "withheld": disclosure.withheld,
        }),
    }
}

fn basis(results: &Results) -> Value {
    let mut documents: Vec<&String> = results.plans.iter().flat_map(|p| &p.basis).collect();
    documents.sort();
    documents.dedup();
    documents.into_iter().map(|d| json!({"document": d})).collect()
}

fn method(results: &Results) -> Value {
    results.plans.iter().map(|p| json!({"plan_id": p.plan, "plan_sha256": p.sha256, "title": p.title})).collect()
}

fn item(results: &Results, sample: &assay_model::results::SampleInfo) -> Value {
    let mut item = json!({"sample_id": sample.id, "origin": sample.origin, "label": sample.label});
    for key in ["model", "firmware"] {
        if let Some(value) = results.product.get(key) {
            item[key] = value.clone();
        }
    }
    if let Some(name) = results.product.get("name") {
        item["product"] = name.clone();
    }
    stated::receipt(results, sample, &mut item);
    item
}

fn verdict(results: &Results) -> Value {
    let not_covered: Vec<&String> = results.not_covered.iter().map(|(id, _)| id).collect();
    let waived: Vec<Value> = results
        .units
        .iter()
        .filter_map(|(id, u)| u.waived.as_ref().map(|w| json!({"unit": id, "waiver": w.id, "expires": w.expires})))
        .collect();
    json!({"product": results.conformance().word(), "profiles": results.profiles, "counts": results.counts,
        "coverage": {"covered": results.units.len(), "not_covered": not_covered}, "waived": waived})
}

fn file(path: &str, digest: &str, sizes: &BTreeMap<String, u64>) -> Value {
    let mut file = json!({"path": path, "size": sizes.get(path).copied().unwrap_or(0), "sha256": digest,
        "media_type": media_type(path), "role": path.split_once('/').map_or("report", |(top, _)| top)});
    if let Some(id) = path.strip_prefix("evidence/").and_then(|rest| rest.split('/').next()) {
        file["evidence_id"] = json!(id);
        let restricted = path.ends_with(".age"); // an original that only the lab can read
        file["sensitivity"] = json!(if restricted { "restricted" } else { "public" });
    }
    file
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "json" => "application/json",
        "jsonl" => "application/jsonl",
        "sarif" => "application/sarif+json",
        "yaml" | "yml" => "application/yaml",
        "xml" => "application/xml",
        "html" => "text/html",
        "csv" => "text/csv",
        "txt" | "log" | "md" => "text/plain",
        "pcapng" => "application/x-pcapng",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "age" => "application/x-age",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}
