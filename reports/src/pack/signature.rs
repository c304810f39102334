//! One signature over `SHA256SUMS`, looked at.

use super::NAMESPACE;
use super::revoked::Revoked;
use super::role::Role;
use super::signers::{self, Signer, Unfit};
use super::ssh::SshSig;

/// What decides whether a good signature counts.
pub(super) struct Judge {
    /// Whose; absent where nobody said.
    pub(super) allowed: Option<Vec<Signer>>,
    /// Whose no longer.
    pub(super) revoked: Revoked,
    /// The moment of signing as far as it is known: 14 digits, UTC.
    pub(super) at: String,
}

/// A signature that is mathematically good and in our namespace.
pub(super) struct Good {
    /// `SHA256:...`.
    pub(super) fingerprint: String,
    /// Who, by the allowed signers; absent where none were given.
    pub(super) principal: Option<String>,
}

/// A signature that does not count.
pub(super) enum Bad {
    /// No SSHSIG, in words that follow the file's name.
    Unreadable(&'static str),
    /// Made for another purpose.
    Namespace(String),
    /// Not over these bytes, or not by that key, in words that follow "the signature".
    Wrong(&'static str),
    /// Good, but by a key that the allowed signers do not have, or not for this.
    Signer {
        /// The key.
        fingerprint: String,
        /// Why.
        why: String,
    },
}

/// Checks `armoured` over `bytes`.
pub(super) fn check(armoured: &[u8], bytes: &[u8], role: Role, judge: &Judge) -> Result<Good, Bad> {
    let signature = SshSig::from_armoured(armoured).map_err(Bad::Unreadable)?;
    if signature.namespace != NAMESPACE {
        return Err(Bad::Namespace(signature.namespace));
    }
    let key = &signature.key;
    let fingerprint = key.fingerprint();
    let refuse = |why: String| Err(Bad::Signer { fingerprint: fingerprint.clone(), why });
    if key.is_certificate() {
        return refuse(
            "it is a certificate, and those are not followed here; `ssh-keygen -Y verify` follows them".into(),
        );
    }
    signature.verify(bytes).map_err(Bad::Wrong)?;
    if judge.revoked.has(key) {
        return refuse("it was revoked".into());
    }
    let Some(signers) = &judge.allowed else { return Ok(Good { fingerprint, principal: None }) };
    match signers::find(signers, key, NAMESPACE, role, &judge.at) {
        Ok(signer) => Ok(Good { fingerprint, principal: Some(signer.principals.clone()) }),
        Err(Unfit::Unknown) => refuse("no line of the allowed signers has it".into()),
        Err(Unfit::Namespace(list)) => refuse(format!("its line allows the namespaces `{list}` only")),
        Err(Unfit::Role(list)) => refuse(format!("its line allows the roles {list} only, not {}", role.word())),
        Err(Unfit::Time(when)) => {
            let at = signers::readable(&judge.at);
            refuse(format!("its line is valid {when}, and the moment asked about is {at}"))
        }
    }
}
