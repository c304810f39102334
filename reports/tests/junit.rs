//! junit.xml as its readers see it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fixture;

use std::collections::BTreeMap;

use assay_model::Verdict;
use assay_model::results::{Results, indexed};
use assay_reports::Format;
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element as a reader sees it: attributes, text, children.
#[derive(Debug, Default, Clone)]
struct Element {
    name: String,
    attrs: BTreeMap<String, String>,
    text: String,
    children: Vec<Element>,
}

fn element(tag: &BytesStart<'_>) -> Element {
    let attrs = tag.attributes().map(|a| {
        let a = a.expect("attribute");
        let value = a.normalized_value(quick_xml::XmlVersion::Implicit1_0).expect("value").into_owned();
        (String::from_utf8(a.key.as_ref().to_vec()).unwrap(), value)
    });
    Element {
        name: String::from_utf8(tag.name().as_ref().to_vec()).unwrap(),
        attrs: attrs.collect(),
        ..Element::default()
    }
}

/// Parses strictly: well formed, XML 1.0 characters only.
fn parse(bytes: &[u8]) -> Element {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    for c in text.chars() {
        let legal = matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert!(legal, "character {c:?} is not allowed in XML 1.0");
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut stack = vec![Element::default()];
    loop {
        match reader.read_event().expect("well formed") {
            Event::Start(tag) => stack.push(element(&tag)),
            Event::Empty(tag) => stack.last_mut().unwrap().children.push(element(&tag)),
            Event::End(_) => {
                let done = stack.pop().unwrap();
                stack.last_mut().expect("an open element").children.push(done);
            }
            Event::CData(data) => stack.last_mut().unwrap().text.push_str(std::str::from_utf8(&data).unwrap()),
            Event::Text(data) => stack.last_mut().unwrap().text.push_str(&data.decode().unwrap()),
            Event::GeneralRef(_) => panic!("no references outside attributes"),
            Event::Decl(_) => assert_eq!(stack.len(), 1),
            Event::Eof => break,
            other => panic!("unexpected {other:?}"),
        }
    }
    assert_eq!(stack.len(), 1, "all elements are closed");
    let mut roots = stack.pop().unwrap().children;
    assert_eq!(roots.len(), 1);
    roots.remove(0)
}

/// The constraints of Jenkins' junit-10.xsd that its readers have been seen to enforce.
fn check_structure(root: &Element) {
    let only = |e: &Element, attrs: &[&str]| {
        for key in e.attrs.keys() {
            assert!(attrs.contains(&key.as_str()), "<{}> may not have {key}", e.name);
        }
    };
    let seconds = |e: &Element| {
        let time = &e.attrs["time"];
        let (whole, part) = time.split_once('.').expect("three decimals");
        assert!(part.len() == 3 && (whole.to_owned() + part).bytes().all(|b| b.is_ascii_digit()), "{time}");
    };
    assert_eq!(root.name, "testsuites");
    only(root, &["name", "tests", "failures", "errors", "time"]);
    seconds(root);
    let mut totals = [0; 3];
    for suite in &root.children {
        assert_eq!(suite.name, "testsuite");
        only(
            suite,
            &["id", "name", "package", "tests", "errors", "failures", "skipped", "hostname", "timestamp", "time"],
        );
        seconds(suite);
        let stamp = &suite.attrs["timestamp"];
        assert!(stamp.len() == 19 && stamp.as_bytes()[10] == b'T', "{stamp}");
        assert_eq!(suite.children[0].name, "properties");
        for property in &suite.children[0].children {
            only(property, &["name", "value"]);
            assert!(property.attrs.contains_key("name") && property.attrs.contains_key("value"));
        }
        let mut seen = [0usize; 4];
        for case in &suite.children[1..] {
            assert_eq!(case.name, "testcase");
            only(case, &["name", "time", "classname"]);
            seconds(case);
            seen[0] += 1;
            let outcomes: Vec<&Element> = case.children.iter().filter(|c| c.name != "system-out").collect();
            assert!(outcomes.len() <= 1);
            for outcome in outcomes {
                only(outcome, &["type", "message"]);
                seen[["failure", "error", "skipped"].iter().position(|n| *n == outcome.name).expect("an outcome")
                    + 1] += 1;
            }
        }
        for (n, key) in ["tests", "failures", "errors", "skipped"].iter().enumerate() {
            assert_eq!(suite.attrs[*key], seen[n].to_string(), "{key} of {}", suite.attrs["name"]);
        }
        (0..3).for_each(|n| totals[n] += seen[n]);
    }
    for (n, key) in ["tests", "failures", "errors"].iter().enumerate() {
        assert_eq!(root.attrs[*key], totals[n].to_string(), "{key}");
    }
}

fn cases(root: &Element) -> Vec<&Element> {
    root.children.iter().flat_map(|s| &s.children).filter(|c| c.name == "testcase").collect()
}

fn render(results: &Results) -> Element {
    let root = parse(&Format::Junit.render(results).unwrap());
    check_structure(&root);
    root
}

fn outcome_of<'a>(root: &'a Element, name_start: &str) -> Option<&'a Element> {
    let case = *cases(root).iter().find(|c| c.attrs["name"].starts_with(name_start)).expect("case");
    case.children.iter().find(|c| c.name != "system-out")
}

