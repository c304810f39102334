//! What is printed on a label or sent over the air, and the ways in which it can be written down.

use schemars::JsonSchema;
use serde::Deserialize;

use super::shape::bare;

/// What identifies one unit besides its password.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub(crate) struct Identifiers {
    /// The sample: `s1`.
    pub sample: String,
    /// Serial number.
    #[serde(default)]
    pub serial: Option<String>,
    /// MAC address, with or without separators.
    #[serde(default)]
    pub mac: Option<String>,
    /// Network name that the unit sends.
    #[serde(default)]
    pub ssid: Option<String>,
    /// Model name.
    #[serde(default)]
    pub model: Option<String>,
    /// Batch or date of manufacture.
    #[serde(default)]
    pub batch: Option<String>,
}

/// One way of writing one identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variant {
    /// `serial`, `mac`, `ssid`, `model`, `batch`, or two of them: `model+mac`.
    pub of: String,
    /// `as it stands`, `without separators`, ...
    pub form: &'static str,
    /// The bytes that a generator would have started from.
    pub bytes: Vec<u8>,
}

impl Identifiers {
    /// The last run of digits of the serial number, as a number.
    pub(super) fn serial_number(&self) -> Option<u128> {
        let serial = self.serial.as_deref()?;
        let end = serial.rfind(|c: char| c.is_ascii_digit())? + 1;
        let start = serial[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |i| i + 1);
        serial.get(start..end)?.parse().ok()
    }

    /// The MAC address as a number.
    pub(super) fn mac_number(&self) -> Option<u128> {
        self.mac_bytes().map(|b| b.iter().fold(0, |n, byte| n << 8 | u128::from(*byte)))
    }

    fn mac_bytes(&self) -> Option<Vec<u8>> {
        hex::decode(bare(self.mac.as_deref()?)).ok().filter(|b| !b.is_empty() && b.len() <= 8)
    }

    fn named(&self) -> Vec<(&'static str, &str)> {
        [
            ("serial", &self.serial),
            ("mac", &self.mac),
            ("ssid", &self.ssid),
            ("model", &self.model),
            ("batch", &self.batch),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?.trim())).filter(|(_, v)| v.len() >= 2))
        .collect()
    }
}

/// Every variant of one unit's identifiers: texts as they are, then the MAC as bytes and numbers.
pub(super) fn texts(ids: &Identifiers) -> Vec<Variant> {
    let mut all = Vec::new();
    for (of, value) in ids.named() {
        let mut push = |form, text: String| {
            let bytes = text.into_bytes();
            if bytes.len() >= 2 && !all.iter().any(|v: &Variant| v.of == of && v.bytes == bytes) {
                all.push(Variant { of: of.to_owned(), form, bytes });
            }
        };
        push("as it stands", value.to_owned());
        push("without separators", bare(value));
        push("digits", value.chars().filter(char::is_ascii_digit).collect());
        push("letters", value.chars().filter(char::is_ascii_alphabetic).collect());
        let tail = value.rsplit(['-', '_', ' ', '.', '/']).next().unwrap_or(value);
        push("last group", tail.to_owned());
        if let Some(n) = tail.parse::<u64>().ok().filter(|_| of != "mac") {
            push("number", n.to_string());
            push("number in hex", format!("{n:x}"));
        }
    }
    if let Some(bytes) = ids.mac_bytes() {
        mac_texts(&bytes, &mut all);
    }
    all
}

fn mac_texts(bytes: &[u8], all: &mut Vec<Variant>) {
    let mut push = |form, text: String| all.push(Variant { of: "mac".into(), form, bytes: text.into_bytes() });
    let number = bytes.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let tail: Vec<u8> = bytes.iter().rev().take(3).rev().copied().collect();
    let tail_number = tail.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
    push("with colons", bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":"));
    push("with dashes", bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join("-"));
    push("bytes reversed", hex::encode(reversed));
    push("last three bytes", hex::encode(&tail));
    push("plus one", format!("{:012x}", number.wrapping_add(1)));
    push("minus one", format!("{:012x}", number.wrapping_sub(1)));
    push("as a number", number.to_string());
    push("last three bytes as a number", tail_number.to_string());
}

