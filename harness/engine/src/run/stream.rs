//! The files of one evidence stream.
//!
//! A stream of bytes gets `console.bin` (received, exactly, secrets replaced), `console.out.bin` (sent, where anything
//! was), `console.idx.jsonl` (time, direction, offset and length of each piece, before redaction) and `console.log` (what was
//! received, for people: UTF-8, control characters as `\xNN`). A stream whose name has a dot is a document and gets that
//! one file. Up to the length of the longest secret is held back until more bytes come.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_model::{Direction, hidden, visible};
use serde_json::json;

use super::evidence::{OutFile, take_excerpt};
use crate::redact::{LabKey, StreamRedactor, Vault};

/// Pieces that follow on each other within this time share one line of the index.
const SAME_PIECE_NS: u64 = 1_000_000;
/// Index and log are written in blocks of about this size.
const BLOCK_BYTES: usize = 1 << 16;

pub(super) struct Stream {
    base: PathBuf,
    document: bool,
    received: Channel,
    sent: Option<Channel>,
    index: Option<Buffered>,
    log: Option<Buffered>,
    piece: Option<Piece>,
    partial: Vec<u8>,
    excerpt: String,
    vault: Arc<Vault>,
    lab_key: Option<LabKey>,
}

struct Channel {
    out: OutFile,
    redactor: StreamRedactor,
    raw_bytes: u64,
}

struct Buffered {
    out: OutFile,
    buffer: Vec<u8>,
}

struct Piece {
    direction: Direction,
    at_ns: u64,
    offset: u64,
    len_bytes: u64,
}

impl Channel {
    fn create(path: PathBuf, vault: &Arc<Vault>, lab_key: Option<&LabKey>) -> io::Result<Self> {
        let out = OutFile::beside_original(path, lab_key)?;
        Ok(Self { out, redactor: StreamRedactor::new(vault.clone()), raw_bytes: 0 })
    }

    fn push(&mut self, bytes: &[u8], clean: &mut Vec<u8>) -> io::Result<()> {
        self.raw_bytes += bytes.len() as u64;
        self.out.write_original(bytes)?;
        self.redactor.push(bytes, clean);
        self.out.write(clean)
    }

    fn finish(mut self, clean: &mut Vec<u8>) -> io::Result<OutFile> {
        self.redactor.finish(clean);
        self.out.write(clean)?;
        self.out.hits = self.redactor.hits();
        Ok(self.out)
    }
}

impl Buffered {
    fn create(path: PathBuf) -> io::Result<Self> {
        Ok(Self { out: OutFile::create(path)?, buffer: Vec::new() })
    }

    fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BLOCK_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<OutFile> {
        self.flush()?;
        Ok(self.out)
    }
}

impl Stream {
    pub(super) fn create(folder: &Path, name: &str, vault: &Arc<Vault>, lab_key: Option<&LabKey>) -> io::Result<Self> {
        let name = safe_name(name);
        let document = name.contains('.');
        let base = folder.join(&name);
        let received =
            Channel::create(if document { base.clone() } else { base.with_added_extension("bin") }, vault, lab_key)?;
        let mut stream = Self {
            document,
            received,
            sent: None,
            index: None,
            log: None,
            piece: None,
            partial: Vec::new(),
            excerpt: String::new(),
            vault: vault.clone(),
            lab_key: lab_key.cloned(),
            base,
        };
        if !document {
            stream.index = Some(Buffered::create(stream.base.with_added_extension("idx.jsonl"))?);
            stream.log = Some(Buffered::create(stream.base.with_added_extension("log"))?);
        }
        Ok(stream)
    }

