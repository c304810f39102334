//! What was redacted, as it was: kept beside its twin, readable by the lab alone.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::redact::{Encrypting, LabKey};

/// The original of one file, written while its twin is. In clear it never touches the disk.
pub(super) struct Original {
    path: PathBuf,
    out: Encrypting,
}

impl Original {
    /// Beside `twin`, with `.age` after its name.
    pub(super) fn create(twin: &Path, to: &LabKey) -> io::Result<Self> {
        let path = beside(twin);
        Ok(Self { out: to.encrypting(&path)?, path })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    /// The twin lacks something: the original stays. Gives what `evidence.close` says of it.
    pub(super) fn keep(self) -> io::Result<(PathBuf, Value)> {
        self.out.finish()?.sync_all()?;
        facts(&self.path).map(|facts| (self.path, facts))
    }

    /// The twin is the original.
    pub(super) fn discard(self) -> io::Result<()> {
        drop(self.out);
        fs::remove_file(&self.path)
    }
}

/// Where the original of a file lies.
pub(super) fn beside(twin: &Path) -> PathBuf {
    twin.with_added_extension("age")
}

/// Size and digest of an encrypted original.
pub(super) fn facts(path: &Path) -> io::Result<Value> {
    let mut file = File::open(path)?;
    let (mut hash, mut size, mut chunk) = (Sha256::new(), 0_u64, vec![0; 1 << 16]);
    loop {
        let length = file.read(&mut chunk)?;
        if length == 0 {
            break;
        }
        hash.update(&chunk[..length]);
        size += length as u64;
    }
    Ok(json!({"size": size, "sha256": hex::encode(hash.finalize()), "sensitivity": "restricted"}))
}
