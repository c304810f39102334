//! Redaction of bytes that come in pieces.

use std::sync::Arc;

use super::Vault;

/// Finds secrets across the borders of chunks: holds back as many bytes as the longest form has, less one.
pub struct StreamRedactor {
    vault: Arc<Vault>,
    held: Vec<u8>,
    hits: u64,
}

impl StreamRedactor {
    /// A redactor for one stream, one direction.
    #[must_use]
    pub const fn new(vault: Arc<Vault>) -> Self {
        Self { vault, held: Vec::new(), hits: 0 }
    }

    /// Takes a chunk; what is certain by now goes to `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        self.held.extend_from_slice(chunk);
        self.release(false, out);
    }

    /// The stream ended: gives what was held back.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.release(true, out);
    }

    /// How many places were replaced.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.hits
    }

    fn release(&mut self, ended: bool, out: &mut Vec<u8>) {
        let matcher = self.vault.matcher();
        // From here on a longer form than the one found might still be completed by the next chunk.
        let certain =
            if ended { self.held.len() } else { (self.held.len() + 1).saturating_sub(matcher.longest().max(1)) };
        let mut copied = 0;
        for hit in matcher.hits(&self.held) {
            if hit.start >= certain {
                break;
            }
            out.extend_from_slice(&self.held[copied..hit.start]);
            match hit.replacement() {
                Some(token) => {
                    self.hits += 1;
                    out.extend_from_slice(token.as_bytes());
                }
                None => out.extend_from_slice(&self.held[hit.start..hit.end]),
            }
            copied = hit.end;
        }
        let upto = certain.max(copied);
        out.extend_from_slice(&self.held[copied..upto]);
        self.held.drain(..upto);
    }
}
