//! What a run says beyond its verdicts: scorecard, other regimes, duties, editions; the failure record; the consumer sheet.
#![allow(clippy::unwrap_used)] // tests say by panicking what is wrong

mod fixture;

use assay_model::Verdict;
use assay_model::results::{Overridden, Results};
use assay_reports::consumer::Sheet;
use assay_reports::failure_record::{FailureRecord, Outcome};
use assay_reports::{Format, Reader, Role, Trace};
use serde_json::json;

use fixture::HOSTILE;
use fixture::law::{good, with};

fn page(results: &Results, format: Format, role: Option<Role>) -> String {
    String::from_utf8(format.render_for(results, &Trace::default(), Reader { role, json: false }).unwrap()).unwrap()
}

/// Without the style, which has its own reasons to change.
fn body(html: &str) -> String {
    html[html.find("<body>").unwrap()..].to_owned()
}

/// The text of one section of report.html, without its tags, one line for each row or paragraph.
fn section(html: &str, id: &str) -> String {
    let Some(start) = html.find(&format!("<section id=\"{id}\"")) else { return String::new() };
    let body = &html[start..start + html[start..].find("</section>").unwrap()];
    let mut text = String::new();
    for part in body.split('<') {
        let (tag, rest) = part.split_once('>').unwrap_or(("", part));
        if ["p", "/p", "/tr", "/li", "/h2", "/h3", "/summary", "/div", "summary"].contains(&tag) {
            text.push('\n');
        } else if tag == "span class=\"gloss\"" || tag.starts_with("t") || tag == "dd" {
            text.push_str(" | ");
        }
        text.push_str(rest.trim_matches('\n'));
    }
    text.lines().map(str::trim).filter(|l| !l.is_empty() && *l != "|").collect::<Vec<_>>().join("\n")
}

#[test]
fn the_scorecard_of_the_law_alone_claims_no_more_than_its_items_show() {
    let card = section(&page(&good(), Format::Html, None), "code-of-practice");
    assert_eq!(card.matches("\nCoP-").count() + card.matches("| CoP-").count(), 13, "{card}");
    insta::assert_snapshot!("scorecard", card);
}

#[test]
fn a_guideline_falls_with_an_item_and_with_the_one_that_is_ours() {
    for item in ["PSTI-1.2", "PSTI-1.X1"] {
        let card = section(&page(&with(item, Verdict::Fail), Format::Html, None), "code-of-practice");
        let first = card.lines().find(|l| l.contains("CoP-1 ")).unwrap();
        assert!(first.contains("does not hold") && first.contains(&format!("{item} does not hold")), "{first}");
    }
    let mut overridden = with("PSTI-1.X1", Verdict::Fail);
    overridden.units.get_mut("PSTI-1.X1").unwrap().overridden = Some(Overridden {
        old: Verdict::Fail,
        new: Verdict::Pass,
        authority: "A".into(),
        time: String::new(),
        remark: String::new(),
    });
    let card = section(&page(&overridden, Format::Html, None), "code-of-practice");
    assert!(!card.contains("does not hold"), "{card}");
}

#[test]
fn a_guideline_holds_when_every_unit_of_its_provisions_does() {
    let mut results = good();
    let sizes = results.catalogues["etsi-ts-103-701-1.1.1"]["units_of_provision"].clone();
    let size = sizes["5.13-1"].as_u64().unwrap();
    for n in 0..size {
        results.units.insert(format!("u{n}"), fixture::unit(Verdict::Pass, "T", "Q?", "5.13-1"));
    }
    let of = |results: &Results| {
        let card = section(&page(results, Format::Html, None), "code-of-practice");
        card.lines().find(|l| l.contains("CoP-13 ")).unwrap().to_owned()
    };
    assert!(of(&results).contains("| holds | 1 of 1"), "{}", of(&results));
    results.units.get_mut("u0").unwrap().verdict = Verdict::Inconclusive;
    assert!(of(&results).contains("| open") && of(&results).contains("0 of 1"), "{}", of(&results));
    let mut fewer = good();
    fewer.units.insert("u0".into(), fixture::unit(Verdict::Pass, "T", "Q?", "5.13-1"));
    assert!(size > 1 && of(&fewer).contains("| open"), "one unit of several is not the provision");
}

#[test]
fn guideline_1_asks_for_the_reset_beside_its_provisions() {
    let mut results = good();
    let sizes = results.catalogues["etsi-ts-103-701-1.1.1"]["units_of_provision"].clone();
    for provision in ["5.1-1", "5.1-2", "5.1-3", "5.1-4", "5.1-5"] {
        for n in 0..sizes[provision].as_u64().unwrap() {
            let unit = fixture::unit(Verdict::Pass, "T", "Q?", provision);
            results.units.insert(format!("{provision}-{n}"), unit);
        }
    }
    let of = |results: &Results| {
        let card = section(&page(results, Format::Html, None), "code-of-practice");
        card.lines().find(|l| l.contains("CoP-1 ")).unwrap().to_owned()
    };
    assert!(of(&results).contains("| holds | 5 of 5"), "{}", of(&results));
    results.units =
        results.units.iter().filter(|(id, _)| *id != "PSTI-1.X1").map(|(i, u)| (i.clone(), u.clone())).collect();
    assert!(of(&results).contains("| open | 5 of 5"), "{}", of(&results));
}

