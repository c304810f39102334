//! What units come to together: groups, requirements and ways to meet them, the product.

use serde::{Deserialize, Serialize};

use crate::Verdict;

/// A case, group or provision: the fold of what it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupResult {
    /// The fold. Units of it that were left out count as NOT_RUN.
    pub verdict: Verdict,
    /// Its units in this run, in the order of the plans.
    pub units: Vec<String>,
    /// The fold before documents from elsewhere or the lab's rule on what cannot be determined changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Verdict>,
    /// Number of the accepted document from elsewhere that covers it: then the PASS is not ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<String>,
}

impl GroupResult {
    /// A fold of units run here.
    #[must_use]
    pub const fn of(verdict: Verdict, units: Vec<String>) -> Self {
        Self { verdict, units, raw: None, external: None }
    }
}

/// A requirement that can be met in several ways, and what each came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementResult {
    /// The way that the dossier takes: `own`, `etsi`, `iso29147`, `label`.
    pub taken: String,
    /// What that way came to.
    pub verdict: Verdict,
    /// Every way, the requirement's own items first.
    pub ways: Vec<WayResult>,
}

/// One way to meet a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayResult {
    /// `own`, `etsi`, `iso29147`, `label`.
    pub route: String,
    /// For a person.
    pub title: String,
    /// Conditions of the law that it is, by the catalogue's ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// Whether the dossier takes it.
    pub taken: bool,
    /// The fold of its units; NOT_RUN where this run has one of them not, NOT_APPLICABLE where the dossier does not open it.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub text: String,
    /// Units that decide it.
    pub units: Vec<String>,
    /// How sure the catalogue is that the law has this way.
    pub confidence: String,
}

/// A profile's verdict over the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Conformance {
    /// Every mandatory applicable part holds.
    Conforms,
    /// One is violated.
    DoesNotConform,
    /// Neither is established.
    Undetermined,
}

impl Conformance {
    /// The word that summary.json has.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Conforms => "CONFORMS",
            Self::DoesNotConform => "DOES_NOT_CONFORM",
            Self::Undetermined => "UNDETERMINED",
        }
    }
}
