//! # `document.statement`
//! **Question.** Does a statement of compliance hold the 13 fields of Schedule 4, and until when must it be kept?
//! **Evidence for.** PSTI Act section 9 with Schedule 4 of the Regulations; regulations 8 and 9 (retention).
//! **Procedure.** Reads the fields out of JSON, YAML, a page or plain text; parses its dates.
//! **Observation.** Per field: present, value, problem; the issue date, the end of support, the last day of keeping.
//! **Effect.** Passive: nothing reaches the DUT.
//! **Does not show.** Whether what it says is true, or whether a signature was made by whom it names.

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::Date;

use super::dates::{self, Precision};
use super::period::ModelName;
use super::records::Record;
use super::source::{Provenance, Source, read};
use super::words::{excerpt, phrase_in};

/// Years that a statement is kept at least (regulation 8).
const YEARS_KEPT: i32 = 10;

pub(crate) struct Statement;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The statement: URL, file of the dossier, or a literal. JSON, YAML, HTML or plain text.
    source: Source,
    /// The model that it must be about, as on the label.
    model: String,
    /// ISO date that "in the future" is held against; today where left out.
    #[serde(default)]
    today: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Where the text came from.
    document: Provenance,
    /// `json`, `yaml`, `html`, `text`; empty where there is nothing to read.
    format: String,
    /// The 13 fields, in the order of the Schedule.
    fields: Vec<Field>,
    /// Required fields that are not there.
    missing: Vec<String>,
    /// Fields that are there and cannot be right, with the reason.
    problems: Vec<String>,
    /// Whether every required field is there and has no problem.
    complete: bool,
    /// Whether it names the model.
    names_model: bool,
    /// Which of the two declarations it makes.
    declares: Declares,
    /// ISO date of issue; empty where it has none.
    issued: String,
    /// ISO date of the end of support; empty where it has none.
    support_end: String,
    /// How exactly that end is written.
    support_precision: Precision,
    /// ISO date of the last day of keeping: the later of 10 years after issue and the end of support; empty where either
    /// is unknown.
    keep_until: String,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Field {
    /// Its name in the catalogue: `place_of_issue`.
    field: String,
    /// Whether every statement needs it.
    required: bool,
    /// Whether it is there with a value.
    present: bool,
    /// Its value.
    value: String,
    /// Why it cannot be right; empty where it can.
    problem: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Declares {
    /// The requirements of Schedule 1 are complied with.
    #[serde(rename = "complied_with_schedule_1")]
    CompliedWithSchedule1,
    /// Conditions of deemed compliance are met.
    DeemedComplianceConditionsMet,
    /// Neither in words that are known here.
    #[default]
    Neither,
}

/// Field, whether it is required, and words of its key: all of one group must stand in it.
const FIELDS: [(&str, bool, &[&str]); 13] = [
    ("product_type", true, &["product type", "product", "type of product", "model", "product and model"]),
    ("batch", true, &["batch", "batch number", "batches", "lot", "serial numbers", "batch or serial"]),
    ("manufacturers", true, &["manufacturer", "manufacturers", "name and address of manufacturer"]),
    (
        "authorised_representatives",
        false,
        &["authorised representative", "authorised representatives", "authorized representative"],
    ),
    (
        "prepared_by_declaration",
        true,
        &["prepared by", "prepared by declaration", "prepared by or on behalf", "prepared on behalf"],
    ),
    (
        "compliance_declaration",
        true,
        &["compliance declaration", "declaration of compliance", "declaration", "opinion"],
    ),
    ("standards_relied_on", false, &["standards relied on", "standard relied on", "standards", "relevant standards"]),
    ("defined_support_period", true, &["defined support period", "support period", "security update period"]),
    ("signature", true, &["signature", "signed"]),
    (
        "signatory_name",
        true,
        &["signatory name", "name of signatory", "name of the signatory", "signed by", "signatory"],
    ),
    (
        "signatory_function",
        true,
        &[
            "signatory function",
            "function of signatory",
            "function of the signatory",
            "function",
            "position",
            "job title",
        ],
    ),
    ("place_of_issue", true, &["place of issue", "place", "issued at"]),
    ("date_of_issue", true, &["date of issue", "issue date", "date", "issued on"]),
];

const NOTHING: [&str; 8] = ["", "none", "n/a", "not applicable", "-", "tbd", "tba", "to be completed"];

#[async_trait]
impl TypedCheck for Statement {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "document.statement";
    const QUESTION: &'static str =
        "Does a statement of compliance hold the 13 fields of Schedule 4, and until when must it be kept?";
    const EVIDENCE_FOR: &'static str = "PSTI Act s. 9; Regulations Sch. 4, regs 8 and 9";
    const DOES_NOT_SHOW: &'static str = "whether what it says is true, or who made the signature";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["documents"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let today = dates::today(p.today.as_deref())?;
        let reading = read(cx, &p.source).await?;
        let record = Record::of(&reading);
        let text = reading.page.text();
        let mut fields: Vec<Field> =
            FIELDS.iter().map(|(name, required, keys)| field(name, *required, keys, &record)).collect();
        let value = |name: &str| fields.iter().find(|f| f.field == name).map(|f| f.value.clone()).unwrap_or_default();
        let model = ModelName::new(&p.model);
        let names_model = model.in_text(&value("product_type")) || model.in_text(&text);
        let declares = declares(&value("compliance_declaration"));
        let issued = dates::only(&value("date_of_issue")).and_then(|f| f.date);
        let end = support_end(&value("defined_support_period"));
        for f in fields.iter_mut().filter(|f| f.present) {
            f.problem = problem(f, &model, declares, &issued, &end, today);
        }
        let missing: Vec<String> =
            fields.iter().filter(|f| f.required && !f.present).map(|f| f.field.clone()).collect();
        let problems: Vec<String> =
            fields.iter().filter(|f| !f.problem.is_empty()).map(|f| format!("{}: {}", f.field, f.problem)).collect();
        let keep_until = match (&issued, &end) {
            (Ok(issued), Ok((end, _))) => dates::iso(years_later(*issued, YEARS_KEPT).max(*end)),
            _ => String::new(),
        };
        Ok(Observation {
            complete: reading.speaks() && missing.is_empty() && problems.is_empty(),
            names_model: reading.speaks() && names_model,
            document: reading.provenance,
            format: record.format.into(),
            fields,
            missing,
            problems,
            declares,
            issued: issued.map(dates::iso).unwrap_or_default(),
            support_precision: end.as_ref().map(|(_, precision)| *precision).unwrap_or_default(),
            support_end: end.map(|(date, _)| dates::iso(date)).unwrap_or_default(),
            keep_until,
        })
    }
}

