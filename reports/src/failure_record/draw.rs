//! From a record of a run to the record that the law asks for.

use assay_model::Verdict;
use assay_model::results::{Results, UnitResult};
use serde::Serialize;

use crate::law::{LAW, Law, Records, Role, ToTell, day_of, effective, parse_day, years_later};

/// The item that is ours and no requirement of the law.
const NOT_LAW: &str = "PSTI-1.X1";
/// Reasons of one item that are written out.
const MOST_REASONS: usize = 8;

/// Record of an investigation, and of a failure where the run found one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailureRecord {
    /// `assay-failure-record/1`.
    pub schema: &'static str,
    /// Whose record it is.
    pub role: &'static str,
    /// The law, with its edition as the pack has it; empty where the pack has none.
    pub law: String,
    /// Name of the product.
    pub product: String,
    /// Its model.
    pub model: String,
    /// Batch, as the statement of compliance has it; empty where the dossier gives none.
    pub batch: String,
    /// Its manufacturers, name and address.
    pub manufacturers: Vec<String>,
    /// Samples that were looked at, with serial numbers.
    pub samples: Vec<String>,
    /// Seeded defects and virtual devices: the record is then an exercise.
    pub exercise: bool,
    /// What the investigation came to.
    pub outcome: Outcome,
    /// The failures; empty where none was found.
    pub failure_details: Vec<Failure>,
    /// Items without an answer, as `id title: VERDICT`.
    pub undetermined: Vec<String>,
    /// Steps taken to put it right: for a person to fill in.
    pub remedy_steps: String,
    /// Whether they worked: for a person to fill in.
    pub remedy_success: String,
    /// Who must be told; empty where nothing failed.
    pub to_tell: Vec<Told>,
    /// ISO date on which the run ended: the day of the record, where it is made at once.
    pub made_on: String,
    /// ISO date of the last day of keeping, for a record of that day; empty where no rule asks for it.
    pub keep_until: String,
    /// The rule.
    pub keep_rule: String,
    /// The run that it rests on.
    pub run_id: String,
    /// SHA-256 of the last line of that run's journal.
    pub journal_head: String,
    /// Fields that a person has to fill in.
    pub to_fill_in: Vec<&'static str>,
}

/// What an investigation by this run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// At least one item of the law FAILed.
    Failure,
    /// Every item of the law was looked at, and none failed.
    NoFailure,
    /// None failed, and not every item has an answer.
    NotEstablished,
}

/// One item that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// `PSTI-1.2`.
    pub item: String,
    /// Its title.
    pub title: String,
    /// The paragraph.
    pub legal_ref: String,
    /// When it was found, ISO date.
    pub found_on: String,
    /// What was found, a sentence each.
    pub details: Vec<String>,
    /// Samples that show it; empty where it was judged over all.
    pub samples: Vec<String>,
    /// Evidence in the pack.
    pub evidence: Vec<String>,
    /// Waiver, where one was applied: it does not change the failure.
    pub waiver: String,
}

/// Someone to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Who.
    pub who: String,
    /// Of what; empty where the law's summary does not say.
    pub what: String,
    /// When.
    pub when: String,
    /// Where the law says it.
    pub legal_ref: String,
    /// How sure we are of that.
    pub confidence: String,
    /// ISO date: for a person to fill in.
    pub told_on: String,
}

impl Outcome {
    /// For people.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Failure => "A failure to comply was found.",
            Self::NoFailure => "No failure to comply was found; every item of the law was looked at.",
            Self::NotEstablished => "No failure to comply was found, and not every item of the law has an answer.",
        }
    }
}

