//! What the camera has said and the port has not yet taken: bounded, oldest lost first, like a UART nobody reads.

use std::collections::VecDeque;

const CAPACITY_BYTES: usize = 64 * 1024;

/// Pending output.
#[derive(Debug)]
pub(super) struct Output {
    bytes: VecDeque<u8>,
    /// The `flaky` twin: which line this is, where every third is lost.
    lossy_line: Option<u8>,
}

impl Output {
    pub(super) fn new(lossy: bool) -> Self {
        Self { bytes: VecDeque::new(), lossy_line: lossy.then_some(0) }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if let Some(line) = &mut self.lossy_line {
                let lost = *line == 2;
                if byte == b'\n' {
                    *line = (*line + 1) % 3;
                }
                if lost {
                    continue;
                }
            }
            if self.bytes.len() == CAPACITY_BYTES {
                self.bytes.pop_front();
            }
            self.bytes.push_back(byte);
        }
    }

    /// What may be written next; empty when there is nothing.
    pub(super) fn next(&self) -> &[u8] {
        self.bytes.as_slices().0
    }

    pub(super) fn written(&mut self, count: usize) {
        self.bytes.drain(..count.min(self.bytes.len()));
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_nobody_reads() {
        let mut output = Output::new(false);
        output.push(&vec![b'a'; CAPACITY_BYTES]);
        output.push(b"tail");
        assert_eq!(output.bytes.len(), CAPACITY_BYTES);
        let last: Vec<u8> = output.bytes.iter().copied().skip(CAPACITY_BYTES - 4).collect();
        assert_eq!(last, b"tail");
        output.written(CAPACITY_BYTES + 1);
        assert!(output.next().is_empty());
    }

    #[test]
    fn the_flaky_twin_loses_every_third_line() {
        let mut output = Output::new(true);
        output.push(b"1\n2\n3\n4\n5\n6\n7");
        assert_eq!(output.bytes.make_contiguous(), b"1\n2\n4\n5\n7");
    }
}