/// Exact key first, then one that begins with the words.
fn field(name: &str, required: bool, keys: &[&str], record: &Record) -> Field {
    let exact = keys.iter().find_map(|key| record.find(|k| k == *key));
    let machine = record.find(|k| k == super::records::words(name));
    let starts = || keys.iter().filter(|k| k.contains(' ')).find_map(|key| record.find(|k| k.starts_with(key)));
    let value = machine.or(exact).or_else(starts).unwrap_or_default().trim();
    let present = !NOTHING.contains(&value.to_lowercase().as_str());
    Field { field: name.into(), required, present, value: excerpt(value), problem: String::new() }
}

fn declares(text: &str) -> Declares {
    let lower = text.to_lowercase();
    if lower.contains("deemed") || lower.contains("conditions") {
        Declares::DeemedComplianceConditionsMet
    } else if phrase_in(&lower.replace('_', " "), &["complied", "complies", "comply", "compliance", "meets", "met"])
        .is_some()
        && !["not ", "n't "].iter().any(|no| lower.contains(no))
    {
        Declares::CompliedWithSchedule1
    } else {
        Declares::Neither
    }
}

/// The last date of the period.
fn support_end(text: &str) -> Result<(Date, Precision), String> {
    match dates::find(text).pop() {
        None => Err("no end date".into()),
        Some(found) => found.date.map(|date| (date, found.precision)),
    }
}

fn problem(
    field: &Field,
    model: &ModelName,
    declares: Declares,
    issued: &Result<Date, String>,
    end: &Result<(Date, Precision), String>,
    today: Date,
) -> String {
    match field.field.as_str() {
        "product_type" if !model.in_text(&field.value) => "does not name the model".into(),
        "manufacturers" | "authorised_representatives" if !has_address(&field.value) => "has no address".into(),
        "prepared_by_declaration" if phrase_in(&field.value, &["manufacturer", "on behalf"]).is_none() => {
            "does not say that it is made by or on behalf of the manufacturer".into()
        }
        "compliance_declaration" if declares == Declares::Neither => {
            "declares neither of the two things that it can".into()
        }
        "standards_relied_on" if !field.value.chars().any(|c| c.is_ascii_digit()) => {
            "names no standard with its version".into()
        }
        "defined_support_period" => end.as_ref().err().cloned().unwrap_or_default(),
        "date_of_issue" => match issued {
            Err(why) => why.clone(),
            Ok(date) if *date > today => format!("{} lies in the future", dates::iso(*date)),
            Ok(_) => String::new(),
        },
        _ => String::new(),
    }
}

/// A name alone has no comma and no digits.
fn has_address(text: &str) -> bool {
    text.contains([',', ';', '\n']) && text.split_whitespace().count() >= 4
}

