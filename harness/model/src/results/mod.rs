//! results/results.json and summary.json: the source of every report. A pure function of the journal.

pub mod indexed;
mod record;
mod requirement;
mod summary;
mod unit;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Equipment;
use crate::assessment::{Assessment, ExternalEvidence, Inventory, ToDo};
use crate::comparison::Comparison;
use crate::lab::{HostFacts, Particulars};
use crate::report::ReportState;

pub use record::{EvidenceItem, FileDigest, LedgerAttempt, LedgerPosition, PlanInfo, SampleInfo, ToolInfo};
pub use requirement::{Conformance, GroupResult, RequirementResult, WayResult};
pub use summary::{AssessmentSummary, Counts, Summary};
pub use unit::{
    ControlResult, ExpectationResult, Manual, Overridden, SampleResult, SharedObservation, StepResult, UnitResult,
    Waived, WaiverResult,
};

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
