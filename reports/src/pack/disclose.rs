//! The disclosure edition of a pack: the same record and reports, without what stays between laboratory and assessor.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::key::SigningKey;
use super::open::{OpenError, open};
use super::paths::{outside_sums, walk_files};
use super::seal::{SealError, SealOptions, Sealed, seal};
use crate::Format;

/// What pack.json of a disclosure edition says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disclosure {
    /// SHA-256 of the full edition's `SHA256SUMS`.
    pub full_sums_sha256: String,
    /// Evidence files that are left out; the journal has their digests.
    pub withheld: Vec<String>,
}

/// A disclosure edition that was not made. The full one is as it was.
#[derive(Debug, thiserror::Error)]
pub enum DiscloseError {
    /// The full edition is not relied on.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A pack has no evidence of that kind.
    #[error("`{kind}` is no kind of evidence in this pack; it has {known}")]
    Kind {
        /// What was asked for.
        kind: String,
        /// Those that there are.
        known: String,
    },
    /// A pack of that name is there.
    #[error("{0} is already there; move it away, or name another place with --out")]
    Exists(PathBuf),
    /// Reading or writing failed.
    #[error("{what} {path} failed: {source}; the full edition is as it was")]
    Io {
        /// `copying`, `making`, ...
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Seals a copy of `pack` as `target`, without originals that are encrypted to the lab, and without evidence of the kinds in
/// `leave_out` (`memory`, `firmware`, ...; their `meta.json` stays). The journal, which names every digest, is the same.
///
/// # Errors
/// See [`DiscloseError`]; nothing is left behind.
pub fn disclose(
    pack: &Path,
    target: &Path,
    leave_out: &[String],
    key: &SigningKey,
    principal: &str,
) -> Result<Sealed, DiscloseError> {
    let full = open(pack, None)?;
    let kinds: BTreeSet<&str> = full.results.evidence.iter().map(|item| item.kind.as_str()).collect();
    if let Some(kind) = leave_out.iter().find(|kind| !kinds.contains(kind.as_str())) {
        let known = kinds.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
        return Err(DiscloseError::Kind { kind: kind.clone(), known });
    }
    if fs::symlink_metadata(target).is_ok() {
        return Err(DiscloseError::Exists(target.to_owned()));
    }
    let partial = target.with_added_extension("partial");
    if fs::symlink_metadata(&partial).is_ok() {
        return Err(DiscloseError::Exists(partial));
    }
    let closed: BTreeSet<&str> = full
        .results
        .evidence
        .iter()
        .filter(|item| leave_out.contains(&item.kind))
        .flat_map(|item| &item.files)
        .map(|file| file.path.as_str())
        .filter(|path| !path.ends_with("/meta.json"))
        .collect();
    let left_out = |path: &str| path.starts_with("evidence/") && (path.ends_with(".age") || closed.contains(path));
    let made = copy_all(&full.folder, &partial, &left_out).and_then(|withheld| {
        let exports = Format::ALL.into_iter().filter(|f| full.folder.join(f.path()).is_file()).collect();
        let disclosure = Disclosure { full_sums_sha256: full.report.sums_sha256.clone(), withheld };
        let options = SealOptions { exports, disclosure: Some(disclosure), ..SealOptions::new(principal) };
        seal(&partial, &full.results, key, &options).map_err(DiscloseError::from)
    });
    if made.is_err() {
        let _ = fs::remove_dir_all(&partial); // a copy of what is still there
    }
    made
}

/// Copies what stays, and lists what does not.
fn copy_all(from: &Path, to: &Path, left_out: &dyn Fn(&str) -> bool) -> Result<Vec<String>, DiscloseError> {
    let fault = |what, path: &Path, source| DiscloseError::Io { what, path: path.to_owned(), source };
    let files = walk_files(from).map_err(|(path, source)| fault("listing", &from.join(path), source))?;
    let mut withheld = Vec::new();
    for path in files {
        if left_out(&path) {
            withheld.push(path);
        } else if !outside_sums(&path) && path != "pack.json" {
            let (source, target) = (from.join(&path), to.join(&path));
            let copied = fs::create_dir_all(target.parent().unwrap_or(to))
                .and_then(|()| fs::copy(&source, &target))
                .and_then(|_| File::open(&target)?.sync_all());
            copied.map_err(|error| fault("copying", &source, error))?;
        }
    }
    Ok(withheld)
}
