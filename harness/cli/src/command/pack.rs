//! Sealing a finished run, and the key that signs it.

use std::path::{Path, PathBuf};

use assay_model::results::Results;
use assay_reports::Format;
use assay_reports::pack::{self, Expected, Role, SealOptions, Sealed, SigningKey};
use assay_reports::review::Staging;

use super::passphrase;
use crate::say;

/// The bench's key and the name it signs under.
pub(super) struct Signer {
    key: SigningKey,
    principal: String,
    expected: Vec<Expected>,
    exports: Vec<Format>,
}

impl Signer {
    /// Loads the key of `--sign`, or the bench's own, made on first use. Called before a run starts, so that hours of work
    /// never end at a missing key.
    pub(super) fn ready(sign: Option<&Path>, expected: Vec<Expected>) -> Result<Self, String> {
        let principal = format!("assay@{}", host_name());
        if let Some(path) = sign {
            let key = SigningKey::open(path, &passphrase::ask).map_err(|e| e.to_string())?;
            return Ok(Self { key, principal, expected, exports: Vec::new() });
        }
        let path = default_key_path().ok_or(
            "neither HOME nor XDG_CONFIG_HOME is set, so there is no place for a signing key; name one with --sign",
        )?;
        let (key, made) = SigningKey::load_or_create(&path, &principal).map_err(|e| e.to_string())?;
        let signers = path.with_file_name("allowed_signers");
        let line = key.allowed_signers_line(&principal);
        if made || !signers.exists() {
            std::fs::write(&signers, format!("{}\n", line.trim_end()))
                .map_err(|e| format!("{} could not be written: {e}", signers.display()))?;
        }
        if made {
            say::note(format!("a signing key was made: {}", path.display()));
            say::note(format!("give assessors its public half, {}:\n  {}", signers.display(), line.trim_end()));
        }
        Ok(Self { key, principal, expected, exports: Vec::new() })
    }

    /// The same, which also writes these reports into the pack.
    pub(super) fn exporting(self, exports: Vec<Format>) -> Self {
        Self { exports, ..self }
    }

    /// Seals a run's folder and renames it to its final name.
    pub(super) fn seal(&self, folder: &Path, results: &Results) -> Result<Sealed, pack::SealError> {
        let options = SealOptions {
            expected: self.expected.clone(),
            ledger_proof: super::ledger::seal(results),
            exports: self.exports.clone(),
            ..SealOptions::new(&self.principal)
        };
        pack::seal(folder, results, &self.key, &options)
    }

    /// The laboratory's key: `SHA256:...`.
    pub(super) fn fingerprint(&self) -> String {
        self.key.fingerprint()
    }

    /// Seals the disclosure edition of a pack.
    pub(super) fn disclose(&self, pack: &Path, to: &Path, leave_out: &[String]) -> Result<Sealed, pack::DiscloseError> {
        pack::disclose(pack, to, leave_out, &self.key, &self.principal)
    }

    /// Seals the next revision of a pack, with the reports that the one before had. It is not good without the
    /// reviewer's signature.
    pub(super) fn seal_revision(
        &self,
        staging: &Staging,
        results: &Results,
        reviewer: String,
    ) -> Result<Sealed, pack::SealError> {
        let expected = vec![Expected { role: Role::Reviewer, identity: None, fingerprint: Some(reviewer) }];
        let exports = staging.exports().to_vec();
        let options = SealOptions { exports, expected, ..SealOptions::new(&self.principal) };
        pack::seal(staging.folder(), results, &self.key, &options)
    }
}

pub(super) fn default_key_path() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name);
    pack::default_key_path(variable("XDG_CONFIG_HOME").as_deref(), variable("HOME").as_deref())
}

/// Where the vaults of runs stay: with the user, never in a pack.
pub(super) fn vaults() -> Option<PathBuf> {
    Some(default_key_path()?.parent()?.parent()?.join("vaults"))
}

/// Where the ledgers of benches stay: beside the signing key, one file a bench.
pub(super) fn ledgers() -> Option<PathBuf> {
    Some(default_key_path()?.parent()?.parent()?.join("ledger"))
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
    if name.is_empty() { "bench".into() } else { name }
}
