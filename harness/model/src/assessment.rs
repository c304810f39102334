//! What a standard of claims makes of a run: the supplier's statement verified, each provision by its status and its claim,
//! and the verdict over the product.

use serde::{Deserialize, Serialize};

use crate::results::{Conformance, indexed};
use crate::{Reason, Verdict};

/// What the supplier says of a provision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Support {
    /// Claimed.
    #[serde(rename = "Y")]
    Yes,
    /// Not met.
    #[serde(rename = "N")]
    No,
    /// Does not apply.
    #[serde(rename = "N/A")]
    NotApplicable,
}

impl Support {
    /// `Y`, `N` or `N/A`, as it stands in a dossier.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "Y",
            Self::No => "N",
            Self::NotApplicable => "N/A",
        }
    }
}

/// A claim with what the dossier's facts say of it, as `run.start` carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The provision.
    pub provision: String,
    /// Absent where the statement does not have the provision.
    #[serde(default)]
    pub support: Option<Support>,
    /// The statement's detail.
    #[serde(default)]
    pub reason: String,
    /// Whether every condition of the provision holds; absent where a fact is not stated and none is false.
    #[serde(default)]
    pub applies: Option<bool>,
    /// Whether a stated fact allows N/A: a condition or a further test of applicability is false.
    #[serde(default)]
    pub excused: bool,
    /// What is false, in words.
    #[serde(default)]
    pub because: String,
}

/// What a provision comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Conclusion {
    /// Mandatory, and every case passed.
    Conforms,
    /// Mandatory, and a case failed, or the supplier declares it not met.
    DoesNotConform,
    /// A recommendation that is claimed and holds.
    Fulfilled,
    /// A recommendation that is claimed and was refuted: a finding on the statement, too.
    NotFulfilled,
    /// A recommendation that is not met, with its reason.
    NotFulfilledJustified,
    /// A recommendation that is not met, or a provision that does not apply, without a reason: the statement is invalid.
    Unjustified,
    /// Does not apply, by a fact and with a reason.
    NotApplicable,
    /// Claimed, and neither shown nor refuted.
    Undetermined,
    /// The statement does not have it.
    Undeclared,
}

impl Conclusion {
    /// All of them, in the order that reports count them.
    pub const ALL: [Self; 9] = [
        Self::Conforms,
        Self::DoesNotConform,
        Self::Fulfilled,
        Self::NotFulfilled,
        Self::NotFulfilledJustified,
        Self::Unjustified,
        Self::NotApplicable,
        Self::Undetermined,
        Self::Undeclared,
    ];

    /// The word in results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Conforms => "CONFORMS",
            Self::DoesNotConform => "DOES_NOT_CONFORM",
            Self::Fulfilled => "FULFILLED",
            Self::NotFulfilled => "NOT_FULFILLED",
            Self::NotFulfilledJustified => "NOT_FULFILLED_JUSTIFIED",
            Self::Unjustified => "UNJUSTIFIED",
            Self::NotApplicable => "NOT_APPLICABLE",
            Self::Undetermined => "UNDETERMINED",
            Self::Undeclared => "UNDECLARED",
        }
    }
}

/// One provision of an assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvisionResult {
    /// Title in our words.
    pub title: String,
    /// As in the standard: `M C (1)`.
    pub status: String,
    /// Whether it is mandatory where it applies.
    pub mandatory: bool,
    /// The claim; absent where there is none.
    #[serde(default)]
    pub support: Option<Support>,
    /// The statement's detail.
    #[serde(default)]
    pub reason: String,
    /// What its groups come to. NOT_APPLICABLE where nothing is claimed.
    pub verdict: Verdict,
    /// What that means with status and claim.
    pub conclusion: Conclusion,
    /// Why, in one sentence.
    pub text: String,
    /// Numbers of accepted documents from elsewhere that cover it: then the PASS is theirs, not ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external: Vec<String>,
    /// Its units in this run, in the order of the catalogue.
    #[serde(default)]
    pub units: Vec<String>,
    /// Its units that this run has no verdict on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// How many of its units were waived. A waiver changes nothing here.
    #[serde(default)]
    pub waived: u64,
}

/// How much of the standard a run covers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Provisions of the standard.
    pub provisions: u64,
    /// Of these, not N/A.
    pub applicable: u64,
    /// Of these, claimed: Y.
    pub claimed: u64,
    /// Of these, with PASS or FAIL.
    pub covered: u64,
    /// Of these, by documents from elsewhere.
    pub external: u64,
    /// Test units of the standard.
    pub units: u64,
    /// Of these, run here.
    pub units_run: u64,
    /// Of these, decided with a person's answer.
    pub units_manual: u64,
    /// Of these, waived.
    pub units_waived: u64,
}

/// A standard of claims, applied to a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// The profile's title.
    pub title: String,
    /// Over the product.
    pub conformance: Conformance,
    /// Why it is not CONFORMS, worst first; empty where it is.
    pub why: Vec<String>,
    /// What is wrong with the statement. Not empty: the assessment fails, whatever was tested.
    pub statement_problems: Vec<Reason>,
    /// The lab's choice for what could not be determined: `inconclusive` or `fail`.
    pub undetermined: String,
    /// Counts.
    pub coverage: Coverage,
    /// Every provision, in the order of the standard.
    pub provisions: indexed::Map<ProvisionResult>,
}

/// A certificate, or a report of another lab, that the dossier names for groups of units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalEvidence {
    /// Groups that it covers: `5.5-1`.
    pub groups: Vec<String>,
    /// Who issued it.
    pub issuer: String,
    /// Its number there.
    pub number: String,
    /// Edition or version of the document, or of what it was made by.
    pub edition: String,
    /// Which part of the product, in which version, it is about.
    pub scope: String,
    /// ISO date.
    pub issued: String,
    /// ISO date; counts to the end of that day.
    pub valid_until: String,
    /// Whether it counted on the day of the run.
    pub accepted: bool,
    /// Why it did not; empty where it did.
    #[serde(default)]
    pub refused: String,
    /// The copy in the pack: `E-0001`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// What is declared of one kind of thing, held against what the run found of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// `network service`, `logon`, `update route`.
    pub kind: String,
    /// Declared, found, or both.
    pub rows: Vec<InventoryRow>,
    /// Per sample, why nothing was looked for there. Then `found` says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_looked: Vec<Found>,
}

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryRow {
    /// What it is called on both sides: `tcp/8443`.
    pub name: String,
    /// Where the dossier declares it; absent where it does not.
    #[serde(default)]
    pub declared: Option<String>,
    /// On which samples it was found, and how.
    #[serde(default)]
    pub found: Vec<Found>,
}

/// Something seen on a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The sample; empty where the run has none.
    pub sample: String,
    /// In words.
    pub text: String,
}

/// A question that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToDo {
    /// The unit.
    pub unit: String,
    /// The sample; absent over all.
    #[serde(default)]
    pub sample: Option<String>,
    /// What was asked; empty where the run did not get that far.
    #[serde(default)]
    pub text: String,
    /// Why it waits.
    pub why: String,
}
