//! One file per check.

use std::sync::Arc;

use assay_model::{Check, erase};

pub mod crypto;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod ssh;
pub mod tls;

/// Every check there is. A new one is a file and a line here.
#[must_use]
pub fn all() -> Vec<Arc<dyn Check>> {
    vec![
        erase(crypto::CryptoPolicy),
        erase(ssh::SshAlgorithms),
        erase(ssh::SshCompare),
        erase(ssh::SshHostKeys),
        erase(tls::TlsCompare),
        erase(tls::TlsScan),
    ]
}
