//! The standards as data: what a unit id means.

use serde::{Deserialize, Serialize};

/// One test unit or legal item of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueUnit {
    /// `5.6-1-2 b`, `PSTI-1.2`.
    pub id: String,
    /// Short title in our words.
    pub title: String,
    /// `5.6-1`, or the legal paragraph.
    pub provision: String,
    /// Test case or requirement: `5.6-1-2`, `PSTI-1`.
    pub case: String,
    /// Test group or requirement: `5.6-1`, `PSTI-1`.
    pub group: String,
    /// `conceptual`, `functional`, `mixed` or `legal-item`.
    pub kind: String,
    /// Catalogue id: `etsi-ts-103-701-1.1.1`. A catalogue file says it once, as its `id`; who loads the file fills it in.
    #[serde(default)]
    pub catalogue: String,
    /// Whether the unit counts for its profile (PSTI-1.X1 does not).
    #[serde(default = "yes")]
    pub counts: bool,
}

const fn yes() -> bool {
    true
}

/// A way to meet a requirement: its own items, or a condition by which it counts as met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// `PSTI-1`.
    pub requirement: String,
    /// The key of `product.routes` by which a dossier takes a way: `passwords`.
    pub choice: String,
    /// The word there: `own`, `etsi`, `iso29147`, `label`.
    pub route: String,
    /// For a person, in our words.
    pub title: String,
    /// Conditions of the catalogue that it is, any of them: `DC-1A`. None for a requirement's own items.
    #[serde(default)]
    pub conditions: Vec<String>,
    /// Units that decide it.
    pub units: Vec<String>,
    /// How sure the catalogue is of it: `primary`, `secondary`, `memory`, `derived`.
    pub confidence: String,
}

/// A profile: the units and provisions that decide a product verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// `uk-psti`.
    pub id: String,
    /// For a person.
    pub title: String,
    /// Units that must all be conclusive and none FAIL. Where there are [`Profile::claims`], those decide.
    pub units: Vec<String>,
    /// Provisions that a supplier claims one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Claims>,
}

/// How a statement of claims decides a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The provision about the statement itself: where it fails, so does the assessment.
    #[serde(default)]
    pub statement: Option<String>,
    /// The parameter of plans that says what a case comes to that could not be determined: `inconclusive` or `fail`.
    #[serde(default)]
    pub undetermined: Option<String>,
    /// Every provision, in the order of the standard.
    pub provisions: Vec<ClaimRule>,
}

/// A provision as claims are held against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRule {
    /// `5.1-1`.
    pub id: String,
    /// Short title in our words.
    pub title: String,
    /// As in the standard: `M C (1)`.
    pub status: String,
    /// Mandatory where it applies; a recommendation otherwise.
    pub mandatory: bool,
    /// All must hold, or the provision does not apply.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// Where one does not hold, N/A may be said.
    #[serde(default)]
    pub tests: Vec<Condition>,
    /// Its test units, in the order of the catalogue.
    pub units: Vec<UnitPlace>,
}

/// A test unit in its case and group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitPlace {
    /// `5.1-1-2 a`.
    pub id: String,
    /// `5.1-1-2`.
    pub case: String,
    /// `5.1-1`.
    pub group: String,
}

/// A fact that decides applicability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// In words.
    pub text: String,
    /// CEL over the dossier.
    pub holds_when: String,
}
