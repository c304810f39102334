//! The shapes in which a text hides in an image: as it is, in UTF-16, in base64.

use base64::Engine as _;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::Serialize;

/// How a secret was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Byte for byte.
    Plain,
    /// UTF-16, either order.
    Utf16,
    /// Base64, usual or URL-safe alphabet.
    Base64,
    /// Hexadecimal digits (canaries only).
    Hex,
}

/// How far a UTF-16 or base64 text is followed to the left of a keyword, in its own characters.
const LEFT: usize = 256;

/// The keyword as the zero bytes of UTF-16 spread it; without the outer zeros it is the same in both byte orders.
pub(super) fn utf16(keyword: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(keyword.len() * 2);
    for byte in keyword {
        out.extend([*byte, 0]);
    }
    out.pop();
    out
}

/// What a base64 text shows of the keyword when it begins at byte 0, 1 or 2 of a group of three: how many characters of the
/// group come before, and the characters that depend on the keyword alone.
pub(super) fn base64(keyword: &[u8]) -> impl Iterator<Item = (u8, Vec<u8>)> {
    [(0u8, 0usize), (1, 2), (2, 3)].into_iter().map(move |(shift, before)| {
        let mut bytes = vec![0; usize::from(shift)];
        bytes.extend_from_slice(keyword);
        let whole = bytes.len() * 8 / 6; // the last character may depend on what follows
        let text = STANDARD.encode(&bytes);
        (before as u8, text.as_bytes()[before..whole].to_vec())
    })
}

/// The bytes around a UTF-16 hit without their zeros, and where the hit stands in them. In big-endian text the zero stands
/// before its character. `reach` is how many characters are followed to the right.
pub(super) fn narrow(bytes: &[u8], hit: usize, big_endian: bool, reach: usize) -> (Vec<u8>, usize) {
    let is_wide = |at: usize| {
        let zero = if big_endian { at.checked_sub(1) } else { Some(at + 1) };
        bytes.get(at).is_some_and(|b| *b != 0) && zero.and_then(|z| bytes.get(z)) == Some(&0)
    };
    let mut start = hit;
    while start >= 2 && hit - start < 2 * LEFT && is_wide(start - 2) {
        start -= 2;
    }
    let mut out = Vec::new();
    let mut at = start;
    while out.len() < LEFT + reach && is_wide(at) {
        out.push(bytes[at]);
        at += 2;
    }
    (out, (hit - start) / 2)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Length of the longest run of base64 characters.
pub(super) fn longest_run(bytes: &[u8]) -> usize {
    bytes.split(|b| !is_base64(*b)).map(<[u8]>::len).max().unwrap_or_default()
}

/// What the base64 text around a hit decodes to, where its group starts `before` characters to the left of the hit;
/// `reach` is how many decoded bytes are wanted behind it.
pub(super) fn decode(bytes: &[u8], hit: usize, before: u8, reach: usize) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone),
    );
    let usual = |b: &u8| match b {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let part_of = |b: &&u8| is_base64(**b) || matches!(b, b'\r' | b'\n');
    let solid = |b: &&u8| is_base64(**b);
    let mut left: Vec<u8> = bytes[..hit].iter().rev().take_while(part_of).filter(solid).take(LEFT).map(usual).collect();
    // Back to the start of a group of four.
    left.truncate(left.len() - (left.len().checked_sub(usize::from(before))? % 4));
    left.reverse();
    let right = bytes[hit..].iter().take_while(part_of).filter(solid).take(reach * 4 / 3).map(usual);
    let mut text: Vec<u8> = left.into_iter().chain(right).collect();
    if text.len() % 4 == 1 {
        text.pop();
    }
    LENIENT.decode(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_is_found_in_base64_at_each_alignment() {
        for prefix in ["", "a", "ab", "abc", "abcd"] {
            let text = STANDARD.encode(format!("{prefix}wifi_psk=planted!"));
            let hits: Vec<_> = base64(b"wifi_psk")
                .filter_map(|(before, part)| {
                    let hit = text.as_bytes().windows(part.len()).position(|w| w == part)?;
                    decode(text.as_bytes(), hit, before, 100)
                })
                .filter(|d| d.ends_with(b"wifi_psk=planted!"))
                .collect();
            assert_eq!(hits.len(), 1, "{prefix:?}");
        }
    }

    #[test]
    fn utf16_of_either_order_is_narrowed() {
        for big in [false, true] {
            let mut wide = vec![0xff; 4];
            for byte in b"\npsk=planted" {
                wide.extend(if big { [0, *byte] } else { [*byte, 0] });
            }
            let pattern = utf16(b"psk");
            let hit = wide.windows(pattern.len()).position(|w| w == pattern).expect("there");
            let (narrow, at) = narrow(&wide, hit, big, 100);
            assert_eq!(&narrow[at..], b"psk=planted", "big endian: {big}");
        }
    }
}
