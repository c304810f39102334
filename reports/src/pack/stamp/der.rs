//! Just enough DER: values one after the other, each with its tag and its bytes. Definite lengths, tags of one byte.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const UTF8: u8 = 0x0c;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// `[0]` and `[1]`, constructed.
pub(super) const CONTEXT_0: u8 = 0xa0;

/// One value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) tag: u8,
    /// Tag and length included.
    pub(super) whole: &'a [u8],
    pub(super) body: &'a [u8],
}

/// What is left to read. Every reader gives `None` on bytes that are no DER, or another value than the one asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Der<'a>(pub(super) &'a [u8]);

impl<'a> Der<'a> {
    pub(super) fn value(&mut self) -> Option<Value<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            // Four bytes tell more than any token has; fewer than needed or a leading zero is no DER.
            if digits.is_empty() || digits.len() > 4 || digits[0] == 0 {
                return None;
            }
            let length = digits.iter().fold(0usize, |n, d| n << 8 | usize::from(*d));
            if length < 0x80 {
                return None;
            }
            (length, rest)
        };
        let (body, rest) = rest.split_at_checked(length)?;
        let whole = &self.0[..self.0.len() - rest.len()];
        self.0 = rest;
        Some(Value { tag, whole, body })
    }

    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.value().filter(|v| v.tag == tag).map(|v| v.body)
    }

    /// The next value where it has that tag; nothing is consumed otherwise.
    pub(super) fn optional(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.0.first() == Some(&tag) { self.expect(tag) } else { None }
    }

    pub(super) fn sequence(&mut self) -> Option<Der<'a>> {
        self.expect(SEQUENCE).map(Der)
    }

    /// All values up to the end.
    pub(super) fn all(mut self) -> Option<Vec<Value<'a>>> {
        let mut values = Vec::new();
        while !self.0.is_empty() {
            values.push(self.value()?);
        }
        Some(values)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A value from its parts.
pub(super) fn encode(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|p| p.len()).sum();
    let mut out = vec![tag];
    if length < 0x80 {
        out.push(u8::try_from(length).unwrap_or(0));
    } else {
        let bytes = length.to_be_bytes();
        let from = bytes.iter().position(|b| *b != 0).unwrap_or(0);
        out.push(0x80 | u8::try_from(bytes.len() - from).unwrap_or(0));
        out.extend_from_slice(&bytes[from..]);
    }
    parts.iter().for_each(|p| out.extend_from_slice(p));
    out
}