fn years_later(date: Date, years: i32) -> Date {
    let year = date.year().saturating_add(years);
    // 29 February: the day before where that year has none.
    date.replace_year(year).or_else(|_| Date::from_calendar_date(year, date.month(), 28)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::fake::Site;
    use serde_json::{Value, json};

    const NAME: &str = "document.statement";

    async fn of(variant: &'static str) -> Value {
        let params = json!({"source": "http://maker.test:8088/statement", "model": "C1", "today": "2026-11-22"});
        Site::of(variant).ask(NAME, params).await
    }

    #[tokio::test]
    async fn a_good_statement_is_complete_and_kept_for_ten_years() {
        let seen = of("good").await;
        assert_eq!(
            (&seen["complete"], &seen["missing"], &seen["problems"]),
            (&json!(true), &json!([]), &json!([])),
            "{seen}"
        );
        assert_eq!(seen["fields"].as_array().unwrap().len(), 13);
        assert_eq!(
            (&seen["issued"], &seen["support_end"], &seen["keep_until"]),
            (&json!("2026-04-20"), &json!("2035-12-31"), &json!("2036-04-20"))
        );
        assert_eq!(
            (&seen["declares"], &seen["names_model"], &seen["format"]),
            (&json!("complied_with_schedule_1"), &json!(true), &json!("html"))
        );
    }

    #[tokio::test]
    async fn missing_fields_other_dates_and_dead_sources_are_seen() {
        let missing = of("statement-missing-field").await;
        assert_eq!((&missing["complete"], &missing["missing"]), (&json!(false), &json!(["place_of_issue"])));
        assert_eq!(of("statement-date-disagrees").await["support_end"], "2035-06-30");
        for variant in ["dead", "garbage"] {
            let seen = of(variant).await;
            assert_eq!(
                (&seen["complete"], &seen["names_model"], &seen["keep_until"]),
                (&json!(false), &json!(false), &json!("")),
                "{variant}"
            );
            assert_eq!(seen["missing"].as_array().unwrap().len(), 11);
        }
    }

    fn yaml(change: &str) -> String {
        let good = "product_type: Smart camera C1\nbatch: 2026-18\nmanufacturers:\n  - { name: Example Ltd, address: \"1 Example Street, London\" }\n\
            prepared_by_declaration: by the manufacturer\ncompliance_declaration: complied_with_schedule_1\n\
            defined_support_period: 2026-05-01 to 2038-12-31\nsignature: A. Example\nsignatory_name: Alex Example\n\
            signatory_function: Director\nplace_of_issue: London\ndate_of_issue: 2026-04-20\n";
        let key = change.split(':').next().unwrap_or_default();
        good.lines().filter(|l| change.is_empty() || !l.starts_with(key)).chain([change]).collect::<Vec<_>>().join("\n")
    }

    #[tokio::test]
    async fn each_field_is_held_against_what_it_must_be() {
        for (change, problem) in [
            ("", ""),
            ("product_type: Doorbell D4", "product_type: does not name the model"),
            ("defined_support_period: five years from purchase", "defined_support_period: no end date"),
            (
                "defined_support_period: until 31 February 2031",
                "defined_support_period: 31 February 2031 does not exist",
            ),
            ("date_of_issue: 2027-01-01", "date_of_issue: 2027-01-01 lies in the future"),
            ("date_of_issue: soon", "date_of_issue: `soon` is no date"),
            (
                "prepared_by_declaration: by a friend",
                "prepared_by_declaration: does not say that it is made by or on behalf of the manufacturer",
            ),
            (
                "compliance_declaration: the product does not comply",
                "compliance_declaration: declares neither of the two things that it can",
            ),
            ("standards_relied_on: a good one", "standards_relied_on: names no standard with its version"),
        ] {
            let params = json!({"source": {"literal": yaml(change)}, "model": "C1", "today": "2026-11-22"});
            let seen = Site::of("good").ask(NAME, params).await;
            let wanted = if problem.is_empty() { json!([]) } else { json!([problem]) };
            assert_eq!((&seen["problems"], &seen["format"]), (&wanted, &json!("yaml")), "{change}: {seen}");
            assert_eq!(seen["complete"], problem.is_empty(), "{change}");
        }
        // The support period is longer than ten years: it decides how long the statement is kept.
        let seen = Site::of("good")
            .ask(NAME, json!({"source": {"literal": yaml("")}, "model": "C1", "today": "2026-11-22"}))
            .await;
        assert_eq!(seen["keep_until"], "2038-12-31");
    }

    #[test]
    fn ten_years_after_a_leap_day_is_a_day_that_exists() {
        let leap = Date::from_calendar_date(2028, time::Month::February, 29).unwrap();
        assert_eq!(dates::iso(years_later(leap, 10)), "2038-02-28");
    }
}
