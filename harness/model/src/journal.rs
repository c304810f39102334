//! One line of the journal, and the words for what it records.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// `tool`, `operator`, `device`.
    pub kind: String,
    /// The operator's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// What a line is about. Absent parts do not apply.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Ref {
    /// The unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The sample; absent on cross-sample lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// The step's `as` name, or its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
}

/// One journal line. Serialized with its keys sorted; `prev` is the SHA-256 of the line before, without its LF.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Format version: 1.
    pub v: u32,
    /// From 1, without gaps.
    pub seq: u64,
    /// UTC RFC 3339 with microseconds.
    pub t: String,
    /// Host monotonic nanoseconds since the run (or its resumption) started.
    pub mono_ns: u64,
    /// The run.
    pub run: String,
    /// One of [`kind`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Who.
    pub actor: Actor,
    /// What about.
    #[serde(rename = "ref")]
    pub about: Ref,
    /// The rest, by type.
    pub data: Value,
    /// SHA-256 of the line before, as 64 hex digits; zeros on the first.
    pub prev: String,
}

/// The types of journal lines. Past tense where something happened.
pub mod kind {
    /// Digests of everything the run was decided on; before the first stimulus.
    pub const INPUTS_SEALED: &str = "inputs.sealed";
    /// The run began.
    pub const RUN_START: &str = "run.start";
    /// The run ended: exit code, counts.
    pub const RUN_END: &str = "run.end";
    /// The bench is open: its known-bad reference target.
    pub const BENCH_OPEN: &str = "bench.open";
    /// A sample was bound to a DUT.
    pub const SAMPLE_BIND: &str = "sample.bind";
    /// A unit began on a sample (or over all).
    pub const CASE_START: &str = "case.start";
    /// A unit ended.
    pub const CASE_END: &str = "case.end";
    /// A step began: the check and its parameters.
    pub const STEP_START: &str = "step.start";
    /// A check returned its observation.
    pub const OBSERVATION: &str = "observation";
    /// A check, adapter or bench failed.
    pub const INFRA_FAULT: &str = "infra.fault";
    /// A positive control or liveness probe was judged.
    pub const CONTROL_RESULT: &str = "control.result";
    /// An expectation was judged.
    pub const ASSERT_EVALUATED: &str = "assert.evaluated";
    /// An evidence item was opened.
    pub const EVIDENCE_OPEN: &str = "evidence.open";
    /// An evidence item was closed: files, sizes, digests.
    pub const EVIDENCE_CLOSE: &str = "evidence.close";
    /// A question was shown to an operator.
    pub const PROMPT_SHOWN: &str = "prompt.shown";
    /// An operator answered.
    pub const PROMPT_ANSWERED: &str = "prompt.answered";
    /// Nobody answered.
    pub const PROMPT_TIMEOUT: &str = "prompt.timeout";
    /// An attempt began, and why.
    pub const ATTEMPT_START: &str = "attempt.start";
    /// A verdict was set by a rule.
    pub const VERDICT_SET: &str = "verdict.set";
    /// A waiver was applied; the raw verdict stays.
    pub const WAIVER_APPLIED: &str = "waiver.applied";
    /// A document from elsewhere was copied into the pack.
    pub const EXTERNAL_KEPT: &str = "external.kept";
    /// What is declared of one kind of thing was held against what was found on a sample.
    pub const INVENTORY_COMPARED: &str = "inventory.compared";
    /// A secret was registered or replaced.
    pub const REDACTION_APPLIED: &str = "redaction.applied";
    /// A torn last line was found and kept; the chain goes on from here.
    pub const JOURNAL_RECOVERED: &str = "journal.recovered";
    /// The run goes on after a crash.
    pub const RUN_RESUME: &str = "run.resume";
    /// A bench cannot reach its state again.
    pub const BENCH_QUARANTINED: &str = "bench.quarantined";
    /// A review began: its revision, what it supersedes, who and with which key.
    pub const REPORT_REVISED: &str = "report.revised";
    /// Particulars were stated after the run.
    pub const REPORT_STATED: &str = "report.stated";
    /// A reviewer changed a verdict: old, new, authority, remark.
    pub const VERDICT_OVERRIDDEN: &str = "verdict.overridden";
    /// A reviewer signed the report off.
    pub const REPORT_REVIEWED: &str = "report.reviewed";
    /// The report was issued.
    pub const REPORT_ISSUED: &str = "report.issued";
    /// The report was issued again, in place of an earlier issue.
    pub const REPORT_AMENDED: &str = "report.amended";
}
