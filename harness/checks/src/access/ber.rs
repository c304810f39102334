//! The little of ASN.1's basic encoding that SNMP needs. Lengths that lie read as nothing.

/// One element: tag, length, contents.
pub(crate) fn wrap(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(contents.len()) {
        Ok(short @ 0..=127) => out.push(short),
        Ok(long) => out.extend([0x81, long]),
        Err(_) => {
            out.push(0x82);
            out.extend(u16::try_from(contents.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    out.extend(contents);
    out
}

/// Takes the next element off `bytes`.
pub(crate) fn next<'a>(bytes: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=127 => (usize::from(first), rest),
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (length.iter().fold(0_usize, |l, b| (l << 8) | usize::from(*b)), rest)
        }
        _ => return None,
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some((tag, contents))
}

/// The contents of the first element, where it has that tag.
pub(crate) fn inside(mut bytes: &[u8], tag: u8) -> Option<&[u8]> {
    next(&mut bytes).filter(|(found, _)| *found == tag).map(|(_, contents)| contents)
}

/// An integer of at most eight bytes.
pub(crate) fn number(contents: &[u8]) -> Option<i64> {
    let first = *contents.first()?;
    let start = if first & 0x80 == 0 { 0 } else { -1 };
    (contents.len() <= 8).then(|| contents.iter().fold(start, |n, b| (n << 8) | i64::from(*b)))
}

/// A value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(Vec<u8>),
    Number(i64),
    /// No such object, an address, a counter that is too long.
    Other(u8),
}

/// Reads a value.
pub(crate) fn value(tag: u8, contents: &[u8]) -> Value {
    match tag {
        4 => Value::Text(contents.to_vec()),
        2 | 0x41..=0x43 | 0x46 => number(contents).map_or(Value::Other(tag), Value::Number),
        _ => Value::Other(tag),
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&String::from_utf8_lossy(text)),
            Self::Number(number) => number.fmt(f),
            Self::Other(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_every_length_are_read_back() {
        for length in [0, 1, 127, 128, 255, 256, 65_535] {
            let bytes = wrap(4, &vec![7; length]);
            assert_eq!(inside(&bytes, 4).map(<[u8]>::len), Some(length));
            assert!(inside(&bytes[..bytes.len() - 1], 4).is_none(), "{length}");
        }
        assert_eq!(number(&[0xFF]), Some(-1));
        assert_eq!(number(&[0, 0xFF]), Some(255));
        assert_eq!(number(&[0; 9]), None);
    }
}