/// What a generator may have hashed: every variant in both cases, raw MAC bytes, and pairs with the model name.
pub(super) fn seeds(ids: &Identifiers) -> Vec<Variant> {
    let mut all: Vec<Variant> = Vec::new();
    let push = |of: &str, form, bytes: Vec<u8>, all: &mut Vec<Variant>| {
        if !all.iter().any(|v| v.bytes == bytes) {
            all.push(Variant { of: of.to_owned(), form, bytes });
        }
    };
    let texts = texts(ids);
    for v in &texts {
        push(&v.of, v.form, v.bytes.clone(), &mut all);
        push(&v.of, "lower case", v.bytes.to_ascii_lowercase(), &mut all);
        push(&v.of, "upper case", v.bytes.to_ascii_uppercase(), &mut all);
    }
    if let Some(bytes) = ids.mac_bytes() {
        push("mac", "raw bytes", bytes.clone(), &mut all);
        push("mac", "last three raw bytes", bytes.iter().rev().take(3).rev().copied().collect(), &mut all);
    }
    let single = all.clone();
    let plain = |name: &str| -> Vec<&Variant> {
        single.iter().filter(|v| v.of == name && v.bytes.iter().all(u8::is_ascii_graphic)).collect()
    };
    let pairs = [("model", "mac"), ("model", "serial"), ("serial", "mac"), ("ssid", "mac")];
    for (a, b) in pairs {
        let (firsts, seconds) = (plain(a), plain(b));
        let both = firsts.iter().take(4).flat_map(|x| seconds.iter().take(9).map(move |y| (x, y)));
        for (x, y) in both {
            push(&format!("{a}+{b}"), "joined", [&x.bytes[..], &y.bytes[..]].concat(), &mut all);
            push(&format!("{b}+{a}"), "joined", [&y.bytes[..], &x.bytes[..]].concat(), &mut all);
            push(&format!("{a}+{b}"), "joined by a dash", [&x.bytes[..], b"-", &y.bytes[..]].concat(), &mut all);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera() -> Identifiers {
        Identifiers {
            sample: "s1".into(),
            serial: Some("C1-000123".into()),
            mac: Some("02:00:5E:10:00:01".into()),
            model: Some("C1".into()),
            ..Identifiers::default()
        }
    }

    #[test]
    fn identifiers_are_written_in_the_usual_ways() {
        let all = texts(&camera());
        let has = |form: &str, text: &str| all.iter().any(|v| v.form == form && v.bytes == text.as_bytes());
        assert!(has("without separators", "02005E100001"));
        assert!(has("last three bytes", "100001"));
        assert!(has("bytes reversed", "0100105e0002"));
        assert!(has("last group", "000123"));
        assert!(has("number in hex", "7b"));
    }

    #[test]
    fn numbers_give_an_order() {
        assert_eq!(camera().serial_number(), Some(123));
        assert_eq!(camera().mac_number(), Some(0x0200_5e10_0001));
        assert_eq!(Identifiers { serial: Some("ABC".into()), ..Identifiers::default() }.serial_number(), None);
        assert_eq!(Identifiers { mac: Some("no mac".into()), ..Identifiers::default() }.mac_number(), None);
    }

    #[test]
    fn seeds_hold_both_cases_raw_bytes_and_pairs() {
        let all = seeds(&camera());
        assert!(all.iter().any(|v| v.bytes == b"02:00:5e:10:00:01"));
        assert!(all.iter().any(|v| v.bytes == [2, 0, 0x5e, 0x10, 0, 1]));
        assert!(all.iter().any(|v| v.bytes == b"C1C1-000123" && v.of == "model+serial"));
        assert!(seeds(&Identifiers::default()).is_empty());
    }
}
