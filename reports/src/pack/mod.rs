//! The evidence pack: sealing a run's folder, and telling whether a sealed one is still what was sealed.
//!
//! Everything that counts rests on three things that stock tools check too: `SHA256SUMS` over every file, an OpenSSH
//! signature over `SHA256SUMS`, and the chain of hashes through the journal.

mod attested;
mod beside;
mod chain;
mod disclose;
mod dsse;
mod findings;
mod key;
mod manifest;
mod open;
mod paths;
mod readme;
mod record;
mod revoked;
mod role;
mod seal;
mod sign;
mod signature;
mod signers;
mod ssh;
mod stamp;
mod stated;
mod sums;
mod verify;
mod write;
mod zip;

pub use beside::signed_by;
pub use disclose::{DiscloseError, Disclosure, disclose};
pub use dsse::{Predicate, attest};
pub use findings::{Finding, FindingKind, Signed, State, Trust, VerifyReport};
pub use key::{AskPassphrase, KeyError, SigningKey, default_key_path};
pub use open::{OpenError, OpenPack, open};
pub use paths::path_problem;
pub(crate) use paths::{outside_sums, walk_files};
pub use role::{Expected, Role};
pub use seal::{SealError, SealOptions, Sealed, seal};
pub use sign::{SignError, sign};
pub use stamp::{Stamp, StampError, Stamped, stamp_import, stamp_request};
pub(crate) use sums::{Sums, digest, read as read_sums};
pub use verify::{VerifyOptions, verify, verify_with};
pub use zip::{ZipError, read_zip, write_zip};

/// What signatures over `SHA256SUMS` are bound to: `ssh-keygen -Y verify -n`.
pub const NAMESPACE: &str = "assay-evidence-pack-v1";
