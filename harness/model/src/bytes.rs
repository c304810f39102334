//! Bytes from or to a DUT, in a form that a person can read in a JSON line.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes that serialize as `{"text": "..."}` where they are printable UTF-8, else as `{"base64": "..."}`.
///
/// Lossless either way. A redactor that meets one in a JSON tree decodes it, redacts the bytes and encodes it again.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Payload(pub Vec<u8>);

impl Payload {
    /// The bytes as text; what is not UTF-8 becomes U+FFFD.
    #[must_use]
    pub fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Payload {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<&str> for Payload {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Wire {
    Text(String),
    Base64(String),
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let readable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        match std::str::from_utf8(&self.0) {
            Ok(text) if text.chars().all(readable) => Wire::Text(text.to_owned()),
            _ => Wire::Base64(STANDARD.encode(&self.0)),
        }
        .serialize(s)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match Wire::deserialize(d)? {
            Wire::Text(text) => Ok(Self(text.into_bytes())),
            Wire::Base64(text) => STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom),
        }
    }
}

impl JsonSchema for Payload {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Payload".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Wire::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_survive_json(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let json = serde_json::to_string(&Payload(bytes.clone())).expect("serializes");
            prop_assert_eq!(serde_json::from_str::<Payload>(&json).expect("parses").0, bytes);
        }
    }

    #[test]
    fn text_stays_readable_and_escapes_do_not() {
        assert_eq!(
            serde_json::to_string(&Payload::from("SSH-2.0-x\r\n")).expect("json"),
            r#"{"text":"SSH-2.0-x\r\n"}"#
        );
        assert_eq!(serde_json::to_string(&Payload::from("\u{1b}[2J")).expect("json"), r#"{"base64":"G1sySg=="}"#);
    }
}
