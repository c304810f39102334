//! The lab's own file of a vault: the key, then each secret, one JSON object a line, readable by its owner alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::vault::KEY_BYTES;

/// First line.
#[derive(Serialize, Deserialize)]
struct Head {
    schema: String,
    key: String,
}

/// Every other line.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptSecret {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) value: String,
}

/// What such a file holds.
pub(super) struct Kept {
    pub(super) key: [u8; KEY_BYTES],
    pub(super) secrets: Vec<KeptSecret>,
}

/// Writes it on.
pub(super) struct Keeper {
    file: File,
    failure: Option<String>,
}

const SCHEMA: &str = "assay-vault/1";

impl Keeper {
    pub(super) fn create(path: &Path, key: &[u8; KEY_BYTES]) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
        let mut keeper = Self { file, failure: None };
        keeper.line(&Head { schema: SCHEMA.into(), key: hex::encode(key) })?;
        Ok(keeper)
    }

    pub(super) fn reopen(path: &Path) -> io::Result<(Kept, Self)> {
        let kept = read(path)?;
        let mut file = OpenOptions::new().read(true).append(true).open(path)?;
        if !std::fs::read(path)?.ends_with(b"\n") {
            file.write_all(b"\n")?; // a line that was torn by a crash stays, and is passed over
        }
        Ok((kept, Self { file, failure: None }))
    }

    pub(super) fn add(&mut self, id: &str, kind: &str, value: &str) -> io::Result<()> {
        let secret = KeptSecret { id: id.into(), kind: kind.into(), value: value.into() };
        let written = self.line(&secret);
        if let Err(error) = &written {
            self.failure.get_or_insert_with(|| error.to_string());
        }
        written
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.failure.clone()
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()
    }
}

pub(super) fn read(path: &Path) -> io::Result<Kept> {
    let text = std::fs::read_to_string(path)?;
    let none = || io::Error::new(io::ErrorKind::InvalidData, "it is not the file of a vault");
    let mut lines = text.lines();
    let head: Head = lines.next().and_then(|line| serde_json::from_str(line).ok()).ok_or_else(none)?;
    let key = hex::decode(&head.key).ok().and_then(|key| key.try_into().ok()).ok_or_else(none)?;
    if head.schema != SCHEMA {
        return Err(none());
    }
    // A line torn by a crash is no secret that anything was redacted with.
    Ok(Kept { key, secrets: lines.filter_map(|line| serde_json::from_str(line).ok()).collect() })
}
