//! Values of the record as text for people.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::visible::capped;

/// Bytes of one value on the page.
const CAP: usize = 2 * 1024;

/// Values up to this length stand on one line.
const SHORT: usize = 90;

/// Longest string inside a compact value: base64 of certificates and bodies would drown what can be read.
const INNER: usize = 200;

/// Items of a list inside a compact value.
const ITEMS: usize = 24;

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

/// On one line: `open: [22, 80], alive: true`. Long strings and lists are cut, saying by how much.
pub(super) fn compact(value: &Value) -> String {
    let mut out = String::new();
    write(value, true, &mut out);
    out
}

fn write(value: &Value, outermost: bool, out: &mut String) {
    match value {
        Value::Object(map) => {
            out.push_str(if outermost { "" } else { "{" });
            for (n, (key, inner)) in map.iter().enumerate() {
                out.push_str(if n > 0 { ", " } else { "" });
                out.push_str(key);
                out.push_str(": ");
                write(inner, false, out);
            }
            out.push_str(if outermost { "" } else { "}" });
        }
        Value::Array(items) => {
            out.push('[');
            for (n, inner) in items.iter().take(ITEMS).enumerate() {
                out.push_str(if n > 0 { ", " } else { "" });
                write(inner, false, out);
            }
            if items.len() > ITEMS {
                out.push_str(&format!(", … {} more", items.len() - ITEMS));
            }
            out.push(']');
        }
        Value::String(s) if outermost => out.push_str(s),
        Value::String(s) => out.push_str(&Value::String(cap_at(s, INNER)).to_string()),
        other => out.push_str(&other.to_string()),
    }
}

/// At most 2 kB, saying what was left off.
pub(super) fn cap(text: &str) -> String {
    cap_at(text, CAP)
}

/// At most `limit` bytes, saying what was left off.
pub(super) fn cap_at(text: &str, limit: usize) -> String {
    match capped(text, limit) {
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
pub(super) fn moment(text: &str) -> String {
    match OffsetDateTime::parse(text, &Rfc3339).ok().and_then(|t| t.checked_to_offset(time::UtcOffset::UTC)) {
        Some(t) => format!("{} {:02}:{:02}:{:02}", t.date(), t.hour(), t.minute(), t.second()),
        None => text.to_owned(),
    }
}

/// `12 ms`, `1.2 s`, `3 min 05 s`.
pub(super) fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} min {:02} s", ms / 60_000, ms / 1000 % 60),
    }
}

/// Time into the run: `+4.219 s`.
pub(super) fn offset(ms: u64) -> String {
    format!("+{}.{:03} s", ms / 1000, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn compact_values_read_on_one_line_and_stay_short() {
        let value = json!({"open": [22, 80], "tls": {"version": null, "alpn": "h2"}, "ok": true});
        assert_eq!(compact(&value), r#"open: [22, 80], tls: {version: null, alpn: "h2"}, ok: true"#);
        assert_eq!(compact(&json!("as it is")), "as it is");
        let long = compact(&json!({"body": "x".repeat(5_000), "list": (0..100).collect::<Vec<_>>()}));
        assert!(long.len() < 400 && long.contains("4800 bytes more") && long.contains("76 more"), "{long}");
    }
}