#[test]
fn other_regimes_are_marked_as_indication_with_confidence() {
    let also = section(&page(&good(), Format::Html, None), "also");
    assert!(also.contains("An indication, never a verdict"));
    insta::assert_snapshot!("also", also);
}

#[test]
fn a_record_without_catalogues_says_nothing_of_them() {
    let mut old = good();
    old.catalogues.clear();
    let html = page(&old, Format::Html, Some(Role::Importer));
    for id in ["code-of-practice", "also", "duties"] {
        assert_eq!(section(&html, id), "", "{id}");
    }
    assert!(section(&html, "editions").contains("names no edition"));
}

#[test]
fn every_page_says_once_that_nothing_is_legal_advice() {
    for results in [good(), with("PSTI-1.2", Verdict::Fail)] {
        for format in [Format::Html, Format::Statement, Format::FailureRecord, Format::Consumer] {
            for role in Role::ALL.map(Some).into_iter().chain([None]) {
                let html = page(&results, format, role);
                assert_eq!(html.matches("legal advice").count(), 1, "{} {role:?}", format.word());
                assert!(html.contains("as amended by SI 2025/211 and SI 2025/1267"), "{} {role:?}", format.word());
            }
        }
    }
}

#[test]
fn the_other_formats_state_the_edition_too() {
    let (results, edition) = (good(), "SI 2023/1007 as amended by SI 2025/211 and SI 2025/1267");
    for format in [Format::Junit, Format::Summary, Format::Csv, Format::Sarif, Format::Oscal] {
        let text = page(&results, format, None);
        assert!(text.contains(edition), "{}", format.word());
        let notes = [Format::Junit, Format::Sarif, Format::Oscal].contains(&format);
        assert_eq!(text.contains("legal advice"), notes, "{}", format.word());
    }
    let mut old = good();
    let law = old.catalogues.get_mut("uk-psti-2023").unwrap();
    law["edition"] = json!("as made");
    // The results carry the catalogues whole; a list of components judges nothing.
    for format in Format::ALL.into_iter().filter(|f| ![Format::Json, Format::Cyclonedx].contains(f)) {
        let text = page(&old, format, None);
        assert!(text.contains("as made") && !text.contains("SI 2025/1267, this version"), "{}", format.word());
    }
}

#[test]
fn each_role_has_its_duties_and_on_a_failure_whom_to_tell() {
    assert_eq!(section(&page(&good(), Format::Html, None), "duties"), "", "nobody asked");
    let failed = with("PSTI-1.2", Verdict::Fail);
    for role in Role::ALL {
        let quiet = section(&page(&good(), Format::Html, Some(role)), "duties");
        assert!(quiet.contains("nobody has to be told") && !quiet.contains("enforcement authority:"), "{quiet}");
        let duties = section(&page(&failed, Format::Html, Some(role)), "duties");
        assert!(duties.contains("the enforcement authority") && duties.contains("PSTI-1.2"), "{duties}");
        insta::assert_snapshot!(format!("duties-{}", role.word()), duties);
    }
}

#[test]
fn a_failure_fills_in_the_record_and_leaves_what_only_people_know() {
    let record = FailureRecord::of(&with("PSTI-1.2", Verdict::Fail), Role::Manufacturer);
    assert_eq!(record.outcome, Outcome::Failure);
    assert_eq!((record.made_on.as_str(), record.keep_until.as_str()), ("2026-11-22", "2036-11-22"));
    assert_eq!(record.to_fill_in, ["remedy_steps", "remedy_success", "to_tell.told_on"]);
    assert_eq!(record.failure_details.len(), 1);
    let failure = &record.failure_details[0];
    assert_eq!(
        (failure.item.as_str(), failure.details.len(), &failure.evidence[..]),
        ("PSTI-1.2", 1, &["E-0001".to_owned()][..])
    );
    assert_eq!(record.to_tell.len(), 3);
    insta::assert_snapshot!(
        "failure-record",
        body(&page(&with("PSTI-1.2", Verdict::Fail), Format::FailureRecord, None))
    );
    let shop = FailureRecord::of(&with("PSTI-1.2", Verdict::Fail), Role::Distributor);
    assert_eq!((shop.keep_until.as_str(), shop.to_tell.len()), ("", 2));
    assert!(shop.keep_rule.contains("no express record-keeping duty"));
}

