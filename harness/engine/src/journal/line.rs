//! A journal line as bytes: keys sorted, one way to write each value, so that a digest means the same everywhere.

use assay_model::journal::{Actor, Line, Ref};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// `prev` of the first line.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What a line says, before it is ordered and stamped.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// One of [`assay_model::journal::kind`].
    pub kind: &'static str,
    /// Who.
    pub actor: Actor,
    /// What about.
    pub about: Ref,
    /// The rest.
    pub data: Value,
}

impl Entry {
    /// Something that the tool did.
    #[must_use]
    pub fn tool(kind: &'static str, about: Ref, data: Value) -> Self {
        Self { kind, actor: Actor { kind: "tool".into(), id: None }, about, data }
    }

    /// Something that a person did.
    #[must_use]
    pub fn operator(kind: &'static str, id: &str, about: Ref, data: Value) -> Self {
        Self { kind, actor: Actor { kind: "operator".into(), id: Some(id.to_owned()) }, about, data }
    }
}

/// A JSON value with its keys sorted at every depth.
#[must_use]
pub fn sorted_json(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    write_sorted(value, false, &mut out);
    out
}

/// SHA-256 as 64 hex digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The line's bytes, without LF.
pub(super) fn encode(line: &Line, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"actor\":");
    write_sorted(&to_value(&line.actor), true, out);
    out.extend_from_slice(b",\"data\":");
    write_sorted(&line.data, true, out);
    out.extend_from_slice(format!(",\"mono_ns\":{},\"prev\":\"{}\",\"ref\":", line.mono_ns, line.prev).as_bytes());
    write_sorted(&to_value(&line.about), true, out);
    out.extend_from_slice(b",\"run\":");
    write_text(&line.run, out);
    out.extend_from_slice(format!(",\"seq\":{},\"t\":\"{}\",\"type\":", line.seq, line.t).as_bytes());
    write_text(&line.kind, out);
    out.extend_from_slice(format!(",\"v\":{}}}", line.v).as_bytes());
}

/// A line from its bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<Line, serde_json::Error> {
    let mut line: Line = serde_json::from_slice(bytes)?;
    restore_prev(&mut line.data);
    Ok(line)
}

fn to_value<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null) // plain structs of text and numbers: cannot fail
}

/// `prev` must be found by a one-line shell filter, so no nested key may have that name: it gets a `~`, and so does
/// any that already looks like an escaped one.
fn escaped_key(key: &str) -> Option<String> {
    key.strip_prefix("prev").filter(|rest| rest.chars().all(|c| c == '~')).map(|_| format!("{key}~"))
}

fn restore_prev(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(restore_prev),
        Value::Object(map) => {
            map.values_mut().for_each(restore_prev);
            if map.keys().any(|k| k.starts_with("prev~")) {
                *map = std::mem::take(map)
                    .into_iter()
                    .map(|(key, value)| match key.strip_suffix('~') {
                        Some(plain) if escaped_key(plain).is_some() => (plain.to_owned(), value),
                        _ => (key, value),
                    })
                    .collect::<Map<_, _>>();
            }
        }
        _ => {}
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(Value::from(text).to_string().as_bytes());
}

fn write_sorted(value: &Value, escape_prev: bool, out: &mut Vec<u8>) {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write_sorted(item, escape_prev, out);
            }
            out.push(b']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_str());
            out.push(b'{');
            for (n, (key, item)) in entries.into_iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                match escaped_key(key).filter(|_| escape_prev) {
                    Some(escaped) => write_text(&escaped, out),
                    None => write_text(key, out),
                }
                out.push(b':');
                write_sorted(item, escape_prev, out);
            }
            out.push(b'}');
        }
        Value::String(text) => {
            // Straight into the buffer: this is the bulk of a line.
            let written = serde_json::to_writer(&mut *out, text);
            debug_assert!(written.is_ok(), "a string always serializes");
        }
        other => out.extend_from_slice(other.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(data: Value) -> Line {
        Line {
            v: 1,
            seq: 1,
            t: "2026-11-22T09:00:01.123456Z".into(),
            mono_ns: 7,
            run: "r".into(),
            kind: "observation".into(),
            actor: Actor { kind: "tool".into(), id: None },
            about: Ref::default(),
            data,
            prev: GENESIS.into(),
        }
    }

    #[test]
    fn keys_are_sorted_at_every_depth_and_survive() {
        let original = line(json!({"b": {"z": 1, "a": [ {"y": 0, "x": "\u{1b}\n"} ]}, "a": null}));
        let mut bytes = Vec::new();
        encode(&original, &mut bytes);
        let text = String::from_utf8(bytes.clone()).expect("utf-8");
        assert!(text.contains(r#""data":{"a":null,"b":{"a":[{"x":"\u001b\n","y":0}],"z":1}}"#), "{text}");
        assert!(!text.contains('\n'));
        assert_eq!(decode(&bytes).expect("parses"), original);
    }

    #[test]
    fn no_nested_key_is_named_prev() {
        let original = line(json!({"prev": 1, "prev~": {"prev~~": 2}, "previous": 3}));
        let mut bytes = Vec::new();
        encode(&original, &mut bytes);
        let text = String::from_utf8(bytes.clone()).expect("utf-8");
        assert_eq!(text.matches("\"prev\":").count(), 1, "{text}");
        assert_eq!(decode(&bytes).expect("parses"), original);
    }
}
