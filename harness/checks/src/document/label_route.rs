//! # `label.route`
//! **Question.** Does a label of a recognised scheme stand in for the requirements, for this product and this day?
//! **Evidence for.** PSTI Regulations Schedule 2 and Schedule 2A with regulation 4A (since 4 December 2025): Japan's STAR-1
//! label and Singapore's CLS label.
//! **Procedure.** Reads the register's entry and holds scheme, edition, model and expiry against the product.
//! **Observation.** Each of these, and whether all hold.
//! **Effect.** Passive: nothing reaches the DUT.
//! **Does not show.** Whether the entry is genuine, unless it was fetched from the register itself.

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dates;
use super::period::ModelName;
use super::records::Record;
use super::source::{Provenance, Source, read};
use super::words::excerpt;

/// Days before the end from which on it is worth a remark.
const WARN_DAYS: i64 = 90;

pub(crate) struct LabelRoute;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The register's entry: URL, file of the dossier, or a literal. Empty: the product has no label.
    source: Source,
    /// The product's model, as on its own label.
    model: String,
    /// ISO date of supply; today where left out.
    #[serde(default)]
    today: Option<String>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Where the text came from.
    document: Provenance,
    /// `jc_star`, `singapore_cls`; empty where the entry names neither.
    scheme: String,
    /// The scheme's document and edition, as written.
    edition: String,
    /// Whether the Regulations recognise that edition.
    edition_recognised: bool,
    /// The model as the entry names it.
    labelled_model: String,
    /// Whether that is the product's.
    model_matches: bool,
    /// The level, as written.
    level: String,
    /// Whether the level counts: STAR-1 of Japan, any of Singapore.
    level_counts: bool,
    /// ISO date of the end; empty where the entry has none.
    expires: String,
    /// Whether that day has passed, or none is known.
    expired: bool,
    /// Whether it ends within 90 days.
    ends_soon: bool,
    /// Whether everything holds: the label stands in for the requirements and for the statement.
    holds: bool,
    /// What does not hold, in words.
    reasons: Vec<String>,
}

/// Scheme, words that name it, edition that the Regulations recognise (as bare characters), levels that count.
const SCHEMES: [(&str, &[&str], &str, Option<&str>); 2] = [
    ("jc_star", &["jc star", "jcstar", "star 1", "star1"], "jstcr01012024r1", Some("1")),
    ("singapore_cls", &["singapore cls", "cls", "cybersecurity labelling scheme"], "cccsp1512v14", None),
];

#[async_trait]
impl TypedCheck for LabelRoute {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "label.route";
    const QUESTION: &'static str =
        "Does a label of a recognised scheme stand in for the requirements, for this product and this day?";
    const EVIDENCE_FOR: &'static str = "PSTI Regulations Sch. 2, Sch. 2A and reg. 4A (since 2025-12-04)";
    const DOES_NOT_SHOW: &'static str = "whether the entry is genuine, unless it was fetched from the register itself";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["documents"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let today = dates::today(p.today.as_deref())?;
        let reading = read(cx, &p.source).await?;
        let record = Record::of(&reading);
        let mut seen = entry(&record, &p.model, today);
        if !reading.speaks() {
            seen.reasons = vec![format!("no entry can be read: {}", reading.provenance.note)];
        }
        seen.holds = reading.speaks() && seen.reasons.is_empty();
        seen.document = reading.provenance;
        Ok(seen)
    }
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_lowercase()
}

