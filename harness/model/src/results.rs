//! results/results.json and summary.json: the source of every report. A pure function of the journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::assessment::{Assessment, Conclusion, Coverage, ExternalEvidence, Inventory, ToDo};
use crate::comparison::Comparison;
use crate::lab::{HostFacts, Particulars};
use crate::report::ReportState;
use crate::{Effect, Equipment, Reason, Verdict};

pub mod indexed;

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
    /// Shared observations that it rests on, by name: see [`Results::shared`].
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

/// The whole result: results/results.json. All reports are rendered from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// `assay-results/1`.
    pub schema: String,
    /// The run.
    pub run_id: String,
    /// What made it.
    pub tool: ToolInfo,
    /// UTC RFC 3339.
    pub started: String,
    /// UTC RFC 3339.
    pub ended: String,
    /// Whether the run ended before all selected units did.
    pub partial: bool,
    /// As `run` ended.
    pub exit_code: u8,
    /// The bench's name; empty where none was needed.
    pub bench: String,
    /// Defects that were seeded on purpose into what the bench has beside its samples: the maker's website.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bench_defects: Vec<String>,
    /// The equipment register.
    #[serde(default)]
    pub equipment: Vec<Equipment>,
    /// The product: name, type, manufacturer, model, firmware.
    pub product: BTreeMap<String, Value>,
    /// Who ran it.
    #[serde(default)]
    pub operator: Option<String>,
    /// What the lab states beside the results; absent where it states nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lab: Option<Particulars>,
    /// The machine that ran the tests, and its clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostFacts>,
    /// Number, revision and status of the report.
    #[serde(default)]
    pub report: ReportState,
    /// Plans.
    pub plans: Vec<PlanInfo>,
    /// Samples.
    pub samples: Vec<SampleInfo>,
    /// Tally over selected units.
    pub counts: Counts,
    /// Units that were waived.
    #[serde(default)]
    pub waived: u64,
    /// Units, in the order of the plans.
    pub units: indexed::Map<UnitResult>,
    /// What several units rest on, in the order of observing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<SharedObservation>,
    /// Test cases.
    pub cases: indexed::Map<GroupResult>,
    /// Test groups and requirements.
    pub groups: indexed::Map<GroupResult>,
    /// Provisions.
    pub provisions: indexed::Map<GroupResult>,
    /// Requirements that can be met in several ways, by id.
    #[serde(default, skip_serializing_if = "indexed::Map::is_empty")]
    pub requirements: indexed::Map<RequirementResult>,
    /// Profiles; a requirement that is met by another way than its own items counts by that way.
    pub profiles: BTreeMap<String, Conformance>,
    /// What the run knew of the standards, by catalogue id: title, edition, dates, duties, crosswalk. Reports read it here
    /// and nowhere else, so that an old pack keeps its edition. Empty in packs of before, and where no unit is a standard's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub catalogues: BTreeMap<String, Value>,
    /// Profiles that rest on claims, provision by provision.
    #[serde(default)]
    pub assessments: BTreeMap<String, Assessment>,
    /// Documents from elsewhere that the dossier names for groups.
    #[serde(default)]
    pub external: Vec<ExternalEvidence>,
    /// Declared against found.
    #[serde(default)]
    pub inventories: Vec<Inventory>,
    /// Questions that wait for a person.
    #[serde(default)]
    pub to_do: Vec<ToDo>,
    /// The waivers file, and what became of it.
    #[serde(default)]
    pub waivers: Vec<WaiverResult>,
    /// Units that were deselected or are not automated here: id and reason.
    #[serde(default)]
    pub not_covered: Vec<(String, String)>,
    /// Evidence.
    pub evidence: Vec<EvidenceItem>,
    /// What became of each unit since the baseline, in a run that had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Comparison>,
    /// Secrets replaced: how many registered, how many hits.
    #[serde(default)]
    pub redactions: u64,
    /// SHA-256 of the sealed inputs (the data of `inputs.sealed`).
    pub inputs_sha256: String,
    /// SHA-256 of the journal's last line.
    pub journal_head: String,
    /// Lines in the journal.
    pub journal_records: u64,
    /// Where the run stands in its bench's ledger; absent where none was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<LedgerPosition>,
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

/// [`SampleInfo::origin`] of the products of a survey's list.
pub const LISTED: &str = "list of products";

impl Results {
    /// The number on every page: the lab's, or the run's id where the lab gave none.
    #[must_use]
    pub fn report_number(&self) -> &str {
        if self.report.number.is_empty() { &self.run_id } else { &self.report.number }
    }

    /// The bench's equipment and the lab's, each id once.
    pub fn all_equipment(&self) -> impl Iterator<Item = &Equipment> {
        let lab = self.lab.iter().flat_map(|lab| &lab.equipment);
        self.equipment.iter().chain(lab.filter(|e| self.equipment.iter().all(|own| own.id != e.id)))
    }

    /// Whether the products of a list were judged, and no samples.
    #[must_use]
    pub fn is_survey(&self) -> bool {
        self.samples.first().is_some_and(|sample| sample.origin == LISTED)
    }

    /// The verdict of the profile: the worst over profiles, UNDETERMINED where the plan completes none.
    #[must_use]
    pub fn conformance(&self) -> Conformance {
        let has = |c| self.profiles.values().any(|p| *p == c);
        if has(Conformance::DoesNotConform) {
            Conformance::DoesNotConform
        } else if self.profiles.is_empty() || has(Conformance::Undetermined) {
            Conformance::Undetermined
        } else {
            Conformance::Conforms
        }
    }

    /// Edition of every catalogue whose units were judged, by id.
    #[must_use]
    pub fn editions(&self) -> BTreeMap<String, String> {
        let of = |id: &String| Some((id.clone(), self.catalogues.get(id)?["edition"].as_str()?.to_owned()));
        self.units.values().filter_map(|unit| of(&unit.catalogue)).collect()
    }

    /// summary.json.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            schema: "assay-summary/1".into(),
            run_id: self.run_id.clone(),
            product: self.conformance(),
            exit_code: self.exit_code,
            counts: self.counts,
            waived: self.waived,
            units: self.units.iter().map(|(id, u)| (id.clone(), u.effective())).collect(),
            assessments: self.assessments.iter().map(|(id, a)| (id.clone(), a.into())).collect(),
            started: self.started.clone(),
            ended: self.ended.clone(),
            inputs_sha256: self.inputs_sha256.clone(),
            journal_head: self.journal_head.clone(),
            editions: self.editions(),
        }
    }
}
