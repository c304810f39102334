//! The next revision of a pack, as a folder beside it that has not been sealed yet.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::Format;
use crate::pack::{outside_sums, walk_files};

/// Folders whose files no revision replaces: the run's own record.
const KEPT: [&str; 6] = ["journal/journal.jsonl", "evidence/", "inputs/", "cases/", "redaction/", "revisions/"];

/// A revision that could not be prepared. The pack is as it was.
#[derive(Debug, thiserror::Error)]
pub enum StagingError {
    /// It was reviewed already.
    #[error("revision {revision} is already there: {folder}; review that one")]
    Exists {
        /// The revision.
        revision: u32,
        /// Where.
        folder: PathBuf,
    },
    /// Somebody else is at it.
    #[error("another review of {0} is under way; wait for it to end")]
    Locked(PathBuf),
    /// Something stands in the way that is no unfinished review.
    #[error("{0} is in the way and is no unfinished review; move it elsewhere")]
    InTheWay(PathBuf),
    /// Reading or writing failed.
    #[error("{what} {path} failed: {source}; the pack is as it was: free space or repair the disk, then review again")]
    Io {
        /// `reading`, `copying`, ...
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A copy of a pack on its way to the next revision. Dropped before it is sealed, it goes.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    exports: Vec<Format>,
    _lock: File,
}

impl Staging {
    /// Copies `pack` to `NAME-rN.partial` beside it, with all that the new revision replaces under `revisions/<N-1>/`:
    /// reports and manifest, and the older `SHA256SUMS` with its signatures as `sums.txt` and `sums.sshsig`.
    ///
    /// What an earlier review left behind when it was killed is cleared away first: it was never part of anything.
    ///
    /// # Errors
    /// See [`StagingError`]; nothing is left behind.
    pub fn begin(pack: &Path, revision: u32) -> Result<Self, StagingError> {
        let fault = |what, path: &Path| {
            let path = path.to_owned();
            move |source| StagingError::Io { what, path, source }
        };
        let pack = fs::canonicalize(pack).map_err(fault("reading", pack))?;
        let target = pack.with_file_name(format!("{}-r{revision}", base_name(&pack)));
        if fs::symlink_metadata(&target).is_ok() {
            return Err(StagingError::Exists { revision, folder: target });
        }
        let sums = pack.join("SHA256SUMS");
        let lock = File::open(&sums).map_err(fault("reading", &sums))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => StagingError::Locked(pack.clone()),
            TryLockError::Error(source) => StagingError::Io { what: "locking", path: sums.clone(), source },
        })?;
        let folder = target.with_added_extension("partial");
        if fs::symlink_metadata(&folder).is_ok() {
            if !folder.join("revisions").is_dir() {
                return Err(StagingError::InTheWay(folder));
            }
            fs::remove_dir_all(&folder).map_err(fault("clearing", &folder))?;
        }
        let kept = folder.join("revisions").join(revision.saturating_sub(1).to_string());
        fs::create_dir_all(&kept).map_err(fault("making", &kept))?;
        let mut staging = Self { folder, exports: Vec::new(), _lock: lock };
        let files = walk_files(&pack).map_err(|(path, source)| fault("listing", &pack.join(path))(source))?;
        for path in &files {
            staging.take(&pack, path, &kept)?;
        }
        staging.exports = Format::ALL.into_iter().filter(|f| files.iter().any(|p| p == f.path())).collect();
        Ok(staging)
    }

    /// Where it is being made.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The reports that the older revision had: the new one has the same.
    #[must_use]
    pub fn exports(&self) -> &[Format] {
        &self.exports
    }

    fn take(&self, pack: &Path, path: &str, kept: &Path) -> Result<(), StagingError> {
        if outside_sums(path) {
            // Under another name: stock tools pass over every SHA256SUMS*, at any depth.
            let name = match path.strip_prefix("SHA256SUMS") {
                Some("") => "sums.txt".to_owned(),
                Some(rest) => format!("sums{rest}"),
                None => path.to_owned(),
            };
            return copy(&pack.join(path), &kept.join(name));
        }
        copy(&pack.join(path), &self.folder.join(path))?;
        if KEPT.iter().any(|own| path.starts_with(own)) {
            return Ok(());
        }
        copy(&pack.join(path), &kept.join(path))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Sealing renames it; what still has this name was not sealed.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), StagingError> {
    let parent = to.parent().unwrap_or(to);
    let copied = fs::create_dir_all(parent).and_then(|()| fs::copy(from, to)).and_then(|_| File::open(to)?.sync_all());
    copied.map_err(|source| StagingError::Io { what: "copying", path: from.to_owned(), source })
}

/// A pack's name without the revision that a review added.
fn base_name(pack: &Path) -> String {
    let name = pack.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    match name.rsplit_once("-r") {
        Some((base, n)) if !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) => base.to_owned(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_counted_from_the_name_of_the_first() {
        assert_eq!(base_name(Path::new("x/20261122T090000Z-cam-1f2e")), "20261122T090000Z-cam-1f2e");
        assert_eq!(base_name(Path::new("x/20261122T090000Z-cam-1f2e-r12")), "20261122T090000Z-cam-1f2e");
        assert_eq!(base_name(Path::new("x/cam-rx")), "cam-rx");
    }
}
