//! JSON values as text for people.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::visible::capped;

/// Bytes of one value on the page.
const CAP: usize = 2 * 1024;

/// Values up to this length stand on one line.
const SHORT: usize = 90;

/// A string as it is, other values as indented JSON; at most 2 kB.
pub(super) fn text(value: &Value) -> String {
    let text = match value {
        Value::String(s) => s.clone(),
        Value::Array(items) if items.iter().all(scalar) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other if other.to_string().len() <= SHORT => other.to_string(),
        other => serde_json::to_string_pretty(other).unwrap_or_else(|_| other.to_string()),
    };
    cap(&text)
}

/// At most 2 kB, saying what was left off.
pub(super) fn cap(text: &str) -> String {
    match capped(text, CAP) {
        (_, 0) => text.to_owned(),
        (head, left) => format!("{head}… ({left} bytes more)"),
    }
}

const fn scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

/// A name and its value, for definition lists.
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: String,
}

impl Pair {
    pub(super) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    pub(super) fn of((name, value): (&String, &Value)) -> Self {
        Self::new(name.replace('_', " "), text(value))
    }
}

/// `2026-11-22 09:00:09`; as it stands where it is no time.
pub(in crate::html) fn moment(text: &str) -> String {
    match OffsetDateTime::parse(text, &Rfc3339).ok().and_then(|t| t.checked_to_offset(time::UtcOffset::UTC)) {
        Some(t) => format!("{} {:02}:{:02}:{:02}", t.date(), t.hour(), t.minute(), t.second()),
        None => text.to_owned(),
    }
}