#[test]
fn an_investigation_finds_no_failure_only_where_every_item_has_its_answer() {
    let of = |results: &Results| FailureRecord::of(results, Role::Manufacturer);
    assert_eq!(of(&good()).outcome, Outcome::NoFailure);
    assert!(of(&good()).to_tell.is_empty());
    let open = of(&with("PSTI-2.1", Verdict::Error));
    assert_eq!((open.outcome, open.undetermined.len()), (Outcome::NotEstablished, 1));
    let cut = Results { partial: true, ..good() };
    assert_eq!(of(&cut).outcome, Outcome::NotEstablished);
    let mut few = good();
    few.profiles.clear();
    assert_eq!(of(&few).outcome, Outcome::NotEstablished);
    // The item that is ours is no requirement of the law.
    let ours = of(&with("PSTI-1.X1", Verdict::Fail));
    assert!(ours.failure_details.is_empty());
}

#[test]
fn the_sheet_has_what_passed_with_its_day_and_names_what_it_leaves_out() {
    let whole = Sheet::of(&good(), None);
    assert_eq!((whole.facts.len(), whole.left_out.len()), (5, 0));
    assert!(whole.facts.iter().all(|f| f.checked == "2026-11-22" && f.checked_in_words == "22 November 2026"));
    let value = |topic: &str| whole.facts.iter().find(|f| f.topic == topic).unwrap().value.clone();
    assert_eq!(value("How to report a security problem"), "security@maker.test, https://maker.test/security");
    assert_eq!(value("Security updates until"), "31 December 2031");
    insta::assert_snapshot!("consumer", body(&page(&good(), Format::Consumer, Some(Role::Distributor))));
    for verdict in [Verdict::Fail, Verdict::Inconclusive, Verdict::Error, Verdict::NotRun, Verdict::NotApplicable] {
        for (item, topic) in [
            ("PSTI-1.2", "Your own password"),
            ("PSTI-1.3b", "A password that is hard to guess"),
            ("PSTI-2.1", "How to report a security problem"),
            ("PSTI-2.3", "When you hear back"),
            ("PSTI-3.2", "Security updates until"),
        ] {
            let sheet = Sheet::of(&with(item, verdict), None);
            assert!(sheet.facts.iter().all(|f| f.topic != topic), "{item} {verdict:?}");
            // Nobody calls a password hard to guess that is not the unit's own.
            let more: &[&str] = if item == "PSTI-1.2" { &["A password that is hard to guess"] } else { &[] };
            assert_eq!(sheet.left_out, [&[topic], more].concat());
        }
    }
}

#[test]
fn a_fact_whose_value_nobody_saw_is_left_out() {
    for (item, topic) in [("PSTI-2.1", "How to report a security problem"), ("PSTI-3.2", "Security updates until")] {
        let mut results = good();
        results.units.get_mut(item).unwrap().cross_sample.as_mut().unwrap().steps.clear();
        assert_eq!(Sheet::of(&results, None).left_out, [topic]);
    }
    let mut month = good();
    let over = month.units.get_mut("PSTI-3.2").unwrap().cross_sample.as_mut().unwrap();
    over.steps.last_mut().unwrap().observation = Some(json!({"models": [{"end": "2031-12-31", "precision": "month"}]}));
    assert_eq!(Sheet::of(&month, None).facts.last().unwrap().value, "December 2031");
}

#[test]
fn virtual_devices_make_an_exercise_of_it() {
    let mut results = with("PSTI-1.2", Verdict::Fail);
    results.samples[0].origin = "virtual camera".into();
    assert!(page(&results, Format::FailureRecord, None).contains("is an exercise"));
    assert!(page(&results, Format::Consumer, None).contains("about no product"));
}

#[test]
fn hostile_text_stays_text_on_every_page() {
    let mut results = with("PSTI-2.1", Verdict::Fail);
    results.units.get_mut("PSTI-2.1").unwrap().title = HOSTILE.into();
    let over = results.units.get_mut("PSTI-2.1").unwrap().cross_sample.as_mut().unwrap();
    over.reasons[0].text = HOSTILE.into();
    for key in ["name", "model", "manufacturer"] {
        results.product.insert(key.into(), json!(HOSTILE));
    }
    for format in [Format::Html, Format::Statement, Format::FailureRecord, Format::Consumer] {
        for role in [None, Some(Role::Importer)] {
            let html = page(&results, format, role);
            assert!(!html.contains("<script>alert") && !html.contains('\u{1b}') && !html.contains('\u{202e}'));
        }
    }
}

#[test]
fn records_with_malformed_catalogues_render_all_the_same() {
    for bad in [json!(null), json!([1]), json!({"law": 3, "roles": [], "rows": "x", "guidelines": {}})] {
        let mut results = with("PSTI-1.2", Verdict::Fail);
        results.catalogues.values_mut().for_each(|c| *c = bad.clone());
        for format in Format::ALL {
            format.render_for(&results, &Trace::default(), Reader { role: Some(Role::Importer), json: false }).unwrap();
        }
    }
}
