//! Redaction and revealing of JSON trees.

use std::borrow::Cow;

use assay_model::Payload;
use serde_json::{Map, Value, json};

use super::Vault;

/// A number is replaced only where it is a secret as a whole and long enough not to be a port or a count.
const SHORTEST_NUMBER: usize = 6;

impl Vault {
    /// The tree without secrets: strings, keys, numbers, and the bytes inside `{"base64": "..."}` payloads.
    #[must_use]
    pub fn redact_json(&self, value: Value) -> Value {
        if self.registered() == 0 {
            return value;
        }
        self.redacted("", value)
    }

    fn redacted(&self, key: &str, value: Value) -> Value {
        match value {
            Value::String(text) if is_digest(key, &text) => Value::String(text),
            Value::String(text) => match self.redact_str(&text) {
                Cow::Borrowed(_) => Value::String(text),
                Cow::Owned(redacted) => Value::String(redacted),
            },
            Value::Array(items) => items.into_iter().map(|item| self.redacted(key, item)).collect(),
            Value::Object(map) => self.redacted_payload(&map).unwrap_or_else(|| {
                map.into_iter().map(|(key, item)| (self.redacted_key(&key), self.redacted(&key, item))).collect()
            }),
            Value::Number(number) => {
                let text = number.to_string();
                let token = (text.len() >= SHORTEST_NUMBER).then(|| self.whole(&text)).flatten();
                token.map_or(Value::Number(number), Value::String)
            }
            other => other,
        }
    }

    /// Bytes that are no text would hide a secret behind base64.
    fn redacted_payload(&self, map: &Map<String, Value>) -> Option<Value> {
        let (1, Some(Value::String(_))) = (map.len(), map.get("base64")) else { return None };
        let payload: Payload = serde_json::from_value(json!({"base64": map["base64"]})).ok()?;
        match self.redact_bytes(payload.as_slice()) {
            Cow::Borrowed(_) => None, // the base64 text itself is searched like any other
            Cow::Owned(bytes) => serde_json::to_value(Payload(bytes)).ok(),
        }
    }

    fn redacted_key(&self, key: &str) -> String {
        if key.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return key.to_owned();
        }
        self.redact_str(key).into_owned()
    }

    /// The tree with every token replaced by what it stands for. For a check's parameters only.
    #[must_use]
    pub fn reveal_json(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.reveal_str(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.reveal_json(item)).collect(),
            Value::Object(map) => map.into_iter().map(|(key, item)| (key, self.reveal_json(item))).collect(),
            other => other,
        }
    }
}

/// Our own digests must stay whole: a short secret of hex digits would turn up in one sooner or later.
fn is_digest(key: &str, text: &str) -> bool {
    text.len() == 64 && key.ends_with("sha256") && text.bytes().all(|b| b.is_ascii_hexdigit())
}
