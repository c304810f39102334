//! Reads a journal line by line and checks it on the way: chain, numbering, torn end.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use assay_model::journal::{Line, kind};
use serde_json::Value;

use super::line::{GENESIS, decode, digest};

/// No line that we write comes near this; a longer one is not ours and must not fill the memory.
const LONGEST_LINE_BYTES: u64 = 64 << 20;

/// A journal could not be read or written, or does not hold together.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refused.
    #[error("could not {what} {}: {source}", path.display())]
    Io {
        /// `open`, `append to`, `sync`.
        what: &'static str,
        /// The journal.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process is writing it.
    #[error("{} is being written by another process; wait for that run to end", path.display())]
    Locked {
        /// The journal.
        path: PathBuf,
    },
    /// Its content does not hold together.
    #[error("{}, line {line}: {defect}", path.display())]
    Broken {
        /// The journal.
        path: PathBuf,
        /// From 1, counted in the file.
        line: u64,
        /// What is wrong there.
        defect: Defect,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// Not JSON, or not a journal line.
    #[error("is not a journal line ({0}); it was edited or damaged")]
    NotALine(String),
    /// Numbers do not follow on each other.
    #[error("has seq {seen} where {expected} must follow; lines were removed, added or put in another order")]
    Sequence {
        /// What must come.
        expected: u64,
        /// What stands there.
        seen: u64,
    },
    /// The digest of the line before is another one.
    #[error(
        "says that the line before has SHA-256 {said}, but that line has {actual}; the line before was edited, or this \
         one does not belong here"
    )]
    Chain {
        /// As the line says.
        said: String,
        /// As it is.
        actual: String,
    },
    /// A line of another run.
    #[error("belongs to run {seen}, not to {expected}")]
    OtherRun {
        /// The run of the first line.
        expected: String,
        /// The run of this line.
        seen: String,
    },
    /// A format that this version does not know.
    #[error("has format version {0}; this version reads 1")]
    Version(u32),
    /// A recovery that does not name the line it goes on from.
    #[error("recovers from another line than the one before the torn one")]
    Recovery,
    /// Longer than any line may be.
    #[error("is longer than 64 MiB")]
    TooLong,
}

/// An unfinished end: the process was killed while it wrote. The bytes stay where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// How many bytes after the last whole line.
    pub bytes: u64,
    /// Whether a LF follows them: a recovery was itself cut short.
    pub terminated: bool,
    /// SHA-256 of the bytes, without LF.
    pub sha256: String,
    /// Whether they are a whole line in every respect but the LF.
    pub whole: bool,
}

/// What a verified journal holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Whole lines.
    pub records: u64,
    /// SHA-256 of the last whole line; 64 zeros where there is none.
    pub head: String,
    /// The run.
    pub run: Option<String>,
    /// The torn end, if any. A journal with one is intact up to `records`.
    pub torn: Option<Torn>,
    /// How often a torn line was passed over.
    pub recovered: u64,
}

/// Checks a whole journal; memory does not grow with its length.
///
/// # Errors
/// The first line that does not hold together. A torn end is no error.
pub fn verify(path: &Path) -> Result<Verified, JournalError> {
    read(path, |_| {})
}

/// Gives each whole line to `each`, checked.
///
/// # Errors
/// As [`verify`]; `each` has then seen the good lines before.
pub fn read(path: &Path, each: impl FnMut(Line)) -> Result<Verified, JournalError> {
    read_on(path, Verified::genesis(), each)
}

/// The same for a file whose chain goes on from another's end: a review goes on from its run.
///
/// # Errors
/// As [`read`].
pub fn read_on(path: &Path, after: Verified, mut each: impl FnMut(Line)) -> Result<Verified, JournalError> {
    let io_error = |source| JournalError::Io { what: "read", path: path.to_owned(), source };
    let mut input = BufReader::with_capacity(1 << 16, File::open(path).map_err(io_error)?);
    let mut state = after;
    let mut bytes = Vec::new();
    for number in 1u64.. {
        let broken = |defect| JournalError::Broken { path: path.to_owned(), line: number, defect };
        bytes.clear();
        let length = (&mut input).take(LONGEST_LINE_BYTES + 1).read_until(b'\n', &mut bytes).map_err(io_error)?;
        if length == 0 {
            break;
        }
        let terminated = bytes.last() == Some(&b'\n');
        if !terminated && length as u64 > LONGEST_LINE_BYTES {
            return Err(broken(Defect::TooLong));
        }
        if terminated {
            bytes.pop();
        }
        let parsed = decode(&bytes);
        if !terminated {
            // A line that is whole but for its LF was being written when the process ended.
            let whole = parsed.is_ok_and(|line| state.clone().accept(&line, &bytes).is_ok());
            state.tear(&bytes, false, whole).map_err(broken)?;
            continue;
        }
        match parsed {
            Ok(line) => {
                state.accept(&line, &bytes).map_err(broken)?;
                each(line);
            }
            Err(error) => state.tear(&bytes, true, false).map_err(|_| broken(Defect::NotALine(error.to_string())))?,
        }
    }
    Ok(state)
}

impl Verified {
    fn genesis() -> Self {
        Self { records: 0, head: GENESIS.into(), run: None, torn: None, recovered: 0 }
    }

    fn accept(&mut self, line: &Line, bytes: &[u8]) -> Result<(), Defect> {
        if line.v != 1 {
            return Err(Defect::Version(line.v));
        }
        if self.torn.is_some() && line.kind != kind::JOURNAL_RECOVERED {
            return Err(Defect::NotALine("the line before is none, and no `journal.recovered` follows it".into()));
        }
        if line.seq != self.records + 1 {
            return Err(Defect::Sequence { expected: self.records + 1, seen: line.seq });
        }
        let before = match self.torn.take() {
            None => self.head.clone(),
            // The torn bytes stay in the chain; the recovery also names the last whole line.
            Some(torn) => {
                if line.data.get("last_sha256").and_then(Value::as_str) != Some(&self.head) {
                    return Err(Defect::Recovery);
                }
                self.recovered += 1;
                torn.sha256
            }
        };
        if line.prev != before {
            return Err(Defect::Chain { said: line.prev.clone(), actual: before });
        }
        match &self.run {
            Some(run) if *run != line.run => {
                return Err(Defect::OtherRun { expected: run.clone(), seen: line.run.clone() });
            }
            Some(_) => {}
            None => self.run = Some(line.run.clone()),
        }
        self.records = line.seq;
        self.head = digest(bytes);
        Ok(())
    }

    fn tear(&mut self, bytes: &[u8], terminated: bool, whole: bool) -> Result<(), Defect> {
        if self.torn.is_some() {
            return Err(Defect::NotALine("it follows a torn line".into()));
        }
        self.torn = Some(Torn { bytes: bytes.len() as u64, terminated, sha256: digest(bytes), whole });
        Ok(())
    }
}
