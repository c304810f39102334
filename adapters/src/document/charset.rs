//! From bytes to text, as a browser decides it: byte order mark, header, `meta`, and a guess.

use std::borrow::Cow;
use std::sync::LazyLock;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use regex::bytes::Regex;

/// How far a browser looks for `meta`.
const PRESCAN: usize = 1024;

/// The text. `content_type` is the header, where there was one; `html` allows `meta` to decide.
pub(super) fn decode<'b>(bytes: &'b [u8], content_type: Option<&str>, html: bool) -> Cow<'b, str> {
    let encoding = content_type
        .and_then(|value| parameter(value.as_bytes()))
        .or_else(|| html.then(|| parameter(&bytes[..bytes.len().min(PRESCAN)])).flatten())
        .unwrap_or_else(|| if plausible_utf8(bytes) { UTF_8 } else { WINDOWS_1252 });
    // `decode` looks for a byte order mark first, which outranks all that was declared.
    encoding.decode(bytes).0
}

/// `charset=...`, in a header or in either form of `meta`.
fn parameter(within: &[u8]) -> Option<&'static Encoding> {
    static CHARSET: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"(?i-u)charset\s*=\s*["']?\s*([A-Za-z0-9_:.\-]+)"#).expect("a constant pattern"));
    let label = CHARSET.captures(within)?.get(1)?;
    Encoding::for_label(label.as_bytes())
}

/// Valid UTF-8, or cut off in the middle of a character.
fn plausible_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).map_or_else(|e| e.error_len().is_none(), |_| true)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn the_strongest_word_decides() {
        assert_eq!(decode(b"\xe4", Some("text/plain; charset=ISO-8859-1"), false), "ä");
        assert_eq!(decode("ä".as_bytes(), None, false), "ä");
        assert_eq!(decode(b"\xe4h", None, false), "äh", "neither declared nor UTF-8");
        assert_eq!(decode(b"\xff\xfeh\0i\0", Some("text/html; charset=utf-8"), true), "hi", "the mark outranks all");
        assert_eq!(decode(b"<meta charset=\"koi8-r\">\xc1", None, true), "<meta charset=\"koi8-r\">\u{430}");
        assert_eq!(decode(b"charset=koi8-r \xe4h", None, false), "charset=koi8-r äh", "meta counts in HTML only");
        assert_eq!(decode(b"\xe4h", Some("text/html; charset=no-such"), true), "äh");
    }
}
