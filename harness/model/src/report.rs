//! Where a report stands between the bench and the customer: number, revision, status, and who signed it off.

use serde::{Deserialize, Serialize};

/// How far a report has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportStatus {
    /// As the bench left it.
    #[default]
    Draft,
    /// Somebody other than the operator has looked at it.
    Reviewed,
    /// Issued.
    Final,
    /// Issued again, in place of an earlier issue.
    Amended,
}

impl ReportStatus {
    /// The word in pack.json and on pages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Reviewed => "reviewed",
            Self::Final => "final",
            Self::Amended => "amended",
        }
    }

    /// Whether it has left the lab: from then on it changes by an amendment only.
    #[must_use]
    pub const fn is_issued(self) -> bool {
        matches!(self, Self::Final | Self::Amended)
    }
}

/// The report of a pack, as its review has left it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportState {
    /// The lab's number; empty where none was given: then the run's id stands for it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub number: String,
    /// 0 as sealed by the bench, and one more with every review.
    pub revision: u32,
    /// See [`ReportStatus`].
    pub status: ReportStatus,
    /// The revision before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Supersedes>,
    /// Who reviewed it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reviewed_by: Vec<SignOff>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorised_by: Vec<SignOff>,
    /// UTC RFC 3339, once issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<String>,
}

/// The revision that this one stands in place of. Its sums and signature are kept under `revisions/N`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Supersedes {
    /// Its number.
    pub number: String,
    /// Its revision.
    pub revision: u32,
    /// Its status.
    pub status: ReportStatus,
    /// SHA-256 of its `SHA256SUMS`.
    pub sums_sha256: String,
    /// Why it was replaced.
    pub reason: String,
    /// What is otherwise now: `5.6-1-2 b: FAIL -> PASS`.
    pub changed: Vec<String>,
}

/// A person's name under a report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignOff {
    /// As the lab's register of people has it.
    pub id: String,
    /// `reviewer`, `authoriser`.
    pub role: String,
    /// UTC RFC 3339.
    pub at: String,
    /// The key that the revision was signed with: `SHA256:...`.
    pub key_fingerprint: String,
    /// What they said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remark: String,
}
