//! Keys that no longer count: OpenSSH's KRL (PROTOCOL.krl), or a plain list of public keys and fingerprints.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use super::ssh::{PublicKey, Wire};

const MAGIC: &[u8] = b"SSHKRL\n\0";

/// What `ssh-keygen -Y verify -r` takes.
#[derive(Debug, Default)]
pub(super) struct Revoked {
    keys: BTreeSet<Vec<u8>>,
    sha256: BTreeSet<Vec<u8>>,
    sha1: BTreeSet<Vec<u8>>,
    fingerprints: BTreeSet<String>,
}

impl Revoked {
    /// Reads either form. What is not understood might revoke a key, so it is an error.
    ///
    /// # Errors
    /// What is wrong, in words that follow the file's name.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.starts_with(MAGIC) {
            return krl(bytes).unwrap_or_else(|| Err("ends too early for a key revocation list".into()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "is neither a key revocation list nor text")?;
        let mut revoked = Self::default();
        for (n, line) in text.lines().enumerate().map(|(n, l)| (n + 1, l.trim())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with("SHA256:") {
                revoked.fingerprints.insert(line.to_owned());
            } else {
                let key = PublicKey::from_openssh(line);
                let key = key.ok_or(format!("line {n} is neither a public key nor a SHA256: fingerprint"))?;
                revoked.keys.insert(key.wire().to_vec());
            }
        }
        Ok(revoked)
    }

    /// Whether the key is among them.
    pub(super) fn has(&self, key: &PublicKey) -> bool {
        self.keys.contains(key.wire())
            || self.sha256.contains(digest(&SHA256, key.wire()).as_ref())
            || self.sha1.contains(digest(&SHA1_FOR_LEGACY_USE_ONLY, key.wire()).as_ref())
            || self.fingerprints.contains(&key.fingerprint())
    }
}

/// `None` where it ends too early.
fn krl(bytes: &[u8]) -> Option<Result<Revoked, String>> {
    let mut wire = Wire(bytes.get(MAGIC.len()..)?);
    let format = wire.u32()?;
    if format != 1 {
        return Some(Err(format!("is a key revocation list of format {format}; this tool knows 1")));
    }
    let (_version, _made, _flags) = (wire.u64()?, wire.u64()?, wire.u64()?);
    let (_reserved, _comment) = (wire.string()?, wire.string()?);
    let mut revoked = Revoked::default();
    while !wire.is_empty() {
        let kind = wire.byte()?;
        let mut section = Wire(wire.string()?);
        let into = match kind {
            1 => continue, // certificates: none signs here
            2 => &mut revoked.keys,
            3 => &mut revoked.sha1,
            5 => &mut revoked.sha256,
            // A signature over the list is followed by its own string; the list is taken as the caller's word.
            4 => {
                wire.string()?;
                continue;
            }
            other => return Some(Err(format!("has a section of kind {other}, which this tool does not know"))),
        };
        while !section.is_empty() {
            into.insert(section.string()?.to_vec());
        }
    }
    Some(Ok(revoked))
}
