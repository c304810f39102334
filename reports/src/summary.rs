//! results/results.json and summary.json.

use std::io::{self, Write};

use assay_model::results::{Results, UnitResult, indexed};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::ReportError;

/// Canonical: object keys sorted wherever order has no meaning, no white space, one LF at the end. The maps of units,
/// cases, groups and provisions keep the order of the plan, which is part of the result.
///
/// Units are written one by one: of a survey, and of a run of thousands of units, they are nearly everything.
pub(crate) fn results_json(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let mut head = serde_json::to_value(Results { units: indexed::Map::default(), ..results.clone() })?;
    sort_keys(&mut head, &["cases", "groups", "provisions"]);
    let mut before = b'{';
    for (key, value) in head.as_object().into_iter().flatten() {
        out.write_all(&[before])?;
        before = b',';
        serde_json::to_writer(&mut *out, key)?;
        out.write_all(b":")?;
        if key == "units" {
            units(&results.units, out)?;
        } else {
            serde_json::to_writer(&mut *out, value)?;
        }
    }
    out.write_all(b"}\n")
}

fn units(units: &indexed::Map<UnitResult>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"{")?;
    for (n, (id, unit)) in units.iter().enumerate() {
        if n > 0 {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut *out, id)?;
        out.write_all(b":")?;
        let mut value = serde_json::to_value(unit)?;
        sort_keys(&mut value, &[]);
        serde_json::to_writer(&mut *out, &value)?;
    }
    out.write_all(b"}")
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

/// A list that is made while it is written, so that one element at a time is in memory.
pub(crate) struct Listed<F>(pub(crate) F);

impl<F, I> Serialize for Listed<F>
where
    F: Fn() -> I,
    I: Iterator,
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
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
