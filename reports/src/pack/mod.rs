//! The evidence pack: sealing a run's folder, and telling whether a sealed one is still what was sealed.
//!
//! Everything that counts rests on three things that stock tools check too: `SHA256SUMS` over every file, an OpenSSH
//! signature over `SHA256SUMS`, and the chain of hashes through the journal.

mod chain;
mod findings;
mod key;
mod manifest;
mod paths;
mod readme;
mod seal;
mod signature;
mod signers;
mod sums;
mod verify;
mod zip;

pub use findings::{Finding, FindingKind, State, Trust, VerifyReport};
pub use key::{KeyError, SigningKey, default_key_path};
pub use paths::path_problem;
pub use seal::{SealError, SealOptions, Sealed, seal};
pub use verify::verify;
pub use zip::{ZipError, read_zip, write_zip};

/// What signatures over `SHA256SUMS` are bound to: `ssh-keygen -Y verify -n`.
pub const NAMESPACE: &str = "assay-evidence-pack-v1";