impl FailureRecord {
    /// Draws it up. A pure function of the record of the run.
    #[must_use]
    pub fn of(results: &Results, role: Role) -> Self {
        let law = Law::of(results);
        let facts = law.as_ref().map(|l| l.role(role)).unwrap_or_default();
        let items = || results.units.iter().filter(|(id, u)| u.catalogue == LAW && *id != NOT_LAW);
        let failures: Vec<Failure> =
            items().filter(|(_, u)| effective(u) == Verdict::Fail).map(|(id, u)| failure(id, u)).collect();
        let open =
            items().filter(|(_, u)| !matches!(effective(u), Verdict::Pass | Verdict::NotApplicable | Verdict::Fail));
        let undetermined: Vec<String> =
            open.map(|(id, u)| format!("{id} {}: {}", u.title, effective(u).word())).collect();
        let outcome = outcome(results, &failures);
        let made_on = day_of(&results.ended);
        let years = facts.records.as_ref().and_then(|r| r.years);
        let keep_until = years.zip(parse_day(&made_on)).map(|(years, day)| years_later(day, years).to_string());
        let text = |key: &str| results.product.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        Self {
            schema: "assay-failure-record/1",
            role: role.word(),
            law: law.as_ref().map(Law::line).unwrap_or_default(),
            product: text("name"),
            model: text("model"),
            batch: batch(results),
            manufacturers: manufacturers(results),
            samples: results.samples.iter().map(sample).collect(),
            exercise: results.samples.iter().any(|s| s.origin.starts_with("virtual") || !s.defects.is_empty()),
            outcome,
            to_tell: if failures.is_empty() { Vec::new() } else { facts.to_tell.into_iter().map(told).collect() },
            failure_details: failures,
            undetermined,
            remedy_steps: String::new(),
            remedy_success: String::new(),
            made_on,
            keep_until: keep_until.unwrap_or_default(),
            keep_rule: facts.records.map_or(facts.note, keep_rule),
            run_id: results.run_id.clone(),
            journal_head: results.journal_head.clone(),
            to_fill_in: match outcome {
                Outcome::Failure => vec!["remedy_steps", "remedy_success", "to_tell.told_on"],
                Outcome::NoFailure | Outcome::NotEstablished => Vec::new(),
            },
        }
    }
}

/// Only the whole profile shows that nothing failed.
fn outcome(results: &Results, failures: &[Failure]) -> Outcome {
    use assay_model::results::Conformance::Conforms;
    if !failures.is_empty() {
        Outcome::Failure
    } else if !results.partial && results.profiles.get("uk-psti") == Some(&Conforms) {
        Outcome::NoFailure
    } else {
        Outcome::NotEstablished
    }
}

fn failure(id: &str, unit: &UnitResult) -> Failure {
    let parts: Vec<_> =
        unit.samples.iter().map(|(s, r)| (Some(s), r)).chain(unit.cross_sample.iter().map(|r| (None, r))).collect();
    let failed = || parts.iter().filter(|(_, r)| r.verdict == Verdict::Fail);
    let mut details: Vec<String> = Vec::new();
    let mut evidence: Vec<String> = Vec::new();
    for reason in failed().flat_map(|(_, r)| &r.reasons) {
        if !details.contains(&reason.text) && details.len() < MOST_REASONS {
            details.push(reason.text.clone());
        }
        let new = reason.refs.iter().filter(|r| !evidence.contains(r)).cloned().collect::<Vec<_>>();
        evidence.extend(new);
    }
    if let Some(change) = &unit.overridden {
        details
            .push(format!("changed from {} to {} by {}: {}", change.old, change.new, change.authority, change.remark));
    }
    let waiver = unit.waived.as_ref();
    Failure {
        item: id.to_owned(),
        title: unit.title.clone(),
        legal_ref: unit.provision.clone(),
        found_on: failed().map(|(_, r)| day_of(&r.ended)).max().unwrap_or_default(),
        details,
        samples: failed().filter_map(|(s, _)| s.map(|s| s.to_owned())).collect(),
        evidence,
        waiver: waiver.map(|w| format!("{} until {}: {}", w.id, w.expires, w.reason)).unwrap_or_default(),
    }
}

fn keep_rule(records: Records) -> String {
    let Records { keep_for, legal_ref, confidence, joint_record, fields_note, .. } = records;
    let rule = format!("{keep_for} ({legal_ref}, confidence {confidence})");
    [rule, joint_record, fields_note].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("; ")
}

fn told(tell: ToTell) -> Told {
    let ToTell { who, what, when, legal_ref, confidence } = tell;
    Told { who, what, when, legal_ref, confidence, told_on: String::new() }
}

fn batch(results: &Results) -> String {
    let statement = results.product.get("statement");
    statement.and_then(|s| s["batch"].as_str()).unwrap_or_default().to_owned()
}

fn manufacturers(results: &Results) -> Vec<String> {
    let statement = results.product.get("statement");
    let rows = statement.and_then(|s| s["manufacturers"].as_array()).into_iter().flatten();
    let named: Vec<String> = rows
        .map(|row| ["name", "address"].iter().filter_map(|k| row[*k].as_str()).collect::<Vec<_>>().join(", "))
        .filter(|text| !text.is_empty())
        .collect();
    let declared = results.product.get("manufacturer").and_then(|v| v.as_str()).map(str::to_owned);
    if named.is_empty() { declared.into_iter().collect() } else { named }
}

fn sample(sample: &assay_model::results::SampleInfo) -> String {
    match sample.label.get("serial").and_then(|v| v.as_str()) {
        Some(serial) => format!("{}, serial number {serial}", sample.id),
        None => sample.id.clone(),
    }
}