fn entry(record: &Record, model: &str, today: time::Date) -> Observation {
    let get = |keys: &[&str]| keys.iter().find_map(|key| record.find(|k| k == *key)).map(excerpt).unwrap_or_default();
    let named = super::records::words(&get(&["scheme", "label", "label scheme"]));
    let scheme = SCHEMES.iter().find(|(_, names, ..)| names.iter().any(|n| super::words::holds(&named, n)));
    let edition = get(&["scheme edition", "edition", "criteria", "scheme document"]);
    let labelled_model = get(&["model", "models", "product model", "product"]);
    let level = get(&["level", "label level"]);
    let expiry = get(&["expires", "expiry", "expiry date", "valid until", "valid to", "validity"]);
    let mut seen = Observation {
        scheme: scheme.map(|(id, ..)| (*id).to_owned()).unwrap_or_default(),
        edition_recognised: scheme.is_some_and(|(_, _, recognised, _)| bare(&edition).contains(recognised)),
        model_matches: ModelName::new(model).in_text(&labelled_model),
        level_counts: scheme.is_some_and(|(_, _, _, only)| match only {
            Some(only) => bare(&level).trim_start_matches("star") == *only,
            None => !level.is_empty(),
        }),
        expired: true,
        edition,
        labelled_model,
        level,
        ..Observation::default()
    };
    let end = dates::find(&expiry).pop().map(|f| f.date);
    match &end {
        Some(Ok(end)) => {
            seen.expires = dates::iso(*end);
            seen.expired = *end < today;
            seen.ends_soon = !seen.expired && (*end - today).whole_days() <= WARN_DAYS;
            if seen.expired {
                seen.reasons.push(format!("it expired on {}", seen.expires));
            }
        }
        Some(Err(why)) => seen.reasons.push(format!("its end cannot be read: {why}")),
        None => seen.reasons.push("it states no end".into()),
    }
    if seen.scheme.is_empty() {
        seen.reasons.push("it names neither of the two recognised schemes".into());
    } else if !seen.edition_recognised {
        seen.reasons.push(format!(
            "the edition `{}` is not the one that the Regulations name: a lawyer must look",
            seen.edition
        ));
    }
    if !seen.model_matches {
        seen.reasons.push(format!("it is for `{}`, not for `{}`", seen.labelled_model, excerpt(model)));
    }
    if !seen.scheme.is_empty() && !seen.level_counts {
        seen.reasons.push(format!("its level `{}` is not one that counts", seen.level));
    }
    seen
}

#[cfg(test)]
mod tests {
    use crate::document::fake::Site;
    use serde_json::{Value, json};

    const NAME: &str = "label.route";

    async fn of(variant: &'static str, today: &str) -> Value {
        let params = json!({"source": "http://maker.test:8088/label", "model": "C1", "today": today});
        Site::of(variant).ask(NAME, params).await
    }

    #[tokio::test]
    async fn a_good_entry_holds_until_it_expires() {
        let seen = of("good", "2026-11-22").await;
        assert_eq!(
            (&seen["holds"], &seen["reasons"], &seen["scheme"]),
            (&json!(true), &json!([]), &json!("singapore_cls")),
            "{seen}"
        );
        assert_eq!(of("good", "2041-03-15").await["ends_soon"], true);
        assert_eq!(of("good", "2041-05-31").await["holds"], true);
        assert_eq!(of("good", "2041-06-01").await["holds"], false);
    }

    #[tokio::test]
    async fn expired_foreign_and_dead_entries_do_not_hold() {
        for (variant, word) in [
            ("label-expired", "expired on 2025-05-31"),
            ("label-wrong-model", "not for `C1`"),
            ("dead", "connection refused"),
            ("garbage", "no entry"),
        ] {
            let seen = of(variant, "2026-11-22").await;
            assert_eq!(seen["holds"], false, "{variant}");
            assert!(seen["reasons"].to_string().contains(word), "{variant}: {seen}");
        }
    }

    #[tokio::test]
    async fn scheme_edition_and_level_count() {
        let entry = |scheme: &str, edition: &str, level: &str| {
            json!({"source": {"literal": format!("Scheme: {scheme}\nEdition: {edition}\nModel: C1\nLevel: {level}\nExpires: 31 May 2030")},
                "model": "C1", "today": "2026-11-22"})
        };
        for (scheme, edition, level, holds) in [
            ("JC-STAR", "JST-CR-01-01-2024R1", "STAR-1", true),
            ("JC-STAR", "JST-CR-01-01-2024R1", "STAR-2", false),
            ("JC-STAR", "JST-CR-01-01-2025", "STAR-1", false),
            ("Singapore CLS", "CCC SP-151-2 v1.4", "4", true),
            ("Singapore CLS", "CCC SP-151-2 v1.5", "4", false),
            ("Gold seal", "1", "1", false),
        ] {
            let seen = Site::of("good").ask(NAME, entry(scheme, edition, level)).await;
            assert_eq!(seen["holds"], holds, "{scheme} {edition} {level}: {seen}");
        }
        let none = Site::of("good").ask(NAME, json!({"source": "", "model": "C1"})).await;
        assert_eq!((&none["holds"], &none["document"]["found"]), (&json!(false), &json!(false)));
    }
}
