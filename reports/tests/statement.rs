//! The statement of compliance: final only where every field and every item is there.
#![allow(clippy::unwrap_used)] // tests say by panicking what is wrong

mod fixture;

use assay_model::Verdict;
use assay_model::results::{Conformance, Results};
use assay_reports::statement::{self, SCHEMA, Statement};
use serde_json::{Value, json};

use fixture::{HOSTILE, sample, step, unit};

const ITEMS: [&str; 4] = ["PSTI-1.2", "PSTI-2.1", "PSTI-3.2", "PSTI-3.7"];

/// A record in which everything is met.
fn good() -> Results {
    let mut results = fixture::results();
    results.partial = false;
    results.units = ITEMS
        .iter()
        .map(|id| {
            let mut unit = unit(Verdict::Pass, "Title", "Question?", &id[..6]);
            let mut over = sample(Verdict::Pass, vec![]);
            if *id == "PSTI-3.2" {
                let seen = json!({"models": [{"model": "C1", "end": "2031-12-31"}]});
                over.steps.push(step("period", "document.support_period", json!({}), seen, &[]));
            }
            unit.cross_sample = Some(over);
            ((*id).to_owned(), unit)
        })
        .collect();
    results.profiles = [("uk-psti".to_owned(), Conformance::Conforms)].into();
    results.product = serde_json::from_value(json!({
        "name": "Smart camera C1", "model": "C1", "manufacturer": "Example Ltd",
        "statement": {
            "batch": "2026-18 to 2026-52",
            "manufacturers": [{"name": "Example Ltd", "address": "1 Example Street, London"}],
            "prepared_by_declaration": "By the manufacturer.",
            "compliance_declaration": "complied_with_schedule_1",
            "defined_support_period": {"start": "2026-05-01", "end": "2031-12-31"},
            "signature": "A. Example",
            "signatory_name": "Alex Example",
            "signatory_function": "Head of product security",
            "place_of_issue": "London",
            "date_of_issue": "2026-04-20",
            "supersedes": "SoC-1",
        },
    }))
    .unwrap();
    results
}

fn with(change: impl FnOnce(&mut Value)) -> Statement {
    let mut results = good();
    change(results.product.get_mut("statement").unwrap());
    Statement::of(&results)
}

fn assert_draft(drawn: &Statement, word: &str) {
    assert_eq!(drawn.status, "draft", "{word}");
    assert_eq!((drawn.fields.signature.as_str(), drawn.fields.compliance_declaration.as_str()), ("", ""), "{word}");
    let said = format!("{:?} {:?}", drawn.gaps, drawn.unmet);
    assert!(said.contains(word), "{word}: {said}");
    let page = String::from_utf8(statement::html(drawn).unwrap()).unwrap();
    assert!(page.contains("DRAFT") && page.contains("Nothing is declared") && !page.contains("A. Example"), "{word}");
    assert_valid(drawn);
}

fn assert_valid(drawn: &Statement) {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let value: Value = serde_json::from_slice(&statement::json(drawn).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{value}");
}

#[test]
fn a_whole_record_gives_a_final_statement() {
    let drawn = Statement::of(&good());
    assert_eq!((drawn.status, &drawn.gaps[..], &drawn.unmet[..]), ("final", &[][..], &[][..]));
    assert_eq!((drawn.keep_until.as_str(), drawn.supersedes.as_str()), ("2036-04-20", "SoC-1"));
    assert_valid(&drawn);
    let page = String::from_utf8(statement::html(&drawn).unwrap()).unwrap();
    assert!(!page.contains("DRAFT") && !page.contains("class=\"missing\""));
    for text in
        ["Smart camera C1", "A. Example", "2031-12-31", "2036-04-20", "SoC-1", "no legal advice", "are complied with"]
    {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn each_missing_or_wrong_field_makes_it_a_draft() {
    for field in [
        "batch",
        "manufacturers",
        "prepared_by_declaration",
        "compliance_declaration",
        "defined_support_period",
        "signature",
        "signatory_name",
        "signatory_function",
        "place_of_issue",
        "date_of_issue",
    ] {
        let drawn = with(|s| _ = s.as_object_mut().unwrap().remove(field));
        assert_draft(&drawn, field);
    }
    for (field, value, word) in [
        ("date_of_issue", json!("31 June 2026"), "is no date"),
        ("defined_support_period", json!({"end": "2031-02-30"}), "2031-02-30"),
        ("defined_support_period", json!({"start": "2032-01-01", "end": "2031-12-31"}), "before it starts"),
        ("defined_support_period", json!({"end": "2030-12-31"}), "published page gave 2031-12-31"),
        ("manufacturers", json!([{"name": "Example Ltd"}]), "address"),
        ("standards_relied_on", json!([{"identifier": "ETSI EN 303 645", "date": "2020-06-30"}]), "version"),
        ("compliance_declaration", json!("perfect"), "perfect"),
        ("compliance_declaration", json!("deemed_compliance_conditions_met"), "names neither"),
    ] {
        assert_draft(&with(|s| s[field] = value.clone()), word);
    }
    let mut nothing = good();
    nothing.product.remove("statement");
    assert_draft(&Statement::of(&nothing), "batch");
}

#[test]
fn an_item_that_is_not_met_makes_it_a_draft_whatever_else_is_claimed() {
    for verdict in [Verdict::Fail, Verdict::Inconclusive, Verdict::Error, Verdict::NotRun] {
        let mut results = good();
        results.units.get_mut("PSTI-2.1").unwrap().verdict = verdict;
        assert_draft(&Statement::of(&results), verdict.word()); // even where the profile says CONFORMS
    }
    for (profile, word) in [(Some(Conformance::Undetermined), "UNDETERMINED"), (None, "does not cover")] {
        let mut results = good();
        results.profiles = profile.map(|p| ("uk-psti".to_owned(), p)).into_iter().collect();
        assert_draft(&Statement::of(&results), word);
    }
    let mut partial = good();
    partial.partial = true;
    assert_draft(&Statement::of(&partial), "ended before");
}

#[test]
fn a_deemed_declaration_needs_the_label_to_have_passed() {
    let mut results = good();
    let own = results.product.get_mut("statement").unwrap();
    own["compliance_declaration"] = json!("deemed_compliance_conditions_met");
    own["label"] = json!("CLS-TEST-0001");
    assert_draft(&Statement::of(&results), "psti-label");
    results.units.insert("psti-label".into(), unit(Verdict::Pass, "Label", "Label?", "statement"));
    assert_eq!(Statement::of(&results).status, "final");
}

#[test]
fn hostile_text_stays_text() {
    let mut results = good();
    results.product.get_mut("statement").unwrap()["place_of_issue"] = json!(HOSTILE);
    let page = String::from_utf8(statement::html(&Statement::of(&results)).unwrap()).unwrap();
    assert!(!page.contains("<script>") && !page.contains('\u{1b}') && !page.contains('\u{202e}'));
}
