//! SSHSIG: what `ssh-keygen -Y sign` writes (OpenSSH's PROTOCOL.sshsig).

use aws_lc_rs::digest::{self, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::public_key::PublicKey;
use super::wire::{Wire, put};

const MAGIC: &[u8] = b"SSHSIG";
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----\n";
const END: &str = "-----END SSH SIGNATURE-----\n";
/// OpenSSH's width of a line.
const WIDTH: usize = 70;

/// One signature, taken apart.
#[derive(Debug)]
pub(in crate::pack) struct SshSig {
    /// Whose.
    pub(in crate::pack) key: PublicKey,
    /// For what.
    pub(in crate::pack) namespace: String,
    hash: String,
    signature: Vec<u8>,
}

impl SshSig {
    /// Around a signature that was made over [`signed_data`].
    pub(in crate::pack) fn new(key: PublicKey, namespace: &str, signature: Vec<u8>) -> Self {
        Self { key, namespace: namespace.to_owned(), hash: "sha512".into(), signature }
    }

    /// Reads the armoured form, strictly: one way to write each signature, so that every changed byte shows.
    ///
    /// # Errors
    /// What is wrong, in words that follow the file's name.
    pub(in crate::pack) fn from_armoured(text: &[u8]) -> Result<Self, &'static str> {
        const NONE: &str = "is no OpenSSH signature";
        let text = std::str::from_utf8(text).map_err(|_| NONE)?;
        let body = text.strip_prefix(BEGIN).and_then(|t| t.strip_suffix(END)).ok_or(NONE)?;
        let blob = STANDARD.decode(body.replace('\n', "")).map_err(|_| NONE)?;
        let mut wire = Wire(&blob);
        let read = || -> Option<(u32, Self)> {
            wire.take(MAGIC.len()).filter(|m| *m == MAGIC)?;
            let version = wire.u32()?;
            let key = PublicKey::from_wire(wire.string()?)?;
            let namespace = wire.text()?.to_owned();
            // Reserved; signing over it is not defined, so it has to be empty.
            wire.string().filter(|r| r.is_empty())?;
            let (hash, signature) = (wire.text()?.to_owned(), wire.string()?.to_vec());
            wire.is_empty().then_some((version, Self { key, namespace, hash, signature }))
        };
        let mut read = read;
        let (version, sig) = read().ok_or(NONE)?;
        if version != 1 {
            return Err("is an OpenSSH signature of a newer format than this tool knows");
        }
        if sig.armoured() != text {
            return Err("is not written as ssh-keygen writes it: something was added to it");
        }
        Ok(sig)
    }

    /// The text of a `.sshsig` file.
    pub(in crate::pack) fn armoured(&self) -> String {
        let mut blob = MAGIC.to_vec();
        blob.extend_from_slice(&1u32.to_be_bytes());
        put(&mut blob, self.key.wire());
        put(&mut blob, self.namespace.as_bytes());
        put(&mut blob, b"");
        put(&mut blob, self.hash.as_bytes());
        put(&mut blob, &self.signature);
        let text = STANDARD.encode(&blob);
        let mut out = BEGIN.to_owned();
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, more) = rest.split_at(rest.len().min(WIDTH));
            out.push_str(line);
            out.push('\n');
            rest = more;
        }
        out + END
    }

    /// Whether it was made over `message` by its key.
    ///
    /// # Errors
    /// What is wrong, in words that follow "the signature".
    pub(in crate::pack) fn verify(&self, message: &[u8]) -> Result<(), &'static str> {
        let data = data(&self.namespace, &self.hash, message).ok_or("uses a digest that is not known here")?;
        self.key.verify(&data, &self.signature)
    }
}

/// The bytes that are signed for `message`, with SHA-512 as ssh-keygen has it.
pub(in crate::pack) fn signed_data(namespace: &str, message: &[u8]) -> Vec<u8> {
    data(namespace, "sha512", message).unwrap_or_default()
}

fn data(namespace: &str, hash: &str, message: &[u8]) -> Option<Vec<u8>> {
    let way = match hash {
        "sha512" => &digest::SHA512,
        "sha256" => &digest::SHA256,
        _ => return None,
    };
    let mut out = MAGIC.to_vec();
    for part in [namespace.as_bytes(), b"", hash.as_bytes(), digest(way, message).as_ref()] {
        put(&mut out, part);
    }
    Some(out)
}

/// A plain Ed25519 signature in SSH's encoding.
pub(in crate::pack) fn ed25519_signature(plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, b"ssh-ed25519");
    put(&mut out, plain);
    out
}
