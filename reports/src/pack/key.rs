//! The key that a bench signs with.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey};

/// A private key in memory.
pub struct SigningKey(PrivateKey);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.fingerprint())
    }
}

/// A key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not there, or not readable.
    #[error("the signing key {path} could not be read: {source}; name another with --key, or let `assay run` make one")]
    Read {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Could not be made or kept.
    #[error("a signing key could not be made at {path}: {source}; make the folder writable or name another with --key")]
    Create {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may read it.
    #[error("the signing key {path} has mode {mode:04o}: others could sign with it; run `chmod 600 {path}`")]
    TooOpen {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It needs a passphrase.
    #[error(
        "the signing key {path} is protected by a passphrase; sign with `ssh-keygen -Y sign` instead, or use a key without one"
    )]
    Encrypted {
        /// The key file.
        path: PathBuf,
    },
    /// Not an OpenSSH private key of a kind that can sign here.
    #[error("{path} is not a usable OpenSSH private key: {reason}; make one with `ssh-keygen -t ed25519`")]
    Format {
        /// The key file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// Signing failed.
    #[error("the key {fingerprint} could not sign: {reason}")]
    Sign {
        /// The key.
        fingerprint: String,
        /// What the signer said.
        reason: String,
    },
}

/// `assay/keys/bench_ed25519` below `XDG_CONFIG_HOME`, or below `HOME/.config`. Relative values of the former are
/// ignored, as the XDG specification asks.
#[must_use]
pub fn default_key_path(xdg_config_home: Option<&OsStr>, home: Option<&OsStr>) -> Option<PathBuf> {
    let xdg = xdg_config_home.map(PathBuf::from).filter(|p| p.is_absolute());
    let config = xdg.or_else(|| home.filter(|h| !h.is_empty()).map(|h| Path::new(h).join(".config")))?;
    Some(config.join("assay/keys/bench_ed25519"))
}

impl SigningKey {
    /// Reads an OpenSSH private key.
    ///
    /// # Errors
    /// Missing, readable by others, protected by a passphrase, or of a kind that cannot sign here (only Ed25519 can).
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let read = |source| KeyError::Read { path: path.to_owned(), source };
        let mode = fs::metadata(path).map_err(read)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::TooOpen { path: path.to_owned(), mode });
        }
        let text = fs::read_to_string(path).map_err(read)?;
        let format = |reason: String| KeyError::Format { path: path.to_owned(), reason };
        let key = PrivateKey::from_openssh(&text).map_err(|e| format(e.to_string()))?;
        if key.is_encrypted() {
            return Err(KeyError::Encrypted { path: path.to_owned() });
        }
        if key.algorithm() != Algorithm::Ed25519 {
            return Err(format(format!("its kind is {}, only ssh-ed25519 can sign here", key.algorithm())));
        }
        Ok(Self(key))
    }

    /// Reads the key, or makes one with mode 0600 and its public half beside it. The flag says whether it was made now.
    ///
    /// # Errors
    /// As [`SigningKey::load`]; or the folder is not writable.
    pub fn load_or_create(path: &Path, comment: &str) -> Result<(Self, bool), KeyError> {
        if fs::symlink_metadata(path).is_ok() {
            return Ok((Self::load(path)?, false));
        }
        let create = |source| KeyError::Create { path: path.to_owned(), source };
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(create)?;
        let mut key =
            PrivateKey::random(&mut rand_core::OsRng, Algorithm::Ed25519).map_err(|e| create(io::Error::other(e)))?;
        key.set_comment(comment);
        let pem = key.to_openssh(LineEnding::LF).map_err(|e| create(io::Error::other(e)))?;
        // A temporary file has mode 0600, and appears under its name whole or not at all.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(create)?;
        file.write_all(pem.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(create)?;
        match file.persist_noclobber(path) {
            Ok(_) => {}
            Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => return Ok((Self::load(path)?, false)),
            Err(e) => return Err(create(e.error)),
        }
        let made = Self(key);
        let mut public = path.as_os_str().to_owned();
        public.push(".pub");
        fs::write(&public, format!("{}\n", made.public_openssh())).map_err(create)?;
        Ok((made, true))
    }

    /// A key that is forgotten afterwards, for tests and trials.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn throwaway() -> Result<Self, KeyError> {
        PrivateKey::random(&mut rand_core::OsRng, Algorithm::Ed25519)
            .map(Self)
            .map_err(|e| KeyError::Sign { fingerprint: "new key".into(), reason: e.to_string() })
    }

    /// `ssh-ed25519 AAAA... comment`.
    #[must_use]
    pub fn public_openssh(&self) -> String {
        self.0.public_key().to_openssh().unwrap_or_default()
    }

    /// `SHA256:...`, as `ssh-keygen -l` prints it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint(HashAlg::Sha256).to_string()
    }

    /// The line for an `allowed_signers` file: who may sign packs with this key.
    #[must_use]
    pub fn allowed_signers_line(&self, principal: &str) -> String {
        let public = self.public_openssh();
        let key: Vec<&str> = public.splitn(3, ' ').take(2).collect();
        format!("{principal} namespaces=\"{}\" {}", super::NAMESPACE, key.join(" "))
    }

    /// An armoured SSHSIG over `bytes`.
    ///
    /// # Errors
    /// The key's kind cannot sign.
    pub fn sign(&self, namespace: &str, bytes: &[u8]) -> Result<String, KeyError> {
        let sign = self.0.sign(namespace, HashAlg::Sha512, bytes).and_then(|s| s.to_pem(LineEnding::LF));
        sign.map_err(|e| KeyError::Sign { fingerprint: self.fingerprint(), reason: e.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_private_and_found_again() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("keys/bench_ed25519");
        let (made, new) = SigningKey::load_or_create(&path, "assay@here").expect("make");
        assert!(new);
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        let (again, new) = SigningKey::load_or_create(&path, "other").expect("load");
        assert!(!new);
        assert_eq!(made.fingerprint(), again.fingerprint());
        assert!(fs::read_to_string(dir.path().join("keys/bench_ed25519.pub")).expect("pub").ends_with("assay@here\n"));
    }

    #[test]
    fn refuses_a_key_that_others_can_read_and_one_that_is_none() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("k");
        SigningKey::load_or_create(&path, "c").expect("make");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("chmod");
        assert!(matches!(SigningKey::load(&path), Err(KeyError::TooOpen { mode: 0o640, .. })));
        fs::write(&path, "-----BEGIN OPENSSH PRIVATE KEY-----\nnope\n").expect("write");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("chmod");
        assert!(matches!(SigningKey::load(&path), Err(KeyError::Format { .. })));
        assert!(matches!(SigningKey::load(&dir.path().join("none")), Err(KeyError::Read { .. })));
    }

    #[test]
    fn the_default_place_honours_xdg() {
        let at = |x: Option<&str>, h: Option<&str>| default_key_path(x.map(OsStr::new), h.map(OsStr::new));
        assert_eq!(at(Some("/x"), Some("/h")), Some("/x/assay/keys/bench_ed25519".into()));
        assert_eq!(at(Some("rel"), Some("/h")), Some("/h/.config/assay/keys/bench_ed25519".into()));
        assert_eq!(at(None, None), None);
    }
}
