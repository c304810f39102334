//! From a record to a statement: final, or a draft with every reason why.

use assay_model::Verdict;
use assay_model::results::{Conformance, Results};
use serde::Serialize;

use super::deemed::{self, Deemed};
use super::fields::{self, Fields};
use crate::law::{LAW, Law, Role, effective, parse_day, published, years_later};

/// The profile whose units are the items of the law.
const PROFILE: &str = "uk-psti";
/// For packs that carry no edition of the law.
const UNKNOWN_EDITION: &str = "Product Security and Telecommunications Infrastructure Act 2022, section 9, and SI 2023/1007, Schedule 4; \
    this pack does not say in which version";
/// Regulation 8, for packs that do not carry it.
const YEARS_KEPT: u16 = 10;
const RULE: &str = "keep a copy for the longer of 10 years from issue and the defined support period";
/// The unit in which the published end of support was read.
const PERIOD_UNIT: &str = "PSTI-3.2";

/// A statement of compliance, or a draft of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// `assay-statement/1`.
    pub schema: &'static str,
    /// `final` or `draft`.
    pub status: &'static str,
    /// The law that it is made under, with its edition as the record has it.
    pub law: String,
    /// The 13 fields of Schedule 4.
    pub fields: Fields,
    /// What a deemed declaration rests on; empty where compliance itself is declared.
    pub deemed_by: Vec<String>,
    /// Whose copy it is: `manufacturer`, `importer` or `distributor`.
    pub kept_by: &'static str,
    /// The rule that they keep it by.
    pub keep_rule: String,
    /// ISO date of the last day of keeping; empty where it cannot be computed, or no rule asks for it.
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
    /// Draws it up for the manufacturer. A pure function of the record.
    #[must_use]
    pub fn of(results: &Results) -> Self {
        Self::kept_by(results, Role::Manufacturer)
    }

    /// The same with the rule by which this role keeps its copy.
    #[must_use]
    pub fn kept_by(results: &Results, role: Role) -> Self {
        let (mut fields, mut gaps) = fields::read(&results.product);
        let law = Law::of(results).unwrap_or_default();
        gaps.extend(fields::fixed_editions(&fields.standards_relied_on, &law.text.fixed_editions));
        let unmet = unmet(results);
        let Deemed { by, gap } = deemed::of(results, &fields, &law);
        gaps.extend(gap);
        gaps.extend(proof(results, &fields.compliance_declaration, &unmet));
        gaps.extend(otherwise_published(results, &fields.defined_support_period.end));
        let retention = law.retention(role);
        let years = retention.years.or_else(|| (law.edition.is_empty()).then_some(YEARS_KEPT));
        let keep_until = years.map(|years| keep_until(&fields, years)).unwrap_or_default();
        let is_deemed = fields.compliance_declaration == deemed::DECLARATION;
        let complete = gaps.is_empty() && (unmet.is_empty() || is_deemed);
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
            law: if law.edition.is_empty() { UNKNOWN_EDITION.into() } else { law.line() },
            fields,
            deemed_by: if complete { by } else { Vec::new() },
            kept_by: role.word(),
            keep_rule: if law.edition.is_empty() { RULE.into() } else { retention.rule },
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
    let items = results.units.iter().filter(|(id, u)| u.catalogue == LAW && *id != "PSTI-1.X1");
    items
        .map(|(id, unit)| (id, unit, effective(unit)))
        .filter(|(.., verdict)| !matches!(verdict, Verdict::Pass | Verdict::NotApplicable))
        .map(|(id, unit, verdict)| Unmet { item: id.clone(), title: unit.title.clone(), verdict: verdict.word() })
        .collect()
}

/// Whether the record carries the declaration.
fn proof(results: &Results, declaration: &str, unmet: &[Unmet]) -> Option<String> {
    if results.partial {
        return Some("the run ended before all its units did".into());
    }
    if declaration == deemed::DECLARATION {
        return None; // what it rests on was looked at by itself
    }
    match results.profiles.get(PROFILE) {
        Some(Conformance::Conforms) => None,
        Some(_) if !unmet.is_empty() => None, // each item says it itself
        Some(other) => Some(format!("the profile {PROFILE} is {}", other.word())),
        None => Some(format!("this run does not cover the profile {PROFILE}: run all plans of test-plans/psti")),
    }
}

/// The end in the dossier must be the one that was read on the maker's page.
fn otherwise_published(results: &Results, end: &str) -> Option<String> {
    let mut pages = published(results.units.get(PERIOD_UNIT), "document.support_period");
    let seen = pages.find_map(|page| page.pointer("/models/0/end")?.as_str())?;
    (!end.is_empty() && seen != end).then(|| {
        let seen = if seen.is_empty() { "no end date" } else { seen };
        format!("defined_support_period ends on {end}, and the published page gave {seen}")
    })
}

/// The last day of keeping: the later of some years after issue and the end of support; empty where either is unknown.
fn keep_until(fields: &Fields, years: u16) -> String {
    let ends = (parse_day(&fields.date_of_issue), parse_day(&fields.defined_support_period.end));
    let (Some(issued), Some(end)) = ends else { return String::new() };
    years_later(issued, years).max(end).to_string()
}
