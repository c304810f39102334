//! The wire encoding of SSH (RFC 4251): numbers, and strings with their length before them.

/// What is left to read. Every reader gives `None` where the bytes end too early.
#[derive(Debug, Clone, Copy)]
pub(in crate::pack) struct Wire<'a>(pub(in crate::pack) &'a [u8]);

impl<'a> Wire<'a> {
    pub(in crate::pack) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    pub(in crate::pack) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|b| b[0])
    }

    pub(in crate::pack) fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    pub(in crate::pack) fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_be_bytes)
    }

    pub(in crate::pack) fn string(&mut self) -> Option<&'a [u8]> {
        let n = usize::try_from(self.u32()?).ok()?;
        self.take(n)
    }

    pub(in crate::pack) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.string()?).ok()
    }

    /// A positive integer without its leading zeros.
    pub(super) fn positive(&mut self) -> Option<&'a [u8]> {
        let bytes = self.string()?;
        let from = bytes.iter().position(|b| *b != 0)?;
        (bytes[0] & 0x80 == 0).then_some(&bytes[from..])
    }

    pub(in crate::pack) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Appends a string.
pub(super) fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}
