//! One signature over `SHA256SUMS`, looked at.

use ssh_key::{HashAlg, PublicKey, SshSig};

use super::NAMESPACE;
use super::signers::{self, Signer, Unfit};

/// A signature that is mathematically good and in our namespace.
pub(super) struct Good {
    /// `SHA256:...`.
    pub(super) fingerprint: String,
    /// Who, by the allowed signers; absent where none were given.
    pub(super) principal: Option<String>,
}

/// A signature that does not count.
pub(super) enum Bad {
    /// No SSHSIG.
    Unreadable(String),
    /// Made for another purpose.
    Namespace(String),
    /// Not over these bytes, or not by that key.
    Wrong(String),
    /// Good, but by a key that the allowed signers do not have, or not for this.
    Signer {
        /// The key.
        fingerprint: String,
        /// Why.
        why: String,
    },
}

/// Checks `armoured` over `bytes`.
pub(super) fn check(armoured: &[u8], bytes: &[u8], allowed: Option<&[Signer]>, now: &str) -> Result<Good, Bad> {
    let signature = SshSig::from_pem(armoured).map_err(|e| Bad::Unreadable(e.to_string()))?;
    if signature.namespace() != NAMESPACE {
        return Err(Bad::Namespace(signature.namespace().to_owned()));
    }
    let key = PublicKey::new(signature.public_key().clone(), "");
    key.verify(NAMESPACE, bytes, &signature).map_err(|e| Bad::Wrong(e.to_string()))?;
    let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
    let Some(signers) = allowed else { return Ok(Good { fingerprint, principal: None }) };
    match signers::find(signers, key.key_data(), NAMESPACE, now) {
        Ok(signer) => Ok(Good { fingerprint, principal: Some(signer.principals.clone()) }),
        Err(unfit) => {
            let why = match unfit {
                Unfit::Unknown => "no line of the allowed signers has it".to_owned(),
                Unfit::Namespace(list) => format!("its line allows the namespaces `{list}` only"),
                Unfit::Time(when) => format!("its line is valid {when}"),
            };
            Err(Bad::Signer { fingerprint, why })
        }
    }
}
