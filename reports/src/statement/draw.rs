//! From a record to a statement: final, or a draft with every reason why.

use assay_model::Verdict;
use assay_model::results::{Conformance, Results};
use serde::Serialize;

use super::fields::{self, Fields};

/// The profile whose units are the items of the law.
const PROFILE: &str = "uk-psti";
/// Its catalogue.
const CATALOGUE: &str = "uk-psti-2023";
/// The unit that a deemed declaration by label rests on.
const LABEL_UNIT: &str = "psti-label";
/// The unit in which the published end of support was read.
const PERIOD_UNIT: &str = "PSTI-3.2";

/// A statement of compliance, or a draft of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// `assay-statement/1`.
    pub schema: &'static str,
    /// `final` or `draft`.
    pub status: &'static str,
    /// The law that it is made under, with its edition.
    pub law: &'static str,
    /// The 13 fields of Schedule 4.
    pub fields: Fields,
    /// ISO date of the last day of keeping; empty where it cannot be computed.
    pub keep_until: String,
    /// Number or date of the statement that this one replaces; empty where it replaces none.
    pub supersedes: String,
    /// The run that it rests on.
    pub run_id: String,
    /// SHA-256 of the last line of that run's journal.
    pub journal_head: String,
    /// Fields that are missing or cannot be right. Empty in a final statement.
    pub gaps: Vec<String>,
    /// Items that are not met, with their verdicts. Empty in a final statement.
    pub unmet: Vec<Unmet>,
}

/// An item that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmet {
    /// `PSTI-2.1`.
    pub item: String,
    /// Its title.
    pub title: String,
    /// The verdict's word.
    pub verdict: &'static str,
}

impl Statement {
    /// Draws it up. A pure function of the record.
    #[must_use]
    pub fn of(results: &Results) -> Self {
        let (mut fields, mut gaps) = fields::read(&results.product);
        let unmet = unmet(results);
        gaps.extend(proof(results, &fields.compliance_declaration, &unmet));
        gaps.extend(published(results, &fields.defined_support_period.end));
        let keep_until = fields::keep_until(&fields);
        let by_label = fields.compliance_declaration == "deemed_compliance_conditions_met";
        let complete = gaps.is_empty() && (unmet.is_empty() || by_label);
        if !complete {
            // A draft declares nothing and is signed by nobody, whatever the dossier has ready.
            fields.compliance_declaration.clear();
            fields.signature.clear();
        }
        let statement = results.product.get("statement");
        let supersedes = statement.and_then(|s| s["supersedes"].as_str()).unwrap_or_default().to_owned();
        Self {
            schema: "assay-statement/1",
            status: if complete { "final" } else { "draft" },
            law: "Product Security and Telecommunications Infrastructure Act 2022, section 9; SI 2023/1007, Schedule 4, as amended by SI 2025/211 and SI 2025/1267",
            fields,
            keep_until,
            supersedes,
            run_id: results.run_id.clone(),
            journal_head: results.journal_head.clone(),
            gaps,
            unmet: if complete { Vec::new() } else { unmet },
        }
    }

    /// Whether it may be handed out.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.status == "final"
    }
}

/// Items of the law that are anything but PASS or NOT_APPLICABLE; an override counts, a waiver does not.
fn unmet(results: &Results) -> Vec<Unmet> {
    let items = results.units.iter().filter(|(id, u)| u.catalogue == CATALOGUE && *id != "PSTI-1.X1");
    items
        .map(|(id, unit)| (id, unit, unit.overridden.as_ref().map_or(unit.verdict, |o| o.new)))
        .filter(|(.., verdict)| !matches!(verdict, Verdict::Pass | Verdict::NotApplicable))
        .map(|(id, unit, verdict)| Unmet { item: id.clone(), title: unit.title.clone(), verdict: verdict.word() })
        .collect()
}

/// Whether the record carries the declaration.
fn proof(results: &Results, declaration: &str, unmet: &[Unmet]) -> Option<String> {
    if results.partial {
        return Some("the run ended before all its units did".into());
    }
    if declaration == "deemed_compliance_conditions_met" {
        let label = results.units.get(LABEL_UNIT).map(|u| u.verdict);
        return (label != Some(Verdict::Pass))
            .then(|| format!("a deemed declaration rests on the unit {LABEL_UNIT}, which did not PASS in this run"));
    }
    match results.profiles.get(PROFILE) {
        Some(Conformance::Conforms) => None,
        Some(_) if !unmet.is_empty() => None, // each item says it itself
        Some(other) => Some(format!("the profile {PROFILE} is {}", other.word())),
        None => Some(format!("this run does not cover the profile {PROFILE}: run all plans of test-plans/psti")),
    }
}

/// The end in the dossier must be the one that was read on the maker's page.
fn published(results: &Results, end: &str) -> Option<String> {
    let unit = results.units.get(PERIOD_UNIT)?;
    let mut steps = unit.cross_sample.iter().chain(unit.samples.values()).flat_map(|s| &s.steps);
    let seen = steps.find_map(|s| s.observation.as_ref()?.pointer("/models/0/end")?.as_str())?;
    (!end.is_empty() && seen != end).then(|| {
        let seen = if seen.is_empty() { "no end date" } else { seen };
        format!("defined_support_period ends on {end}, and the published page gave {seen}")
    })
}
