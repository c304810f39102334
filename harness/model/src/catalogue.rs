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

/// A profile: the units and provisions that decide a product verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// `uk-psti`.
    pub id: String,
    /// For a person.
    pub title: String,
    /// Units that must all be conclusive and none FAIL.
    pub units: Vec<String>,
}
