//! # `document.support_period`
//! **Question.** Until which date does a page promise security updates, and for which models?
//! **Evidence for.** PSTI Schedule 1 paragraph 3(2) with regulation 2(1); EN 303 645 V2.1.1 provision 5.3-13.
//! **Procedure.** Finds dates in all forms that makers use, keeps those that end a period of updates by the words,
//! column or label around them, and gives each to the models that its row, sentence or section names.
//! **Observation.** Per model: the end date as ISO date with its precision and language, or none; besides promises without
//! an end date and dates that do not exist.
//! **Effect.** Passive: nothing reaches the DUT.
//! **Does not show.** Whether updates will come; what stands in pictures.

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dates::{self, Precision};
use super::period::{self, End};
use super::source::{Provenance, Source, read};
use super::words::excerpt;

/// Models that are asked about, at most.
const MOST_MODELS: usize = 200;

pub(crate) struct SupportPeriod;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The page: URL, file of the dossier, or a literal.
    source: Source,
    /// Model designations as on the label.
    models: Vec<String>,
    /// ISO date that `past` is held against; today where left out.
    #[serde(default)]
    today: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Where the text came from.
    document: Provenance,
    /// What the page says for each model asked about.
    models: Vec<Model>,
    /// Every end date on the page, ISO, each once.
    ends: Vec<String>,
    /// Promises of updates without an end date: `five years from purchase`, `lifetime`.
    no_end_date: Vec<String>,
    /// Ends that name no day of the calendar, in words.
    errors: Vec<String>,
    /// The date that `past` was held against.
    today: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Named {
    /// As asked.
    Exact,
    /// Up to case, spaces and hyphens.
    Normalised,
    /// By words such as `all our products`.
    All,
    /// Not at all.
    #[default]
    Absent,
}

#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
struct Model {
    /// As asked.
    model: String,
    /// How the page names it.
    named: Named,
    /// ISO date of the end; empty where the page gives none for this model. Of several, the earliest.
    end: String,
    /// How exactly it is written.
    precision: Precision,
    /// As written.
    raw: String,
    /// ISO date of the start, where one stands beside it.
    start: String,
    /// Day and month could be the other way round.
    ambiguous: bool,
    /// Language of the month's name.
    language: String,
    /// The end lies before `today`.
    past: bool,
    /// The page gives several different ends for it.
    conflicting: bool,
    /// The text around it.
    excerpt: String,
}

#[async_trait]
impl TypedCheck for SupportPeriod {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "document.support_period";
    const QUESTION: &'static str = "Until which date does a page promise security updates, and for which models?";
    const EVIDENCE_FOR: &'static str = "PSTI Sch. 1 para. 3(2) with reg. 2(1); EN 303 645 V2.1.1 5.3-13";
    const DOES_NOT_SHOW: &'static str = "whether updates will come; what stands in pictures";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["documents"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let today = dates::today(p.today.as_deref())?;
        if p.models.len() > MOST_MODELS {
            let text = format!("{} models are asked about; {MOST_MODELS} are the limit", p.models.len());
            return Err(Fault::plan("too-many-models", text));
        }
        let reading = read(cx, &p.source).await?;
        let found = if reading.speaks() { period::of(&reading.page) } else { period::Periods::default() };
        let models = p.models.iter().map(|model| of_model(model, &found, &reading.page, today)).collect();
        let mut ends: Vec<String> = found.ends.iter().filter_map(|e| e.date.clone().ok()).map(dates::iso).collect();
        ends.sort();
        ends.dedup();
        let errors = found.ends.iter().filter_map(|e| e.date.clone().err()).collect();
        let no_end_date = found.open.iter().map(|text| excerpt(text)).collect();
        Ok(Observation { document: reading.provenance, models, ends, no_end_date, errors, today: dates::iso(today) })
    }
}

fn of_model(model: &str, found: &period::Periods, page: &super::page::Page, today: time::Date) -> Model {
    let name = period::ModelName::new(model);
    let own: Vec<&End> = found.ends.iter().filter(|e| e.near.iter().any(|text| name.in_text(text))).collect();
    let everywhere: Vec<&str> = page.blocks.iter().map(|b| b.text.as_str()).collect();
    let named = match (everywhere.iter().any(|t| name.exactly_in(t)), everywhere.iter().any(|t| name.in_text(t))) {
        (true, _) => Named::Exact,
        (false, true) => Named::Normalised,
        _ if found.ends.iter().any(|e| e.for_all) => Named::All,
        _ => Named::Absent,
    };
    let mut row = Model { model: model.to_owned(), named, ..Model::default() };
    let distinct = |ends: &[&End]| {
        let mut days: Vec<_> = ends.iter().filter_map(|e| e.date.clone().ok()).collect();
        days.sort_unstable();
        days.dedup();
        days
    };
    let all: Vec<&End> = found.ends.iter().collect();
    let ends = match named {
        Named::Absent => Vec::new(),
        Named::All => found.ends.iter().filter(|e| e.for_all).collect(),
        _ if !own.is_empty() => own,
        // A page about one product names it in its title and the date further down.
        _ if distinct(&all).len() == 1 => all.into_iter().filter(|e| !e.in_row).collect(),
        _ => Vec::new(),
    };
    let days = distinct(&ends);
    row.conflicting = days.len() > 1;
    if let Some((first, end)) =
        days.first().and_then(|day| Some((*day, ends.iter().find(|e| e.date.as_ref() == Ok(day))?)))
    {
        row.end = dates::iso(first);
        row.precision = end.precision;
        row.raw.clone_from(&end.raw);
        row.start = end.start.map(dates::iso).unwrap_or_default();
        row.ambiguous = end.ambiguous;
        row.language = end.language.to_owned();
        row.past = first < today;
        row.excerpt = excerpt(&end.excerpt);
    }
    row
}

