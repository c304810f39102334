//! Appends to a journal. One writer per file, kept by an advisory lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use assay_model::journal::{Line, Ref, kind};
use serde_json::json;
use time::OffsetDateTime;

use super::line::{Entry, GENESIS, digest, encode};
use super::reader::{JournalError, Verified, verify};

/// After these the file is synced to the disk: what they say must outlive a power cut.
pub const SYNCED: &[&str] = &[kind::INPUTS_SEALED, kind::PROMPT_ANSWERED, kind::EVIDENCE_CLOSE, kind::RUN_END];

/// The host's monotonic clock since the run, or its resumption, started.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Nanoseconds since the start.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The day, UTC, as `2026-11-22`.
pub(crate) fn today() -> String {
    utc_now().chars().take(10).collect()
}

/// UTC now, RFC 3339 with microseconds.
pub(crate) fn utc_now() -> String {
    let now = OffsetDateTime::now_utc();
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute(),
        now.second(),
        now.microsecond()
    )
}

/// An open journal. Appended lines are buffered until [`Journal::flush`]; kinds in [`SYNCED`] reach the disk at once, verdicts
/// with the next [`Journal::sync`], which their writer owes within a moment: a power cut then costs a few units, to be run
/// again, and a disk is not asked to wait for each of thousands.
pub struct Journal {
    path: PathBuf,
    out: BufWriter<File>,
    run: String,
    clock: Clock,
    seq: u64,
    head: String,
    buffer: Vec<u8>,
    owes_sync: bool,
}

impl Journal {
    /// A new journal; the file must not exist yet.
    ///
    /// # Errors
    /// The file exists, or cannot be made or locked.
    pub fn create(path: &Path, run: &str, clock: Clock) -> Result<Self, JournalError> {
        let file = OpenOptions::new().append(true).create_new(true).open(path).map_err(|source| JournalError::Io {
            what: "create",
            path: path.to_owned(),
            source,
        })?;
        Self::over(file, path, run.to_owned(), clock, 0, GENESIS.into())
    }

    /// Goes on with a journal whose writer is gone. A torn end is kept, closed by a LF, and followed by
    /// `journal.recovered`.
    ///
    /// # Errors
    /// It does not verify, has no whole line, or is still being written.
    pub fn reopen(path: &Path, clock: Clock) -> Result<(Self, Verified), JournalError> {
        let io_error = |what| move |source| JournalError::Io { what, path: path.to_owned(), source };
        let file = OpenOptions::new().append(true).open(path).map_err(io_error("open"))?;
        lock(&file, path)?;
        let found = verify(path)?;
        let run = found.run.clone().ok_or_else(|| {
            io_error("go on with")(io::Error::new(io::ErrorKind::InvalidData, "it holds no whole line"))
        })?;
        let mut journal = Self::over(file, path, run, clock, found.records, found.head.clone())?;
        if let Some(torn) = &found.torn {
            if !torn.terminated {
                journal.out.write_all(b"\n").map_err(io_error("append to"))?;
            }
            let last = journal.head.clone();
            journal.head = torn.sha256.clone();
            if torn.whole {
                journal.seq += 1; // nothing was lost but the LF
            }
            let last = if torn.whole { torn.sha256.clone() } else { last };
            let data = json!({
                "torn_bytes": torn.bytes, "whole": torn.whole, "torn_sha256": torn.sha256, "last_sha256": last,
            });
            journal.append(Entry::tool(kind::JOURNAL_RECOVERED, Ref::default(), data))?;
            journal.sync()?;
        }
        Ok((journal, found))
    }

    /// A file of its own whose chain goes on from the end of another: made, or appended to where it is there. `after` is
    /// what both hold so far.
    ///
    /// # Errors
    /// It cannot be opened or locked, or `after` holds no whole line.
    pub fn beyond(path: &Path, clock: Clock, after: &Verified) -> Result<Self, JournalError> {
        let io_error = |what| move |source| JournalError::Io { what, path: path.to_owned(), source };
        let file = OpenOptions::new().append(true).create(true).open(path).map_err(io_error("open"))?;
        lock(&file, path)?;
        let run = after.run.clone().ok_or_else(|| {
            io_error("go on with")(io::Error::new(io::ErrorKind::InvalidData, "the journal holds no whole line"))
        })?;
        Self::over(file, path, run, clock, after.records, after.head.clone())
    }

    fn over(file: File, path: &Path, run: String, clock: Clock, seq: u64, head: String) -> Result<Self, JournalError> {
        if seq == 0 {
            lock(&file, path)?;
        }
        let mut out = BufWriter::with_capacity(1 << 16, file);
        // Position is of no matter in append mode, but lets `stream_position` tell the size.
        let _ = out.seek(SeekFrom::End(0));
        Ok(Self {
            path: path.to_owned(),
            out,
            run,
            clock,
            seq,
            head,
            buffer: Vec::with_capacity(4096),
            owes_sync: false,
        })
    }

    /// Orders, stamps and appends one line. Returns its number.
    ///
    /// # Errors
    /// The disk refused: what was appended since the last flush may be lost, and the run must end.
    pub fn append(&mut self, entry: Entry) -> Result<u64, JournalError> {
        let synced = SYNCED.contains(&entry.kind);
        self.owes_sync |= entry.kind == kind::VERDICT_SET;
        let line = Line {
            v: 1,
            seq: self.seq + 1,
            t: utc_now(),
            mono_ns: self.clock.now_ns(),
            run: self.run.clone(),
            kind: entry.kind.to_owned(),
            actor: entry.actor,
            about: entry.about,
            data: entry.data,
            prev: std::mem::take(&mut self.head),
        };
        self.buffer.clear();
        encode(&line, &mut self.buffer);
        self.head = digest(&self.buffer);
        self.seq = line.seq;
        self.buffer.push(b'\n');
        self.out.write_all(&self.buffer).map_err(|source| self.io_error("append to", source))?;
        if synced {
            self.sync()?;
        }
        Ok(self.seq)
    }

    /// Hands everything to the operating system: from then on a killed process loses nothing.
    ///
    /// # Errors
    /// The disk refused.
    pub fn flush(&mut self) -> Result<(), JournalError> {
        self.out.flush().map_err(|source| self.io_error("append to", source))
    }

    /// [`Journal::flush`], and waits for the disk: from then on a power cut loses nothing.
    ///
    /// # Errors
    /// The disk refused.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        self.owes_sync = false;
        self.flush()?;
        self.out.get_ref().sync_data().map_err(|source| self.io_error("sync", source))
    }

    /// Whether a verdict waits to reach the disk.
    #[must_use]
    pub const fn owes_sync(&self) -> bool {
        self.owes_sync
    }

    /// Lines so far.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.seq
    }

    /// SHA-256 of the last line.
    #[must_use]
    pub fn head(&self) -> &str {
        &self.head
    }

    /// The run.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    fn io_error(&self, what: &'static str, source: io::Error) -> JournalError {
        JournalError::Io { what, path: self.path.clone(), source }
    }
}

fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => JournalError::Locked { path: path.to_owned() },
        TryLockError::Error(source) => JournalError::Io { what: "lock", path: path.to_owned(), source },
    })
}

mod rewrite;

#[cfg(test)]
mod tests;
