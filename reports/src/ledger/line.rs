//! One line of a ledger, and the chain through all of them.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// `prev` of the first line.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One line: `ledger.start`, `run.begin`, `run.seal` or `ledger.recovered`.
#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    /// The rest, by type.
    pub data: Value,
    /// The ledger's id, 16 hex digits.
    pub ledger: String,
    /// SHA-256 of the line before, without its LF.
    pub prev: String,
    /// From 1, without gaps.
    pub seq: u64,
    /// UTC RFC 3339.
    pub t: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    v: u64,
    /// SHA-256 of this line, without its LF.
    #[serde(skip)]
    pub digest: String,
    /// The line itself.
    #[serde(skip)]
    pub text: String,
}

/// A ledger that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Reading or writing failed.
    #[error("the ledger {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process holds it and does not let go.
    #[error("the ledger {} is held by another process for {seconds} s now", path.display())]
    Held {
        /// The file.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// The chain does not hold.
    #[error("the ledger {} is damaged: line {line} {what}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// In words that follow the line's number.
        what: &'static str,
    },
    /// The last line was being written when the process or the power went.
    #[error("the ledger {} has a torn last line; the next run closes the chain over it", path.display())]
    Torn {
        /// The file.
        path: PathBuf,
    },
    /// A run's own entry is not in it.
    #[error("the ledger {} is not the one that this run was entered in: entry {seq} is another", path.display())]
    Replaced {
        /// The file.
        path: PathBuf,
        /// The entry that the run has.
        seq: u64,
    },
}

impl Entry {
    /// Whether it is the beginning of a run of that sample with that plan.
    pub(super) fn tried(&self, sample: &str, plan_sha256: &str) -> bool {
        let has =
            |key: &str, of: &dyn Fn(&Value) -> bool| self.data[key].as_array().is_some_and(|all| all.iter().any(of));
        self.kind == "run.begin" && has("samples", &|s| s == sample) && has("plans", &|p| p["sha256"] == plan_sha256)
    }

    /// One line by itself; `None` where it is none of this format.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut entry: Self = serde_json::from_str(text).ok()?;
        entry.digest = digest(text.as_bytes());
        text.clone_into(&mut entry.text);
        (entry.v == 1).then_some(entry)
    }
}

/// The text of a line. Keys stand sorted; `data` is given so.
pub(super) fn write(data: &Value, ledger: &str, prev: &str, seq: u64, kind: &str) -> String {
    json!({"data": data, "ledger": ledger, "prev": prev, "seq": seq, "t": super::now(), "type": kind, "v": 1})
        .to_string()
}

/// All lines of a file, with the chain verified.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<Entry>, LedgerError> {
    let broken = |line, what| Err(LedgerError::Broken { path: path.to_owned(), line, what });
    if !bytes.is_empty() && bytes.last() != Some(&b'\n') {
        return Err(LedgerError::Torn { path: path.to_owned() });
    }
    let (mut entries, mut prev): (Vec<Entry>, _) = (Vec::new(), GENESIS.to_owned());
    let mut torn = None;
    for (n, line) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        let (n, line) = (n + 1, line.strip_suffix(b"\n").unwrap_or(line));
        let Some(entry) = std::str::from_utf8(line).ok().and_then(Entry::read) else {
            // Torn bytes are part of the chain where the line after says so.
            if torn.replace(n).is_some() {
                return broken(n, "is no line of a ledger");
            }
            prev = digest(line);
            continue;
        };
        if torn.take().is_some() && entry.kind != "ledger.recovered" {
            return broken(n - 1, "is no line of a ledger");
        }
        if entry.prev != prev {
            return broken(
                n,
                "does not follow the line before: that was edited, or lines were added, removed or reordered",
            );
        }
        if entry.seq != entries.len() as u64 + 1 {
            return broken(n, "has the wrong number");
        }
        if entries.first().is_some_and(|first| first.ledger != entry.ledger) {
            return broken(n, "belongs to another ledger");
        }
        if entries.is_empty() && entry.kind != "ledger.start" {
            return broken(n, "is not the beginning of a ledger: lines before it were removed");
        }
        prev.clone_from(&entry.digest);
        entries.push(entry);
    }
    match torn {
        Some(n) => broken(n, "is no line of a ledger"),
        None => Ok(entries),
    }
}

pub(super) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
