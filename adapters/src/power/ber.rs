//! The few ASN.1 basic encodings that SNMP needs: definite lengths, small integers, object identifiers.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// A value with its tag and length.
pub(super) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..=127 => out.push(short as u8),
        long @ 128..=255 => out.extend([0x81, long as u8]),
        longer => out.extend([0x82, (longer >> 8) as u8, longer as u8]),
    }
    out.extend_from_slice(content);
    out
}

pub(super) fn integer(value: i64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    // The shortest form: no byte in front that only repeats the sign.
    let redundant = bytes.windows(2).take_while(|w| matches!((w[0], w[1] & 0x80), (0, 0) | (0xff, 0x80))).count();
    tagged(INTEGER, &bytes[redundant..])
}

/// `None`: no object identifier.
pub(super) fn oid(dotted: &str) -> Option<Vec<u8>> {
    let arcs: Vec<u32> = dotted.trim_start_matches('.').split('.').map(|a| a.parse().ok()).collect::<Option<_>>()?;
    let [first @ 0..=2, second @ 0..=39, rest @ ..] = arcs.as_slice() else { return None };
    if rest.len() > 64 {
        return None;
    }
    let mut content = vec![(first * 40 + second) as u8];
    for arc in rest {
        let septets = (0..5).rev().map(|i| (arc >> (7 * i)) as u8 & 0x7f).skip_while(|s| *s == 0);
        let septets: Vec<u8> = septets.collect();
        let Some((last, front)) = septets.split_last() else {
            content.push(0);
            continue;
        };
        content.extend(front.iter().map(|s| s | 0x80));
        content.push(*last);
    }
    Some(tagged(OID, &content))
}

/// Takes one value off the front: its tag and content.
pub(super) fn take<'a>(input: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&tag, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0..=127 => (usize::from(first), rest),
        0x81 => (usize::from(*rest.first()?), &rest[1..]),
        0x82 => (usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])), &rest[2..]),
        _ => return None,
    };
    let content = rest.get(..len)?;
    *input = &rest[len..];
    Some((tag, content))
}

/// An integer of at most eight bytes.
pub(super) fn int(content: &[u8]) -> Option<i64> {
    let negative = content.first()? & 0x80 != 0;
    (content.len() <= 8).then(|| content.iter().fold(if negative { -1 } else { 0 }, |v, b| (v << 8) | i64::from(*b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_those_of_the_standard() {
        assert_eq!(oid("1.3.6.1.4.1.318.1").expect("valid"), b"\x06\x08\x2b\x06\x01\x04\x01\x82\x3e\x01");
        assert_eq!(oid(".1.3.6.1.2.1.1.0").expect("valid"), b"\x06\x07\x2b\x06\x01\x02\x01\x01\x00");
        assert_eq!((oid("3.1"), oid("1"), oid("1.3.x"), oid("")), (None, None, None, None));
        for (value, encoded) in
            [(0, &b"\x02\x01\x00"[..]), (127, b"\x02\x01\x7f"), (128, b"\x02\x02\x00\x80"), (-129, b"\x02\x02\xff\x7f")]
        {
            assert_eq!(integer(value), encoded);
            assert_eq!(int(&encoded[2..]), Some(value));
        }
        assert_eq!(tagged(OCTETS, &[7; 200])[..3], [4, 0x81, 200]);
    }

    #[test]
    fn nonsense_is_refused_not_followed() {
        for bytes in [&b""[..], b"\x30", b"\x30\x05\x01", b"\x30\x84\xff\xff\xff\xff", b"\x02\x81", b"\x02\x82\x01"] {
            assert_eq!(take(&mut { bytes }), None, "{bytes:?}");
        }
        assert_eq!((int(b""), int(&[1; 9])), (None, None));
    }
}
