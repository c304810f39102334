//! Two runs held against each other: what `assay diff` prints and a run with a baseline keeps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Transition, Verdict};

/// One of the two runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// The run.
    pub run_id: String,
    /// UTC RFC 3339.
    pub started: String,
    /// The firmware that the dossier named; empty where it named none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub firmware: String,
    /// SHA-256 of the pack's `SHA256SUMS`; empty for a run that is not sealed yet.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sums_sha256: String,
}

/// One sample of a unit, or all samples together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleChange {
    /// The sample's role: its place in the dossier, `s1`; `*` over all samples.
    pub sample: String,
    /// The word.
    pub transition: Transition,
    /// The older verdict.
    pub old: Option<Verdict>,
    /// The newer verdict.
    pub new: Option<Verdict>,
    /// Where the observations differ, at most a few: `ports.open: + {"port":9999}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

/// One unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitChange {
    /// The unit's id.
    pub unit: String,
    /// The catalogue that it is from, without its edition; empty where no catalogue has it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub catalogue: String,
    /// The gravest word over its samples.
    pub transition: Transition,
    /// The older verdict.
    pub old: Option<Verdict>,
    /// The newer verdict.
    pub new: Option<Verdict>,
    /// Samples, those that are unchanged too.
    pub samples: Vec<SampleChange>,
}

/// The whole comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// `assay-diff/1`.
    pub schema: String,
    /// The older run.
    pub old: Compared,
    /// The newer run.
    pub new: Compared,
    /// How many units there are of each word; words without a unit are left out.
    pub counts: BTreeMap<String, u64>,
    /// Units in the order of the newer run, then those that are absent from it.
    pub units: Vec<UnitChange>,
}

impl Comparison {
    /// Whether any unit has another word than `unchanged`.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.units.iter().any(|u| u.transition != Transition::Unchanged)
    }

    /// Whether a unit regressed or lost its coverage.
    #[must_use]
    pub fn has_loss(&self) -> bool {
        self.units.iter().any(|u| u.samples.iter().any(|s| s.transition.is_loss()))
    }
}
