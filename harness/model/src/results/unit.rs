//! What came of one unit: its samples, steps, controls and expectations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Effect, Reason, Verdict};

/// One expectation as it was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExpectationResult {
    /// The CEL expression.
    pub that: String,
    /// `true`, `false`, or absent where it could not be evaluated.
    pub result: Option<bool>,
    /// Why it matters, from the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What `show` evaluated to where the expectation did not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show: Option<Value>,
    /// Why it could not be evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// `must` or `may`; a `may` never changes the verdict.
    pub level: String,
}

/// One control or liveness probe as it was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlResult {
    /// The step's `as` name, or the check.
    pub name: String,
    /// `before` or `after`.
    pub when: String,
    /// The CEL expression.
    pub expect: String,
    /// Whether it held; absent where the control itself failed to run.
    pub held: Option<bool>,
    /// What was seen instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// One step as it ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepResult {
    /// The step's `as` name, or `step-n`.
    pub name: String,
    /// The check, `ask` or `answer`.
    pub check: String,
    /// Sample, in cross-sample units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// Parameters as the check got them; secrets as tags.
    pub params: Value,
    /// The observation, redacted; absent after a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observation: Option<Value>,
    /// The fault's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Evidence of this step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// How long it took.
    pub duration_ms: u64,
}

/// One unit on one sample, or over all samples: the last attempt, and how many there were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SampleResult {
    /// The verdict.
    pub verdict: Verdict,
    /// How many attempts, from 1; 0 where none began.
    pub attempts: u32,
    /// Why.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// Expectations of the deciding attempt.
    #[serde(default)]
    pub expectations: Vec<ExpectationResult>,
    /// Controls of the deciding attempt.
    #[serde(default)]
    pub controls: Vec<ControlResult>,
    /// Steps of the deciding attempt.
    #[serde(default)]
    pub steps: Vec<StepResult>,
    /// Remarks that never change a verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Who answered, where a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual: Option<Manual>,
    /// UTC RFC 3339.
    #[serde(default)]
    pub started: String,
    /// UTC RFC 3339.
    #[serde(default)]
    pub ended: String,
    /// Milliseconds, all attempts.
    #[serde(default)]
    pub duration_ms: u64,
}

/// A person's part in a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manual {
    /// Who answered.
    pub operator: String,
    /// `terminal` or the answers file.
    pub source: String,
    /// Whether the answers file carried a good signature; absent for answers at the terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<bool>,
}

/// One waiver as it was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waived {
    /// The waiver's id.
    pub id: String,
    /// ISO date of its end.
    pub expires: String,
    /// Its reason.
    pub reason: String,
    /// Who approved it.
    pub approver: String,
}

/// One override as a reviewer made it (XCCDF's five facts).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overridden {
    /// The verdict before.
    pub old: Verdict,
    /// The verdict after.
    pub new: Verdict,
    /// By whom.
    pub authority: String,
    /// UTC RFC 3339.
    pub time: String,
    /// Why.
    pub remark: String,
}

/// One unit, over all samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnitResult {
    /// The worst over samples, or the cross-sample verdict.
    pub verdict: Verdict,
    /// Title from catalogue or plan.
    pub title: String,
    /// The plan's question.
    pub question: String,
    /// The plan's name.
    pub plan: String,
    /// `automated`, `assisted` or `assessor`.
    pub class: String,
    /// `conceptual`, `functional`, `mixed`, `legal-item`; empty where no catalogue has the unit.
    #[serde(default)]
    pub kind: String,
    /// Provision, case and group in the catalogue; empty where no catalogue has the unit.
    #[serde(default)]
    pub provision: String,
    /// See `provision`.
    #[serde(default)]
    pub case: String,
    /// See `provision`.
    #[serde(default)]
    pub group: String,
    /// Catalogue id.
    #[serde(default)]
    pub catalogue: String,
    /// The effect that the plan asked for.
    pub effect: Effect,
    /// Shared observations that it rests on, by name: see [`Results::shared`](super::Results::shared).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<String>,
    /// The unit whose steps decided this one (`also:`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_with: Option<String>,
    /// Per sample.
    pub samples: BTreeMap<String, SampleResult>,
    /// Over all samples.
    #[serde(default)]
    pub cross_sample: Option<SampleResult>,
    /// A waiver.
    #[serde(default)]
    pub waived: Option<Waived>,
    /// An override.
    #[serde(default)]
    pub overridden: Option<Overridden>,
}

impl UnitResult {
    /// The verdict that counts: a reviewer's where there is one, else as judged.
    #[must_use]
    pub fn effective(&self) -> Verdict {
        self.overridden.as_ref().map_or(self.verdict, |o| o.new)
    }
}

/// What was observed once for many units of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharedObservation {
    /// The plan.
    pub plan: String,
    /// Its name in the plan.
    pub name: String,
    /// The check, or `ask`.
    pub check: String,
    /// The sample; absent in a run without samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// The observation, redacted.
    pub observation: Value,
    /// Evidence of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
}

/// One waiver of the waivers file, and what became of it in this run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverResult {
    /// Its id.
    pub id: String,
    /// What it covers, in words: `unit 5.6-1-2 b on s1`.
    pub scope: String,
    /// Its reason.
    pub reason: String,
    /// Who approved it.
    pub approver: String,
    /// ISO date of its first day.
    pub start: String,
    /// ISO date of its last day.
    pub expires: String,
    /// `applied`, `not needed`, `expired`, `not begun`, `other product`, `partial`.
    pub state: String,
    /// Units that it was applied to.
    #[serde(default)]
    pub units: Vec<String>,
}
