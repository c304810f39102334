//! Bytes that a run may need again, on disk instead of in memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, PoisonError};

/// A file without a name: gone with the process, however that ends.
#[derive(Clone)]
pub(super) struct Spill {
    file: Arc<File>,
    end: Arc<Mutex<u64>>,
}

/// Where bytes lie in it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    offset: u64,
    length: usize,
}

impl Spill {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { file: Arc::new(tempfile::tempfile()?), end: Arc::default() })
    }

    /// Appends. Blocking.
    pub(super) fn put(&self, bytes: &[u8]) -> io::Result<Part> {
        let part = {
            let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
            let part = Part { offset: *end, length: bytes.len() };
            *end += bytes.len() as u64;
            part
        };
        self.file.write_all_at(bytes, part.offset)?;
        Ok(part)
    }

    /// What was appended. Blocking.
    pub(super) fn get(&self, part: Part) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; part.length];
        self.file.read_exact_at(&mut bytes, part.offset)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_got_back() {
        let spill = Spill::new().expect("a file");
        let (one, none, two) =
            (spill.put(b"one").expect("put"), spill.put(b"").expect("put"), spill.put(b"two").expect("put"));
        assert_eq!(spill.get(two).expect("got"), b"two");
        assert_eq!(spill.get(one).expect("got"), b"one");
        assert!(spill.get(none).expect("got").is_empty());
    }
}
