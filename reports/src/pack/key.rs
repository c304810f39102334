//! The key that signs: in a file, in ssh-agent, or wherever `ssh-keygen -Y sign` finds it.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssh_key::{Algorithm, LineEnding, PrivateKey};

use super::ssh::{Agent, PublicKey, SshSig, Wire, sign_by_command, signed_data};

/// A key that can sign.
pub struct SigningKey {
    public: PublicKey,
    comment: String,
    means: Means,
}

enum Means {
    Held(Box<Ed25519KeyPair>),
    Agent(Agent),
    Command(PathBuf),
}

/// Asks for the passphrase of a key file. `None` where nobody can be asked.
pub type AskPassphrase<'a> = &'a dyn Fn(&Path) -> Option<String>;

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
    /// It needs a passphrase, and there was none to be had.
    #[error(
        "the signing key {path} is protected by a passphrase; type it at a terminal, give it in ASSAY_KEY_PASSPHRASE, or put the key into ssh-agent and name {path}.pub"
    )]
    Encrypted {
        /// The key file.
        path: PathBuf,
    },
    /// The passphrase does not open it.
    #[error("the passphrase does not open the signing key {path}")]
    Passphrase {
        /// The key file.
        path: PathBuf,
    },
    /// ssh-agent does not answer, or does not hold the key.
    #[error("no key from ssh-agent: {reason}; `ssh-add -l` lists what it holds")]
    Agent {
        /// What was seen.
        reason: String,
    },
    /// Not an OpenSSH key.
    #[error("{path} is not a usable OpenSSH key: {reason}; make one with `ssh-keygen -t ed25519`")]
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
    /// The key of a `--sign` or `--key` option:
    ///
    /// - a file with an Ed25519 private key: signed with here;
    /// - a file with a private key of another kind (ECDSA, RSA, a FIDO token's handle): signed by `ssh-keygen -Y sign`;
    /// - a file with a public key: ssh-agent holds the private half, as ssh-keygen has it;
    /// - `agent:SHA256:...` or `agent:COMMENT`: ssh-agent's key of that fingerprint or comment; `agent` where it has one key;
    /// - `ssh-keygen:FILE`: signed by `ssh-keygen -Y sign -f FILE`, whatever FILE is.
    ///
    /// # Errors
    /// Missing, readable by others, a passphrase that is not to be had or wrong, or not in the agent.
    pub fn open(name: &Path, passphrase: AskPassphrase<'_>) -> Result<Self, KeyError> {
        let text = name.to_str().unwrap_or_default();
        if let Some(file) = text.strip_prefix("ssh-keygen:") {
            return Self::by_ssh_keygen(Path::new(file));
        }
        if text == "agent" {
            return Self::from_agent(&agent_socket()?, None);
        }
        match text.strip_prefix("agent:") {
            Some(which) => Self::from_agent(&agent_socket()?, Some(which)),
            None => Self::from_file(name, passphrase),
        }
    }

    /// [`SigningKey::open`] for a file, with nobody to ask for a passphrase.
    ///
    /// # Errors
    /// As [`SigningKey::open`].
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        Self::from_file(path, &|_| None)
    }

    fn from_file(path: &Path, passphrase: AskPassphrase<'_>) -> Result<Self, KeyError> {
        let read = |source| KeyError::Read { path: path.to_owned(), source };
        let format = |reason: &str| KeyError::Format { path: path.to_owned(), reason: reason.to_owned() };
        let text = fs::read_to_string(path).map_err(read)?;
        if let Some(public) = PublicKey::from_openssh(&text) {
            let which = public.fingerprint();
            return Self::from_agent(&agent_socket()?, Some(&which));
        }
        let mode = fs::metadata(path).map_err(read)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::TooOpen { path: path.to_owned(), mode });
        }
        let public = public_half(&text).ok_or_else(|| format("it holds no OpenSSH private key"))?;
        if public.kind() != "ssh-ed25519" {
            return Ok(Self { public, comment: String::new(), means: Means::Command(path.to_owned()) });
        }
        let mut key = PrivateKey::from_openssh(&text).map_err(|e| format(&e.to_string()))?;
        if key.is_encrypted() {
            let phrase = passphrase(path).ok_or_else(|| KeyError::Encrypted { path: path.to_owned() })?;
            key = key.decrypt(phrase).map_err(|_| KeyError::Passphrase { path: path.to_owned() })?;
        }
        Self::held(&key).map_err(|reason| format(&reason))
    }

    /// A key that ssh-agent holds: by fingerprint (`SHA256:...`) or comment, or the only one there is.
    ///
    /// # Errors
    /// Nobody answers at `socket`, or no key, or more than one, is meant.
    pub fn from_agent(socket: &Path, which: Option<&str>) -> Result<Self, KeyError> {
        let fail = |reason: String| KeyError::Agent { reason };
        let agent = Agent(socket.to_owned());
        let keys = agent.keys().map_err(|e| fail(format!("{}: {e}", socket.display())))?;
        let held = keys.len();
        let meant =
            |(key, comment): &(PublicKey, String)| which.is_none_or(|w| *w == key.fingerprint() || w == comment);
        let mut found = keys.into_iter().filter(|k| !k.0.is_certificate()).filter(meant);
        match (found.next(), found.next()) {
            (Some((public, comment)), None) => Ok(Self { public, comment, means: Means::Agent(agent) }),
            (None, _) => Err(fail(format!("none of its {held} keys is `{}`", which.unwrap_or("any")))),
            (Some(_), Some(_)) => Err(fail(format!("{held} keys, and `{}` means several", which.unwrap_or("agent")))),
        }
    }

    /// A key that only ssh-keygen can sign with: `path` is its private file, or its public file where ssh-agent or a token
    /// has the rest.
    ///
    /// # Errors
    /// Neither `path` nor `path.pub` holds a public key.
    pub fn by_ssh_keygen(path: &Path) -> Result<Self, KeyError> {
        let text = fs::read_to_string(path).map_err(|source| KeyError::Read { path: path.to_owned(), source })?;
        let beside = || fs::read_to_string(path.with_added_extension("pub")).ok();
        let public = PublicKey::from_openssh(&text)
            .or_else(|| public_half(&text))
            .or_else(|| PublicKey::from_openssh(&beside()?))
            .ok_or_else(|| KeyError::Format { path: path.to_owned(), reason: "it holds no OpenSSH key".into() })?;
        Ok(Self { public, comment: String::new(), means: Means::Command(path.to_owned()) })
    }

    fn held(key: &PrivateKey) -> Result<Self, String> {
        let pair = key.key_data().ed25519().ok_or("it is no Ed25519 key")?;
        let means = Ed25519KeyPair::from_seed_and_public_key(&pair.private.to_bytes(), pair.public.as_ref());
        let means = means.map_err(|e| e.to_string())?;
        Ok(Self {
            public: PublicKey::ed25519(pair.public.as_ref()),
            comment: key.comment().to_owned(),
            means: Means::Held(Box::new(means)),
        })
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
        let made = Self::held(&key).map_err(|e| create(io::Error::other(e)))?;
        fs::write(path.with_added_extension("pub"), format!("{}\n", made.public_openssh())).map_err(create)?;
        Ok((made, true))
    }

    /// A key that is forgotten afterwards, for tests and trials.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn throwaway() -> Result<Self, KeyError> {
        let fail = |reason: String| KeyError::Sign { fingerprint: "new key".into(), reason };
        let key = PrivateKey::random(&mut rand_core::OsRng, Algorithm::Ed25519).map_err(|e| fail(e.to_string()))?;
        Self::held(&key).map_err(fail)
    }

    /// `ssh-ed25519 AAAA... comment`.
    #[must_use]
    pub fn public_openssh(&self) -> String {
        format!("{} {}", self.public.openssh(), self.comment).trim_end().to_owned()
    }

    /// `SHA256:...`, as `ssh-keygen -l` prints it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.public.fingerprint()
    }

    /// The line for an `allowed_signers` file: who may sign packs with this key.
    #[must_use]
    pub fn allowed_signers_line(&self, principal: &str) -> String {
        format!("{principal} namespaces=\"{}\" {}", super::NAMESPACE, self.public.openssh())
    }

    /// An armoured SSHSIG over `bytes`, checked before it is given back.
    ///
    /// # Errors
    /// The agent or ssh-keygen refused, or signed with another key.
    pub fn sign(&self, namespace: &str, bytes: &[u8]) -> Result<String, KeyError> {
        let fail = |reason: String| KeyError::Sign { fingerprint: self.fingerprint(), reason };
        let armoured = match &self.means {
            Means::Command(path) => sign_by_command(path, namespace, bytes).map_err(|e| fail(e.to_string()))?,
            _ => {
                let signature = self.sign_wire(&signed_data(namespace, bytes)).map_err(fail)?;
                SshSig::new(self.public.clone(), namespace, signature).armoured()
            }
        };
        let made = SshSig::from_armoured(armoured.as_bytes()).map_err(|e| fail(format!("what it made {e}")))?;
        if made.key != self.public || made.namespace != namespace {
            return Err(fail(format!("the signature is by {} for `{}`", made.key.fingerprint(), made.namespace)));
        }
        made.verify(bytes).map_err(|e| fail(format!("the signature {e}")))?;
        Ok(armoured)
    }

    /// A plain Ed25519 signature (64 bytes) over `bytes`, for formats other than SSHSIG. The caller keeps purposes apart.
    ///
    /// # Errors
    /// The key is no Ed25519 key that is held here or by an agent: ssh-keygen signs nothing but SSHSIG.
    pub(crate) fn sign_plain(&self, bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
        let fail = |reason: String| KeyError::Sign { fingerprint: self.fingerprint(), reason };
        if self.public.kind() != "ssh-ed25519" || matches!(self.means, Means::Command(_)) {
            return Err(fail("only an Ed25519 key in a file or in ssh-agent can sign this".into()));
        }
        let signature = self.sign_wire(bytes).map_err(fail)?;
        self.public.verify(bytes, &signature).map_err(|e| fail(format!("the signature {e}")))?;
        let mut wire = Wire(&signature);
        let plain = wire.string().and_then(|_| wire.string()).map(<[u8]>::to_vec);
        plain.ok_or_else(|| fail("it made no signature".into()))
    }

    fn sign_wire(&self, data: &[u8]) -> Result<Vec<u8>, String> {
        match &self.means {
            Means::Held(pair) => Ok(super::ssh::ed25519_signature(pair.sign(data).as_ref())),
            Means::Agent(agent) => agent.sign(&self.public, data).map_err(|e| e.to_string()),
            Means::Command(_) => Err("ssh-keygen signs nothing but SSHSIG".into()),
        }
    }
}

fn agent_socket() -> Result<PathBuf, KeyError> {
    let socket = std::env::var_os("SSH_AUTH_SOCK").filter(|s| !s.is_empty()).map(PathBuf::from);
    socket.ok_or_else(|| KeyError::Agent { reason: "SSH_AUTH_SOCK is not set, so no agent is running".into() })
}

/// The public half stands in clear in a private key's file, encrypted or not, whatever its kind.
fn public_half(text: &str) -> Option<PublicKey> {
    let body = text.split("-----BEGIN OPENSSH PRIVATE KEY-----").nth(1)?.split("-----END").next()?;
    let blob = STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()?;
    let mut wire = Wire(blob.strip_prefix(b"openssh-key-v1\0")?);
    let (_cipher, _kdf, _options) = (wire.string()?, wire.string()?, wire.string()?);
    wire.u32().filter(|keys| *keys == 1)?;
    PublicKey::from_wire(wire.string()?)
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
        fs::write(&path, "nope").expect("write");
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