    pub(super) fn append(&mut self, at_ns: u64, direction: Direction, bytes: &[u8]) -> io::Result<()> {
        let mut clean = Vec::new();
        if self.document || direction == Direction::In {
            self.index(at_ns, direction, self.received.raw_bytes, bytes.len())?;
            self.received.push(bytes, &mut clean)?;
            return self.readable(&clean, false);
        }
        let sent = match &mut self.sent {
            Some(sent) => sent,
            none => none.insert(Channel::create(
                self.base.with_added_extension("out.bin"),
                &self.vault,
                self.lab_key.as_ref(),
            )?),
        };
        let offset = sent.raw_bytes;
        sent.push(bytes, &mut clean)?;
        self.index(at_ns, direction, offset, bytes.len())
    }

    fn index(&mut self, at_ns: u64, direction: Direction, offset: u64, length: usize) -> io::Result<()> {
        let length = length as u64;
        match &mut self.piece {
            Some(piece) if piece.direction == direction && at_ns.saturating_sub(piece.at_ns) < SAME_PIECE_NS => {
                piece.len_bytes += length;
                Ok(())
            }
            _ => {
                let next = Piece { direction, at_ns, offset, len_bytes: length };
                let before = self.piece.replace(next);
                self.write_piece(before)
            }
        }
    }

    fn write_piece(&mut self, piece: Option<Piece>) -> io::Result<()> {
        let (Some(piece), Some(index)) = (piece, &mut self.index) else { return Ok(()) };
        let line =
            json!({"dir": piece.direction, "len": piece.len_bytes, "mono_ns": piece.at_ns, "offset": piece.offset});
        index.push(format!("{line}\n").as_bytes())
    }

    /// The log: what was received, so that a terminal cannot be misled by it.
    fn readable(&mut self, clean: &[u8], ended: bool) -> io::Result<()> {
        self.partial.extend_from_slice(clean);
        let bytes = std::mem::take(&mut self.partial);
        let mut text = String::with_capacity(bytes.len());
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (good, bad, more) = match std::str::from_utf8(rest) {
                Ok(good) => (good, &rest[..0], &rest[rest.len()..]),
                Err(error) => {
                    let (good, after) = rest.split_at(error.valid_up_to());
                    let good = std::str::from_utf8(good).unwrap_or_default();
                    match error.error_len() {
                        Some(length) => (good, &after[..length], &after[length..]),
                        None if ended => (good, after, &after[after.len()..]),
                        None => {
                            self.partial = after.to_vec(); // a character that the next piece completes
                            (good, &after[..0], &after[after.len()..])
                        }
                    }
                }
            };
            for c in good.chars() {
                match c {
                    '\n' | '\t' => text.push(c),
                    '\r' => {}
                    c if hidden(c) => text.push_str(&visible(c.encode_utf8(&mut [0; 4]))),
                    c => text.push(c),
                }
            }
            bad.iter().for_each(|b| text.push_str(&format!("\\x{b:02x}")));
            rest = more;
        }
        take_excerpt(&mut self.excerpt, text.as_bytes());
        self.log.as_mut().map_or(Ok(()), |log| log.push(text.as_bytes()))
    }

    /// Ends the stream: its files, and an excerpt.
    pub(super) fn finish(mut self) -> io::Result<(Vec<OutFile>, String)> {
        let last = self.piece.take();
        self.write_piece(last)?;
        let mut clean = Vec::new();
        self.received.redactor.finish(&mut clean);
        self.received.out.write(&clean)?;
        self.readable(&clean, true)?;
        let mut files = vec![self.received.finish(&mut Vec::new())?];
        if let Some(sent) = self.sent {
            files.push(sent.finish(&mut Vec::new())?);
        }
        for extra in [self.index, self.log].into_iter().flatten() {
            files.push(extra.finish()?);
        }
        Ok((files, self.excerpt))
    }
}

/// Names come from adapters, which may have them from a DUT or a URL.
fn safe_name(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).take(80).collect();
    let plain = plain.trim_start_matches('.').trim_end_matches('.');
    match plain {
        "" => "data".into(),
        "meta.json" | "exchanges.jsonl" => format!("data-{plain}"),
        plain => plain.to_owned(),
    }
}
