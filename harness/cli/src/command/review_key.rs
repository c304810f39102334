//! The key that a reviewer signs with: another than the bench's.

use std::path::Path;

use assay_reports::pack::{self, Role, SignError, SigningKey};

use super::{pack::default_key_path, passphrase};
use crate::say;

/// The key of `--sign`, or this account's review key, made on first use.
pub(super) fn ready(sign: Option<&Path>, by: &str) -> Result<SigningKey, String> {
    if let Some(path) = sign {
        return SigningKey::open(path, &passphrase::ask).map_err(|e| e.to_string());
    }
    let path = default_key_path().ok_or(
        "neither HOME nor XDG_CONFIG_HOME is set, so there is no place for a reviewer's key; name one with --sign",
    )?;
    let path = path.with_file_name("review_ed25519");
    let (key, made) = SigningKey::load_or_create(&path, by).map_err(|e| e.to_string())?;
    if made {
        say::note(format!("a reviewer's key was made: {}", path.display()));
        let line = key.allowed_signers_line(by);
        say::note(format!("give assessors this line for their allowed signers:\n  {}", line.trim_end()));
    }
    Ok(key)
}

/// Signs a sealed revision in the reviewer's role.
pub(super) fn sign(folder: &Path, key: &SigningKey) -> Result<(), SignError> {
    pack::sign(folder, Role::Reviewer, key).map(drop)
}
