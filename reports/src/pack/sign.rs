//! Another signature for a sealed pack.

use std::io;
use std::path::{Path, PathBuf};

use super::findings::{Finding, FindingKind, Signed};
use super::key::{KeyError, SigningKey};
use super::role::Role;
use super::verify::verify;
use super::{NAMESPACE, write};

/// A pack that was not signed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// A signature vouches for what it stands under.
    #[error("{} is not whole, and nobody should sign it: {finding}", pack.display())]
    Broken {
        /// The pack.
        pack: PathBuf,
        /// The first thing that is wrong.
        finding: Finding,
    },
    /// Somebody signed in that role.
    #[error("{} is there already: one signature a role; move it away to sign anew", path.display())]
    Exists {
        /// The signature's file.
        path: PathBuf,
    },
    /// The key has signed in another role.
    #[error(
        "the key {fingerprint} has signed this pack as {}: another role needs another key, or it vouches for nothing",
        role.word()
    )]
    SameKey {
        /// The key.
        fingerprint: String,
        /// Its role.
        role: Role,
    },
    /// The key could not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The signature could not be written.
    #[error("{} could not be written: {source}; the pack is as it was", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Signs a sealed pack in `role` and gives the signature's path. The pack is verified first; whose keys signed it before
/// is not asked.
///
/// # Errors
/// See [`SignError`].
pub fn sign(pack: &Path, role: Role, key: &SigningKey) -> Result<PathBuf, SignError> {
    let path = pack.join(role.file());
    if path.symlink_metadata().is_ok() {
        return Err(SignError::Exists { path });
    }
    let report = verify(pack, None);
    // What is asked for here may be the very thing that is missing.
    let missing = |f: &Finding| match f.kind {
        FindingKind::Expected => true,
        FindingKind::Unsigned => role == Role::Bench,
        _ => false,
    };
    if let Some(finding) = report.findings.into_iter().find(|f| !missing(f)) {
        return Err(SignError::Broken { pack: pack.to_owned(), finding });
    }
    let fingerprint = key.fingerprint();
    if let Some(Signed { role, .. }) = report.signatures.into_iter().find(|s| s.fingerprint == fingerprint) {
        return Err(SignError::SameKey { fingerprint, role });
    }
    let write = |source| SignError::Write { path: path.clone(), source };
    let sums = std::fs::read(pack.join("SHA256SUMS")).map_err(write)?;
    let signature = key.sign(NAMESPACE, &sums)?;
    write::new(&path, signature.as_bytes()).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => SignError::Exists { path: path.clone() },
        _ => write(source),
    })?;
    Ok(path)
}
