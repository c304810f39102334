//! The statement of compliance: final only where every field and every item is there.
#![allow(clippy::unwrap_used)] // tests say by panicking what is wrong

mod fixture;

use assay_model::Verdict;
use assay_model::results::Conformance;
use assay_reports::Role;
use assay_reports::statement::{self, SCHEMA, Statement};
use serde_json::{Value, json};

use fixture::law::{catalogues, good};
use fixture::{HOSTILE, sample, unit};

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
        ["Smart camera C1", "A. Example", "2031-12-31", "2036-04-20", "SoC-1", "legal advice", "are complied with"]
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
        ("defined_support_period", json!({"end": "2026-04-19"}), "before the statement is issued"),
        ("manufacturers", json!([{"name": "Example Ltd"}]), "address"),
        (
            "standards_relied_on",
            json!([{"identifier": "ETSI EN 303 645", "version": "V3.1.3", "date": "2024-09-01"}]),
            "points at en303645 2.1.1 only",
        ),
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
fn a_deemed_declaration_by_label_says_which_label_and_lets_items_be_unmet() {
    let mut results = good();
    let own = results.product.get_mut("statement").unwrap();
    own["compliance_declaration"] = json!("deemed_compliance_conditions_met");
    own["label"] = json!("CLS-TEST-0001");
    let mut label = unit(Verdict::Pass, "Label", "Label?", "statement");
    let seen = json!({"scheme": "singapore_cls", "level": "1", "labelled_model": "C1", "expires": "2030-12-31"});
    let mut over = sample(Verdict::Pass, vec![]);
    over.steps.push(fixture::step("label", "label.route", json!({}), seen, &[]));
    label.cross_sample = Some(over);
    results.units.insert("psti-label".into(), label);
    results.units.get_mut("PSTI-1.2").unwrap().verdict = Verdict::NotRun;
    let drawn = Statement::of(&results);
    assert_eq!((drawn.status, drawn.deemed_by.len()), ("final", 1));
    assert_eq!(drawn.deemed_by[0], "label of Singapore, CLS(IoT): level 1, model C1, expires 2030-12-31");
    assert_valid(&drawn);
    let page = String::from_utf8(statement::html(&drawn).unwrap()).unwrap();
    assert!(page.contains("is deemed are met") && page.contains("CLS(IoT): level 1"));
}

#[test]
fn a_deemed_declaration_by_a_standard_needs_every_unit_of_its_provisions() {
    let mut results = good();
    let own = results.product.get_mut("statement").unwrap();
    own["compliance_declaration"] = json!("deemed_compliance_conditions_met");
    own["standards_relied_on"] = json!([{"identifier": "ETSI EN 303 645", "version": "V2.1.1", "date": "2020-06-19"}]);
    // The items hold, and the crosswalk leads from them to the provisions: that is no test of the provisions.
    assert_draft(&Statement::of(&results), "5.1-1 not looked at");
    let sizes = &catalogues()["etsi-ts-103-701-1.1.1"]["units_of_provision"];
    for provision in ["5.1-1", "5.1-2", "5.2-1", "5.3-13"] {
        for n in 0..sizes[provision].as_u64().unwrap() {
            results.units.insert(format!("{provision}-{n}"), unit(Verdict::Pass, "Title", "Question?", provision));
        }
    }
    let drawn = Statement::of(&results);
    assert_eq!((drawn.status, drawn.deemed_by.len()), ("final", 4), "{:?}", drawn.gaps);
    assert_valid(&drawn);
    results.units.get_mut("5.2-1-0").unwrap().verdict = Verdict::Inconclusive;
    assert_draft(&Statement::of(&results), "5.2-1 open");
}

#[test]
fn each_role_keeps_it_by_its_own_rule() {
    let of = |role| Statement::kept_by(&good(), role);
    assert_eq!(of(Role::Importer).keep_until, "2036-04-20");
    let shop = of(Role::Distributor);
    assert_eq!((shop.status, shop.keep_until.as_str()), ("final", ""));
    assert_eq!(shop.keep_rule, "no express duty found");
    assert_valid(&shop);
    let longer = with(|s| s["defined_support_period"] = json!({"end": "2041-05-31"}));
    assert_draft(&longer, "2041-05-31"); // the published page says otherwise
    assert_eq!(longer.keep_until, "2041-05-31", "the support period is the longer");
}

#[test]
fn the_edition_is_the_one_of_the_pack() {
    let mut old = good();
    old.catalogues.get_mut("uk-psti-2023").unwrap()["edition"] = json!("as made in 2023");
    assert!(Statement::of(&old).law.ends_with("as made in 2023"));
    old.catalogues.clear();
    let drawn = Statement::of(&old);
    assert!(drawn.law.contains("does not say in which version") && drawn.keep_until == "2036-04-20");
    assert_valid(&drawn);
}

#[test]
fn hostile_text_stays_text() {
    let mut results = good();
    results.product.get_mut("statement").unwrap()["place_of_issue"] = json!(HOSTILE);
    let page = String::from_utf8(statement::html(&Statement::of(&results)).unwrap()).unwrap();
    assert!(!page.contains("<script>") && !page.contains('\u{1b}') && !page.contains('\u{202e}'));
}
