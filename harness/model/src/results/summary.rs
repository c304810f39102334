//! summary.json and the tallies in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Conformance, indexed};
use crate::Verdict;
use crate::assessment::{Assessment, Conclusion, Coverage};

/// The tally of six verdicts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub struct Counts {
    /// PASS.
    pub pass: u64,
    /// FAIL, waived ones included.
    pub fail: u64,
    /// INCONCLUSIVE.
    pub inconclusive: u64,
    /// ERROR.
    pub error: u64,
    /// NOT_APPLICABLE.
    pub not_applicable: u64,
    /// NOT_RUN.
    pub not_run: u64,
}

impl Counts {
    /// Adds one.
    pub const fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Pass => self.pass += 1,
            Verdict::Fail => self.fail += 1,
            Verdict::Inconclusive => self.inconclusive += 1,
            Verdict::Error => self.error += 1,
            Verdict::NotApplicable => self.not_applicable += 1,
            Verdict::NotRun => self.not_run += 1,
        }
    }

    /// How many of one verdict.
    #[must_use]
    pub const fn of(&self, verdict: Verdict) -> u64 {
        match verdict {
            Verdict::Pass => self.pass,
            Verdict::Fail => self.fail,
            Verdict::Inconclusive => self.inconclusive,
            Verdict::Error => self.error,
            Verdict::NotApplicable => self.not_applicable,
            Verdict::NotRun => self.not_run,
        }
    }
}

/// summary.json, so that no script needs to parse text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// `assay-summary/1`.
    pub schema: String,
    /// The run.
    pub run_id: String,
    /// The verdict of the plan's profile.
    pub product: Conformance,
    /// As `run` ended.
    pub exit_code: u8,
    /// Tally.
    pub counts: Counts,
    /// Units that were waived; a waived FAIL also counts under FAIL.
    pub waived: u64,
    /// Verdict per unit; a reviewer's where there is one.
    pub units: indexed::Map<Verdict>,
    /// Profiles that rest on claims.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub assessments: BTreeMap<String, AssessmentSummary>,
    /// UTC RFC 3339.
    pub started: String,
    /// UTC RFC 3339.
    pub ended: String,
    /// SHA-256 of the sealed inputs.
    pub inputs_sha256: String,
    /// SHA-256 of the journal's last line.
    pub journal_head: String,
    /// Editions of the catalogues whose units were judged, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub editions: BTreeMap<String, String>,
}

/// An assessment in a few lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessmentSummary {
    /// Over the product.
    pub conformance: Conformance,
    /// The first reason why it is not CONFORMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How many provisions came to what.
    pub provisions: BTreeMap<String, u64>,
    /// How much was covered.
    pub coverage: Coverage,
}

impl From<&Assessment> for AssessmentSummary {
    fn from(assessment: &Assessment) -> Self {
        let count = |c: Conclusion| assessment.provisions.values().filter(|p| p.conclusion == c).count() as u64;
        let counts = Conclusion::ALL.into_iter().map(|c| (c.word().to_owned(), count(c)));
        Self {
            conformance: assessment.conformance,
            why: assessment.why.first().cloned(),
            provisions: counts.filter(|(_, n)| *n > 0).collect(),
            coverage: assessment.coverage,
        }
    }
}
