//! The forms in which a secret travels: as it is, and as encoders make it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// Secrets of fewer characters are not searched for inside longer text.
pub const SHORTEST: usize = 4;

/// Every byte sequence that gives `secret` away, without duplicates.
///
/// Base64 is searched at all three alignments, so a secret inside a longer encoded text (`user:password` of basic
/// authentication) is found too.
pub(super) fn of(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let mut forms: BTreeSet<Vec<u8>> = BTreeSet::new();
    forms.insert(bytes.to_vec());

    for engine in [&STANDARD, &URL_SAFE, &STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        forms.insert(engine.encode(bytes).into_bytes());
    }
    for lead in 0..3 {
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            forms.insert(inner_base64(engine, bytes, lead));
        }
    }

    forms.insert(hex::encode(bytes).into_bytes());
    forms.insert(hex::encode_upper(bytes).into_bytes());

    for upper in [false, true] {
        let every = |_: u8| true;
        let reserved = |b: u8| !(b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        let form = |b: u8| !(b.is_ascii_alphanumeric() || b"-._*".contains(&b));
        let path = |b: u8| !(b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&b));
        let component = |b: u8| !(b.is_ascii_alphanumeric() || b"-._~!'()*".contains(&b));
        forms.insert(percent(bytes, upper, every));
        forms.insert(percent(bytes, upper, reserved));
        forms.insert(percent(bytes, upper, path));
        forms.insert(percent(bytes, upper, component));
        forms.insert(percent(bytes, upper, form).into_iter().collect());
        let plus = String::from_utf8_lossy(&percent(bytes, upper, form)).replace("%20", "+");
        forms.insert(plus.into_bytes());
    }

    let json = json_escaped(secret);
    forms.insert(json.replace('/', "\\/").into_bytes());
    forms.insert(ascii_json(&json, false).into_bytes());
    forms.insert(ascii_json(&json, true).into_bytes());
    forms.insert(json.into_bytes());

    for (quote, apostrophe) in [("&quot;", "&#39;"), ("&#34;", "&#x27;"), ("&quot;", "&apos;"), ("\"", "'")] {
        let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        forms.insert(html.replace('"', quote).replace('\'', apostrophe).into_bytes());
    }

    let wide: Vec<u16> = secret.encode_utf16().collect();
    forms.insert(wide.iter().flat_map(|unit| unit.to_le_bytes()).collect());
    forms.insert(wide.iter().flat_map(|unit| unit.to_be_bytes()).collect());
    forms.into_iter().collect()
}

/// The characters of a base64 text that only `bytes` decide when `lead` other bytes (modulo 3) stand before it.
fn inner_base64(engine: &base64::engine::GeneralPurpose, bytes: &[u8], lead: usize) -> Vec<u8> {
    let mut padded = vec![0; lead];
    padded.extend_from_slice(bytes);
    let text = engine.encode(&padded).into_bytes();
    let first = (lead * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    text[first..last].to_vec()
}

fn percent(bytes: &[u8], upper: bool, escape: impl Fn(u8) -> bool) -> Vec<u8> {
    let mut out = String::new();
    for &b in bytes {
        let written = match (escape(b), upper) {
            (false, _) => {
                out.push(char::from(b));
                Ok(())
            }
            (true, true) => write!(out, "%{b:02X}"),
            (true, false) => write!(out, "%{b:02x}"),
        };
        debug_assert!(written.is_ok(), "a string takes every write");
    }
    out.into_bytes()
}

fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// As encoders that write ASCII only have it.
fn ascii_json(escaped: &str, upper: bool) -> String {
    let mut out = String::new();
    for c in escaped.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            out.push_str(&if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
        }
    }
    out
}
