//! results/results.json and summary.json.

use assay_model::results::Results;
use serde::Serialize;
use serde_json::Value;

use crate::ReportError;

/// Canonical: object keys sorted wherever order has no meaning, no white space, one LF at the end. The maps of units,
/// cases, groups and provisions keep the order of the plan, which is part of the result.
pub(crate) fn results_json(results: &Results) -> Result<Vec<u8>, ReportError> {
    let file = "results/results.json";
    let mut value = serde_json::to_value(results).map_err(|e| ReportError::Json { file, reason: e.to_string() })?;
    sort_keys(&mut value, &["units", "cases", "groups", "provisions"]);
    let mut bytes = serde_json::to_vec(&value).map_err(|e| ReportError::Json { file, reason: e.to_string() })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Pretty, in the order that the format page shows.
pub(crate) fn summary_json(results: &Results) -> Result<Vec<u8>, ReportError> {
    pretty("summary.json", &results.summary())
}

/// Two-space JSON with one LF at the end.
pub(crate) fn pretty(file: &'static str, value: &impl Serialize) -> Result<Vec<u8>, ReportError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|e| ReportError::Json { file, reason: e.to_string() })?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn sort_keys(value: &mut Value, ordered: &[&str]) {
    match value {
        Value::Object(map) => {
            map.sort_keys();
            for (key, child) in map.iter_mut() {
                match child {
                    Value::Object(inner) if ordered.contains(&key.as_str()) => {
                        inner.values_mut().for_each(|v| sort_keys(v, &[]));
                    }
                    _ => sort_keys(child, &[]),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|v| sort_keys(v, &[])),
        _ => {}
    }
}
