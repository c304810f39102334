//! Passwords at rest: a keyed digest, compared in constant time.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// A stored password that can only be compared with.
#[derive(Debug, Clone)]
pub(crate) struct Verifier {
    key: [u8; 32],
    digest: [u8; 32],
}

impl Verifier {
    /// `key` is the sample's own.
    pub(crate) fn of(password: &str, key: &[u8; 32]) -> Self {
        Self { key: *key, digest: keyed_hash(key, password.as_bytes()).finalize().into_bytes().into() }
    }

    /// What is stored.
    pub(crate) const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    pub(crate) fn matches(&self, password: &str) -> bool {
        keyed_hash(&self.key, password.as_bytes()).verify_slice(&self.digest).is_ok()
    }
}

/// HMAC-SHA256 of `message`, not yet closed.
pub(crate) fn keyed_hash(key: &[u8; 32], message: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(message);
    mac
}
