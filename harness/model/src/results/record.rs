//! What the run was made of: evidence, files, samples, plans, the tool, its place in the ledger.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One evidence item as the journal closed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceItem {
    /// `E-0007`.
    pub id: String,
    /// `exchanges`, `serial`, `document`, ...
    pub kind: String,
    /// For a person.
    pub title: String,
    /// The sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// The unit and step that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Files with size and SHA-256, paths from the pack's root.
    pub files: Vec<FileDigest>,
    /// A short redacted excerpt for the report, at most 2 kB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub excerpt: String,
    /// Bytes or packets lost.
    #[serde(default)]
    pub dropped: u64,
}

/// A file with its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// From the pack's root.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// 64 hex digits.
    pub sha256: String,
}

/// A sample as it was tested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SampleInfo {
    /// `s1`.
    pub id: String,
    /// Label data; secrets as tags.
    pub label: BTreeMap<String, Value>,
    /// `virtual camera`, `local`.
    pub origin: String,
    /// Seeded defects.
    #[serde(default)]
    pub defects: Vec<String>,
    /// Host or console, for the report.
    #[serde(default)]
    pub host: Option<String>,
}

/// What a plan stated of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanInfo {
    /// Its name.
    pub plan: String,
    /// Its title.
    pub title: String,
    /// Its file, as named.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Standards it rests on.
    pub basis: Vec<String>,
    /// Values of parameters marked `policy: true`, for the report.
    #[serde(default)]
    pub policy: BTreeMap<String, Value>,
}

/// What made the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolInfo {
    /// `assay`.
    pub name: String,
    /// Version.
    pub version: String,
    /// Target triple or `os-arch`.
    pub target: String,
}

/// Where a run stands in its bench's ledger, fixed before anything was touched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerPosition {
    /// The ledger's id; empty where no entry could be made.
    pub ledger: String,
    /// When the ledger began, UTC RFC 3339.
    pub since: String,
    /// The number of the entry that this run began with.
    pub seq: u64,
    /// SHA-256 of that entry.
    pub head: String,
    /// By sample and plan.
    pub attempts: Vec<LedgerAttempt>,
    /// What was wrong with the ledger: new, torn, damaged, not writable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Which attempt a run is for one sample and one plan digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerAttempt {
    /// The sample.
    pub sample: String,
    /// The plan's name.
    pub plan: String,
    /// Its digest: a plan that was changed counts from one again.
    pub plan_sha256: String,
    /// From 1; the run's beginning counts, whether it was sealed or not.
    pub attempt: u64,
    /// How many of those before were sealed into a pack.
    pub sealed_before: u64,
}

impl LedgerPosition {
    /// What a reader is told, a sentence each.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let attempt = |a: &LedgerAttempt| {
            let (n, before) = (a.attempt, a.attempt - 1);
            let history = match before {
                0 => String::new(),
                _ => format!("; {} of the {before} before were sealed", a.sealed_before),
            };
            format!("Attempt {n} of {n} for sample {} with plan {}{history}.", a.sample, a.plan)
        };
        let problem = self.problem.iter().map(|p| format!("Ledger of the bench: {p}."));
        self.attempts.iter().map(attempt).chain(problem).collect()
    }
}