#[test]
fn the_fixture_is_stable() {
    let text = String::from_utf8(Format::Junit.render(&fixture::results()).unwrap()).unwrap();
    insta::assert_snapshot!("junit", text);
}

#[test]
fn verdicts_map_as_documented() {
    let root = render(&fixture::results());
    let shape = |start: &str| outcome_of(&root, start).map(|o| (o.name.clone(), o.attrs["type"].clone()));
    let is = |name: &str, type_: &str| Some((name.to_owned(), type_.to_owned()));
    assert_eq!(shape("PSTI-1.1 "), None);
    assert_eq!(shape("PSTI-1.2 "), is("failure", "verdict.fail"));
    assert_eq!(shape("PSTI-1.3a "), is("skipped", "waived"));
    assert_eq!(shape("5.1-5-2 a "), is("error", "verdict.inconclusive"));
    assert_eq!(shape("5.6-4-2 a The console asks for a logon [sample=s3]"), is("error", "verdict.error"));
    assert_eq!(shape("5.1-4-2 a "), is("skipped", "verdict.not-applicable"));
    assert_eq!(shape("PSTI-1.4 "), is("error", "verdict.not-run"));
    assert_eq!(shape("lab.boot-log "), None, "an override to PASS counts");
    for case in cases(&root) {
        for outcome in case.children.iter().filter(|c| c.name != "system-out") {
            let word = outcome.attrs["message"].split([':', ' ']).next().unwrap().to_owned();
            assert!(Verdict::ALL.iter().any(|v| v.word() == word), "message starts with the verdict: {word}");
        }
    }
}

#[test]
fn names_are_stable_and_unique() {
    let root = render(&fixture::results());
    let names: Vec<(&str, &str)> =
        cases(&root).iter().map(|c| (c.attrs["classname"].as_str(), c.attrs["name"].as_str())).collect();
    let mut unique = names.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), names.len());
    assert!(names.contains(&("UKPSTI.PSTI-1", "PSTI-1.2 Every preset password is unique per unit [samples=s1,s2,s3]")));
    assert!(names.contains(&("TS103701.5_6-1", "5.6-1-2 b Only declared services answer [sample=s2]")));
    assert!(names.contains(&("TS103701.5_1-1", "5.1-1-2 b Preset passwords are unique")));
}

#[test]
fn a_device_cannot_forge_a_case_or_attach_a_file_of_the_ci_agent() {
    let root = render(&fixture::results());
    assert_eq!(cases(&root).len(), 27);
    let hit = outcome_of(&root, "5.6-1-2 b").unwrap();
    assert!(hit.text.contains("]]></system-out></testcase><testcase name=\"forged\""), "the payload is kept as text");
    assert!(hit.text.contains("\\x1b[2J") && hit.text.contains("\\x00") && hit.text.contains("\\u{fffe}"));
    let all = format!("{root:?}");
    assert!(!all.contains("[[ATTACHMENT|/etc/passwd]]"));
    assert!(all.contains("[[ATTACHMENT|evidence/E-0003/payload.bin]]"));
}

proptest! {
    #[test]
    fn any_text_gives_the_right_number_of_cases(text in any::<String>(), tail in "[\\]>\\[<!CDAT&;\u{0}\u{1b}\u{fffe}a]{0,40}", verdict in prop::sample::select(Verdict::ALL.to_vec())) {
        let text = text + &tail;
        let mut results = fixture::results();
        let mut unit = results.units.get("5.6-1-2 b").unwrap().clone();
        unit.title = text.clone();
        unit.group = text.clone();
        unit.catalogue = text.clone();
        unit.question = text.clone();
        for sample in unit.samples.values_mut() {
            sample.verdict = verdict;
            sample.reasons = vec![fixture::reason(assay_model::ReasonClass::Evidence, &text, &text, &[&text])];
        }
        results.bench = text.clone();
        results.started = text.clone();
        results.run_id = text.clone();
        results.evidence[0].files[0].path = text.clone();
        results.units = indexed::Map::default();
        results.units.insert(text.clone(), unit);
        let root = render(&results);
        prop_assert_eq!(cases(&root).len(), 3);
    }
}
