//! A sealed pack, folder or zip, opened for reading: nothing in it is believed before it has been verified.

use std::path::{Path, PathBuf};

use assay_model::results::Results;

use super::findings::{State, VerifyReport};
use super::verify::verify;
use super::zip::{ZipError, read_zip};

/// A pack that verified.
#[derive(Debug)]
pub struct OpenPack {
    /// Its files; a zip's are unpacked into a place of their own, which goes when this does.
    pub folder: PathBuf,
    /// results/results.json.
    pub results: Results,
    /// What verifying said: whose signature, notes, digest of `SHA256SUMS`.
    pub report: VerifyReport,
    unpacked: Option<tempfile::TempDir>,
}

/// A pack that is not relied on.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing of that name.
    #[error("there is no {0}; name a pack's folder or its .evp.zip")]
    Missing(PathBuf),
    /// The zip could not be unpacked.
    #[error(transparent)]
    Zip(#[from] ZipError),
    /// No place to unpack to.
    #[error("no temporary folder could be made for {path}: {source}; free space or set TMPDIR")]
    Temporary {
        /// The zip.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It does not verify.
    #[error("{path} does not verify: {first}{more}; `assay verify` lists everything")]
    Broken {
        /// The pack.
        path: PathBuf,
        /// The first finding.
        first: String,
        /// ` (and 3 more)`, or nothing.
        more: String,
    },
    /// Its results cannot be read by this version.
    #[error("{path}: results/results.json is not in the format that this version knows: {reason}")]
    Results {
        /// The pack.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
}

impl OpenPack {
    /// Whether the pack came as a zip.
    #[must_use]
    pub const fn is_zip(&self) -> bool {
        self.unpacked.is_some()
    }

    /// Keys that signed the run itself, as its manifest names them: `SHA256:...`.
    #[must_use]
    pub fn run_keys(&self) -> Vec<String> {
        let first = self.folder.join("revisions/0/pack.json");
        let path = if first.exists() { first } else { self.folder.join("pack.json") };
        let manifest: serde_json::Value =
            std::fs::read(path).ok().and_then(|b| serde_json::from_slice(&b).ok()).unwrap_or_default();
        let expected = manifest["signatures_expected"].as_array().into_iter().flatten();
        let others = expected.filter(|e| e["role"] != "reviewer");
        others.filter_map(|e| e["key_fingerprint"].as_str()).map(str::to_owned).collect()
    }
}

/// Opens and verifies. Without `allowed_signers` any good signature will do: whose key it is, is not asked.
///
/// # Errors
/// See [`OpenError`]; a pack with a finding is never opened.
pub fn open(path: &Path, allowed_signers: Option<&Path>) -> Result<OpenPack, OpenError> {
    let (folder, unpacked) = if path.is_file() {
        let temp = tempfile::tempdir().map_err(|source| OpenError::Temporary { path: path.to_owned(), source })?;
        read_zip(path, temp.path())?;
        (temp.path().to_owned(), Some(temp))
    } else if path.is_dir() {
        (path.to_owned(), None)
    } else {
        return Err(OpenError::Missing(path.to_owned()));
    };
    let report = verify(&folder, allowed_signers);
    if report.state() == State::Broken {
        let first = report.findings.first().map_or_else(|| "nothing vouches for it".to_owned(), ToString::to_string);
        let more = match report.findings.len() {
            0 | 1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        return Err(OpenError::Broken { path: path.to_owned(), first, more });
    }
    let read = || -> Result<Results, String> {
        let bytes = std::fs::read(folder.join("results/results.json")).map_err(|e| e.to_string())?;
        serde_json::from_slice(&bytes).map_err(|e| e.to_string())
    };
    let results = read().map_err(|reason| OpenError::Results { path: path.to_owned(), reason })?;
    Ok(OpenPack { folder, results, report, unpacked })
}