#[cfg(test)]
mod tests {
    use crate::document::fake::Site;
    use serde_json::{Value, json};

    const NAME: &str = "document.support_period";

    async fn literal(text: &str, models: Value) -> Value {
        Site::of("good").ask(NAME, json!({"source": {"literal": text}, "models": models, "today": "2026-11-22"})).await
    }

    #[tokio::test]
    async fn good_pages_give_the_end_for_the_model() {
        for path in ["/support", "/product"] {
            let source = format!("http://maker.test:8088{path}");
            let seen = Site::of("good")
                .ask(NAME, json!({"source": source, "models": ["C1", "C10"], "today": "2026-11-22"}))
                .await;
            let row = &seen["models"][0];
            assert_eq!(
                (&row["end"], &row["named"], &row["past"], &row["precision"]),
                (&json!("2035-12-31"), &json!("exact"), &json!(false), &json!("day")),
                "{path}: {seen}"
            );
            assert_eq!((&seen["models"][1]["named"], &seen["models"][1]["end"]), (&json!("absent"), &json!("")));
        }
    }

    #[tokio::test]
    async fn pages_without_an_end_and_dead_sources_give_none() {
        for (variant, open) in [("support-period-without-end-date", 1), ("dead", 0), ("garbage", 0)] {
            let seen = Site::of(variant)
                .ask(NAME, json!({"source": "http://maker.test:8088/support", "models": ["C1"]}))
                .await;
            assert_eq!(
                (&seen["models"][0]["end"], seen["ends"].as_array().unwrap().len()),
                (&json!(""), 0),
                "{variant}"
            );
            assert!(seen["no_end_date"].as_array().unwrap().len() >= open, "{variant}: {seen}");
        }
        let shortened = Site::of("support-period-shortened")
            .ask(NAME, json!({"source": "http://maker.test:8088/support", "models": ["C1"]}))
            .await;
        assert_eq!(shortened["models"][0]["end"], "2033-12-31");
        let sales = Site::of("support-not-on-sales-page")
            .ask(NAME, json!({"source": "http://maker.test:8088/product", "models": ["C1"]}))
            .await;
        assert_eq!(sales["models"][0]["end"], "");
    }

    #[tokio::test]
    async fn periods_are_told_from_other_dates_and_promises() {
        for (text, end) in [
            ("The C1 gets security updates from 1 May 2026 until 31 May 2031.", "2031-05-31"),
            ("C1: security support period 1 May 2026 to 31 May 2031", "2031-05-31"),
            ("C1: security support period 2026-05-01 - 2031-05-31", "2031-05-31"),
            ("Security updates for the C 1 end on May 31, 2031.", "2031-05-31"),
            ("All our products get security updates until at least December 2031.", "2031-12-31"),
            ("Support for C1 was published on 1 May 2026. Security updates come for five years from purchase.", ""),
            ("The C1 is supported for its lifetime.", ""),
            ("C1: security updates as long as the product is in use", ""),
            ("C1 security updates until 31 February 2031.", ""),
            ("Copyright 1 January 2031. The C1 is a camera with security updates.", ""),
            ("The C2 gets security updates until 31 May 2031.", ""),
            ("C1 (first sold 1 May 2026): we ship security updates", ""),
        ] {
            let seen = literal(text, json!(["C1"])).await;
            assert_eq!(seen["models"][0]["end"], end, "{text}: {seen}");
        }
        let seen = literal("C1 security updates until 31 February 2031.", json!(["C1"])).await;
        assert_eq!(seen["errors"], json!(["31 February 2031 does not exist"]));
        let seen = literal(
            "Security updates for the C1 until 1 May 2031. Security updates for the C1 until 2 May 2032.",
            json!(["C1"]),
        )
        .await;
        assert_eq!(
            (&seen["models"][0]["conflicting"], &seen["models"][0]["end"]),
            (&json!(true), &json!("2031-05-01"))
        );
        let seen = literal("Security updates for the C1 end on 1 May 2025.", json!(["C1"])).await;
        assert_eq!(seen["models"][0]["past"], true);
    }

    #[tokio::test]
    async fn each_model_of_a_table_gets_its_own_row() {
        let table = "<h1>Security updates</h1><table><tr><th>Model<th>Supported until</tr><tr><td>C1<td>31/05/2031</tr><tr><td>D-4<td>Q2 2030</tr></table>";
        let seen = literal(table, json!(["C1", "d4", "E5"])).await;
        let rows: Vec<_> = seen["models"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| (m["end"].as_str().unwrap(), m["named"].as_str().unwrap()))
            .collect();
        assert_eq!(rows, [("2031-05-31", "exact"), ("2030-06-30", "normalised"), ("", "absent")]);
        assert_eq!(seen["models"][1]["precision"], "quarter");
        let french = literal("<p>C1 : mises à jour de sécurité jusqu'au 31 décembre 2031</p>", json!(["C1"])).await;
        assert_eq!(
            (&french["models"][0]["end"], &french["models"][0]["language"]),
            (&json!("2031-12-31"), &json!("fr"))
        );
    }
}
