//! Who signs a pack, and in which file.

/// The part in which somebody signs. One key signs in one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The bench or laboratory that made the pack: `SHA256SUMS.sshsig`.
    Bench,
    /// Who ran it.
    Operator,
    /// Who read and approved it; another person than the operator.
    Reviewer,
    /// Who saw it happen.
    Witness,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bench, Self::Operator, Self::Reviewer, Self::Witness];

    /// The word of `assay sign --role`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bench => "bench",
            Self::Operator => "operator",
            Self::Reviewer => "reviewer",
            Self::Witness => "witness",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.word() == word)
    }

    /// The signature's file, in the pack's root.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Bench => "SHA256SUMS.sshsig",
            Self::Operator => "SHA256SUMS.operator.sshsig",
            Self::Reviewer => "SHA256SUMS.reviewer.sshsig",
            Self::Witness => "SHA256SUMS.witness.sshsig",
        }
    }

    /// Whether the path is a signature's, and whose.
    pub(super) fn of_file(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.file() == path)
    }
}

/// A signature that a pack is to have, as pack.json names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// In which role.
    pub role: Role,
    /// A principal of the allowed signers; absent where anyone allowed may sign in that role.
    pub identity: Option<String>,
    /// `SHA256:...`; absent where the key is not known yet.
    pub fingerprint: Option<String>,
}
