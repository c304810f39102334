//! What `verify` says.

use std::fmt;

use super::role::Role;
use super::stamp::Stamp;

/// What is wrong with a pack, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    /// An earlier revision that the pack keeps is not the one that was sealed.
    Revision,
    /// No pack, not sealed, or not readable.
    NotAPack,
    /// `SHA256SUMS` lists a file that is not there.
    Missing,
    /// A file is there that `SHA256SUMS` does not list.
    Added,
    /// A file has other bytes than those that were sealed.
    Edited,
    /// A path that a pack may not hold: steps out, device names, odd characters.
    Path,
    /// A symbolic link, pipe or device in place of a file.
    NotAFile,
    /// Two paths that differ by case only.
    CaseClash,
    /// A file could not be read.
    Unreadable,
    /// `SHA256SUMS` itself is malformed.
    Sums,
    /// No signature.
    Unsigned,
    /// A signature that does not fit, or was made for another purpose.
    Signature,
    /// A good signature by a key that may not sign.
    Signer,
    /// A signature that pack.json expects is not there.
    Expected,
    /// A time stamp that does not fit, or by an authority that does not count.
    Stamp,
    /// The journal's chain is broken.
    Journal,
    /// An input that the journal did not seal, or sealed otherwise.
    Inputs,
    /// Two files of the pack contradict each other.
    Mismatch,
    /// Evidence that the journal knows otherwise, or not at all.
    Evidence,
    /// A file in a format that this tool does not know.
    Version,
}

/// One thing that is wrong, in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// For scripts.
    pub kind: FindingKind,
    /// Path from the pack's root, where it is about one file.
    pub path: Option<String>,
    /// One sentence.
    pub text: String,
}

impl Finding {
    pub(super) fn new(kind: FindingKind, text: impl Into<String>) -> Self {
        Self { kind, path: None, text: text.into() }
    }
    pub(super) fn at(kind: FindingKind, path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind, path: Some(path.into()), text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => {
                write!(f, "{}: {}", crate::visible::visible_line(path), crate::visible::visible_line(&self.text))
            }
            None => f.write_str(&crate::visible::visible_line(&self.text)),
        }
    }
}

/// Whose signature stands under the pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// No good signature.
    None,
    /// A good signature; nobody said whose key it is.
    KeyNotChecked {
        /// `SHA256:...`; compare it with what the lab told you by another route.
        fingerprint: String,
    },
    /// A good signature by an allowed signer.
    Known {
        /// The principals of its line.
        principal: String,
        /// `SHA256:...`.
        fingerprint: String,
    },
}

/// One good signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// In which role.
    pub role: Role,
    /// `SHA256:...`.
    pub fingerprint: String,
    /// The principals of its line; absent where no allowed signers were given.
    pub principal: Option<String>,
}

/// The end of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Unchanged since it was sealed, by an allowed signer.
    Ok,
    /// Unchanged since somebody sealed it; whose key it is was not checked.
    OkUnknownKey,
    /// Do not rely on it.
    Broken,
}

/// What `verify` saw.
#[derive(Debug, Clone)]
pub struct VerifyReport {
    /// Everything that is wrong; empty for a good pack.
    pub findings: Vec<Finding>,
    /// What is worth knowing and no fault: an interrupted run, signatures by other roles.
    pub notes: Vec<String>,
    /// Whose signature.
    pub trust: Trust,
    /// All good signatures, the bench's first.
    pub signatures: Vec<Signed>,
    /// All good time stamps.
    pub stamps: Vec<Stamp>,
    /// Files that `SHA256SUMS` lists.
    pub files: usize,
    /// Their size in bytes, as found.
    pub bytes: u64,
    /// Journal lines, as read.
    pub journal_records: u64,
    /// SHA-256 of the journal's last line.
    pub journal_head: String,
    /// SHA-256 of `SHA256SUMS`: the pack's identity. Empty where there is none.
    pub sums_sha256: String,
}

impl VerifyReport {
    pub(super) fn empty() -> Self {
        Self {
            findings: Vec::new(),
            notes: Vec::new(),
            trust: Trust::None,
            signatures: Vec::new(),
            stamps: Vec::new(),
            files: 0,
            bytes: 0,
            journal_records: 0,
            journal_head: String::new(),
            sums_sha256: String::new(),
        }
    }

    /// Never `Ok` without a good signature by an allowed signer.
    #[must_use]
    pub fn state(&self) -> State {
        match (&self.trust, self.findings.is_empty()) {
            (Trust::Known { .. }, true) => State::Ok,
            (Trust::KeyNotChecked { .. }, true) => State::OkUnknownKey,
            _ => State::Broken,
        }
    }
}
