//! Values of a unit's label in what it tells: a serial number or a MAC address is found however it is written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// A value of the label that strangers are told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub(crate) struct Leak {
    /// Its name on the label: `serial`, `mac`, `ssid`.
    pub what: String,
    /// Where it was told: `ssdp on udp/1900`, `GET /api/state on 8443`.
    pub r#where: String,
}

/// Values shorter than this would be found by chance.
const SHORTEST: usize = 5;

/// Without what only separates, in lower case.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Names of the values that stand in `text`.
pub(crate) fn named<'a>(markers: &'a BTreeMap<String, String>, text: &str) -> Vec<&'a str> {
    let told = bare(text);
    let stands = |value: &String| {
        let value = bare(value);
        value.len() >= SHORTEST && told.contains(&value)
    };
    markers.iter().filter(|(_, value)| stands(value)).map(|(name, _)| name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_however_they_are_written() {
        let markers = BTreeMap::from([
            ("mac".to_owned(), "02:00:5E:10:00:01".to_owned()),
            ("serial".to_owned(), "C1-0042-77".to_owned()),
            ("batch".to_owned(), "1".to_owned()),
        ]);
        assert_eq!(named(&markers, "id=02005e100001"), ["mac"]);
        assert_eq!(named(&markers, r#"{"serial":"c1 0042 77","n":1}"#), ["serial"]);
        assert!(named(&markers, "nothing of it, 1").is_empty());
    }
}
