//! The ledger's file: held by one writer at a time, only ever appended to, never lost in silence.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::line::{self, Entry, GENESIS, LedgerError};

/// A writer holds it for milliseconds; longer means that something is wrong with it.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// An open ledger with its lock; the lock goes with the value.
pub(super) struct Locked {
    path: PathBuf,
    file: File,
    pub(super) entries: Vec<Entry>,
    /// What was wrong, and was dealt with.
    pub(super) problem: Option<String>,
    /// The damaged ledger that this one follows.
    pub(super) damaged: Value,
    head: String,
}

impl Locked {
    /// Opens or creates. A torn last line is closed over; a broken ledger is moved aside, kept, and followed by a new one.
    pub(super) fn open(path: &Path) -> Result<Self, LedgerError> {
        let error = |source| LedgerError::Io { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(error)?;
        }
        let mut file = lock(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(error)?;
        let mut open = Self {
            path: path.to_owned(),
            file,
            entries: Vec::new(),
            problem: None,
            damaged: Value::Null,
            head: GENESIS.to_owned(),
        };
        match line::parse(path, &bytes) {
            Ok(entries) => open.entries = entries,
            Err(LedgerError::Torn { .. }) => open.recover(&bytes)?,
            Err(broken) => open.replace(&bytes, &broken)?,
        }
        if let Some(last) = open.entries.last() {
            open.head.clone_from(&last.digest);
        }
        Ok(open)
    }

    /// Adds a line, on disk when this returns. Gives its digest.
    pub(super) fn append(&mut self, ledger: &str, kind: &str, data: &Value) -> Result<String, LedgerError> {
        let text = line::write(data, ledger, &self.head, self.entries.len() as u64 + 1, kind);
        let written = self.file.write_all(format!("{text}\n").as_bytes()).and_then(|()| self.file.sync_all());
        written.map_err(|source| LedgerError::Io { path: self.path.clone(), source })?;
        // What was written is read back, so that what is counted is what stands there.
        let entry = Entry::read(&text).ok_or_else(|| LedgerError::Broken {
            path: self.path.clone(),
            line: self.entries.len() + 1,
            what: "could not be read back",
        })?;
        self.head.clone_from(&entry.digest);
        self.entries.push(entry);
        Ok(self.head.clone())
    }

    fn recover(&mut self, bytes: &[u8]) -> Result<(), LedgerError> {
        let error = |source| LedgerError::Io { path: self.path.clone(), source };
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let (whole, torn) = bytes.split_at(whole);
        match line::parse(&self.path, whole) {
            Ok(entries) if !entries.is_empty() => self.entries = entries,
            Ok(_) => return self.replace(bytes, &LedgerError::Torn { path: self.path.clone() }),
            Err(broken) => return self.replace(bytes, &broken),
        }
        self.file.write_all(b"\n").map_err(error)?;
        self.head = line::digest(torn);
        let id = self.entries[0].ledger.clone();
        self.append(&id, "ledger.recovered", &json!({"torn_bytes": torn.len()}))?;
        self.problem = Some("its last line was torn by a crash; the chain was closed over it".into());
        Ok(())
    }

    /// Moves the file aside under a name that is free, and begins anew.
    fn replace(&mut self, bytes: &[u8], why: &LedgerError) -> Result<(), LedgerError> {
        let error = |source| LedgerError::Io { path: self.path.clone(), source };
        let aside = (1..).map(|n| PathBuf::from(format!("{}.damaged-{n}", self.path.display())));
        let aside = aside.into_iter().find(|p| p.symlink_metadata().is_err()).unwrap_or_default();
        fs::rename(&self.path, &aside).map_err(error)?;
        self.problem = Some(format!("{why}; it is kept as {}, and a new one begins with this run", aside.display()));
        self.damaged = json!({"problem": why.to_string(), "sha256": line::digest(bytes)});
        self.file = lock(&self.path)?;
        Ok(())
    }
}

/// The file under that name, with its lock, at its end.
fn lock(path: &Path) -> Result<File, LedgerError> {
    let error = |source| LedgerError::Io { path: path.to_owned(), source };
    let since = Instant::now();
    loop {
        let file = File::options().read(true).append(true).create(true).open(path).map_err(error)?;
        match file.try_lock() {
            Ok(()) => {
                // Another writer may have moved it aside while this one waited.
                let same = fs::metadata(path).is_ok_and(|m| file.metadata().is_ok_and(|f| f.ino() == m.ino()));
                if same {
                    return Ok(file);
                }
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(e)) => return Err(error(e)),
        }
        if since.elapsed() > PATIENCE {
            return Err(LedgerError::Held { path: path.to_owned(), seconds: PATIENCE.as_secs() });
        }
        std::thread::sleep(PAUSE);
    }
}
