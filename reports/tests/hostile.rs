//! Nothing hostile gets through: a corpus in every field that a DUT or a supplier reaches, through every report.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod chromium;
mod fixture;

use std::fs;
use std::path::Path;

use assay_model::results::Results;
use assay_reports::statement::{self, Statement};
use assay_reports::{Format, Trace, tally, unit_lines};
use chromium::Browser;
use fixture::folder;
use fixture::hostile::{BYTES, CORPUS, MARKER, all};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};

/// The fixture with `text` wherever a run can carry text from outside.
fn everywhere(text: &str) -> Results {
    let mut results = fixture::results();
    let ids: Vec<String> = results.units.iter().map(|(id, _)| id.clone()).collect();
    for id in ids {
        let unit = results.units.get_mut(&id).unwrap();
        for field in [&mut unit.title, &mut unit.question] {
            text.clone_into(field);
        }
        for sample in unit.samples.values_mut().chain(&mut unit.cross_sample) {
            for reason in &mut sample.reasons {
                text.clone_into(&mut reason.text);
            }
            sample.remarks = vec![text.to_owned()];
            for e in &mut sample.expectations {
                e.show = Some(json!([text, {text: text}]));
                e.error = e.error.as_ref().map(|_| text.to_owned());
            }
            sample.controls.iter_mut().for_each(|c| c.text = Some(text.to_owned()));
            for step in &mut sample.steps {
                step.observation = Some(
                    json!({"banner": text, text: [text], "headers": [["server", text]], "certificate": {"subject": text}}),
                );
                step.fault = step.fault.as_ref().map(|_| text.to_owned());
            }
        }
    }
    results.operator = Some(text.to_owned());
    results.bench = text.to_owned();
    for value in results.product.values_mut() {
        *value = json!(text);
    }
    results
        .product
        .insert("statement".into(), json!({"product": text, "manufacturer": {"name": text, "address": text}}));
    for sample in &mut results.samples {
        sample.label.values_mut().for_each(|v| *v = json!(text));
        sample.host = Some(text.to_owned());
        sample.origin = text.to_owned();
    }
    for item in &mut results.evidence {
        text.clone_into(&mut item.title);
        text.clone_into(&mut item.excerpt);
    }
    results.not_covered.push((text.to_owned(), text.to_owned()));
    fixture::issued(results, text)
}

/// A pack's folder whose serial log and exchanges are hostile too.
fn folder_with(text: &str, parent: &Path) -> (Results, Trace) {
    let mut results = everywhere(text);
    let root = folder::write_partial(parent, "hostile", &mut results);
    let mut serial: Vec<u8> = BYTES.concat();
    serial.extend_from_slice(text.as_bytes());
    let console = root.join("evidence/E-0004");
    fs::write(console.join("console.bin"), &serial).unwrap();
    fs::write(console.join("console.out.bin"), text).unwrap();
    let piece =
        |dir: &str, len: usize| json!({"dir": dir, "len": len, "mono_ns": 5_100_000_000u64, "offset": 0}).to_string();
    fs::write(
        console.join("console.idx.jsonl"),
        format!("{}\n{}\n", piece("in", serial.len()), piece("out", text.len())),
    )
    .unwrap();
    let exchange = json!({"protocol": text, "started_ns": 1, "ended_ns": 2,
        "request": {"endpoint": {"host": {"name": text}, "port": 1}, "path": text}, "outcome": {"response": {"banner": text}}});
    fs::write(root.join("evidence/E-0001/exchanges.jsonl"), format!("{exchange}\nnot json\n\n")).unwrap();
    let trace = Trace::read(&root, &results);
    (results, trace)
}

/// What acts on a terminal, hides from a reader, or is no character.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(s) => found.push(s.clone()),
        Value::Array(items) => items.iter().for_each(|v| strings(v, found)),
        Value::Object(map) => map.iter().for_each(|(k, v)| {
            found.push(k.clone());
            strings(v, found);
        }),
        _ => {}
    }
}

fn cases(junit: &str) -> usize {
    let mut reader = Reader::from_str(junit);
    let mut cases = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == b"testcase" => cases += 1,
            Event::Eof => return cases,
            _ => {}
        }
    }
}

fn element_count(html: &str) -> usize {
    html.split('<').skip(1).filter(|t| t.starts_with(|c: char| c.is_ascii_alphabetic())).count()
}

#[test]
fn every_report_of_every_payload_is_inert() {
    let scratch = tempfile::tempdir().unwrap();
    let plain = |format: Format| String::from_utf8(format.render(&everywhere("payload")).unwrap()).unwrap();
    let pages = [Format::Html, Format::Statement, Format::FailureRecord, Format::Consumer, Format::Survey];
    let elements = pages.map(|page| element_count(&plain(page)));
    let lines = unit_lines(&everywhere("payload")).lines().count();
    for (name, text) in CORPUS {
        let results = everywhere(text);
        for format in Format::ALL {
            let bytes = format.render(&results).unwrap();
            let written = String::from_utf8(bytes).unwrap_or_else(|_| panic!("{name} in {format:?} is no UTF-8"));
            // What a run says of no component is in no SBOM.
            let silent = matches!(format, Format::Summary | Format::Cyclonedx);
            assert!(silent || written.contains("payload"), "{name} is told in {format:?}");
            let machine = matches!(format, Format::Json | Format::Summary);
            let bad = written.chars().find(|c| acts(*c) && !(machine && u32::from(*c) >= 0x20) && *c != '\r');
            assert_eq!(bad, None, "{name} in {format:?}");
            match format {
                Format::Html | Format::Statement | Format::FailureRecord | Format::Consumer | Format::Survey => {
                    let at = pages.iter().position(|page| *page == format).unwrap();
                    assert_eq!(element_count(&written), elements[at], "{name} adds no element to {format:?}");
                }
                Format::Junit | Format::JunitRich => {
                    assert_eq!(cases(&written), 27, "{name} forges no case");
                    assert!(!written.contains("[[ATTACHMENT|/"), "{name} attaches nothing");
                }
                Format::Csv => {
                    assert_eq!(written.matches("\r\n").count(), 28, "{name} forges no row");
                    assert_eq!(written.matches('\n').count(), written.matches("\r\n").count());
                    let formula = written.split(['\n', ',']).find(|c| c.starts_with("\"=") || c.starts_with("\"@"));
                    assert_eq!(formula, None, "{name}");
                }
                Format::Json | Format::Summary | Format::Sarif | Format::Oscal | Format::Cyclonedx => {
                    serde_json::from_str::<Value>(&written).unwrap();
                }
            }
        }
        let json: Value = serde_json::from_slice(&Format::Json.render(&results).unwrap()).unwrap();
        let mut kept = Vec::new();
        strings(&json, &mut kept);
        assert!(kept.iter().any(|s| s == text), "{name}: the record keeps the very characters");

        for (what, printed) in [("tally", tally(&results)), ("lines", unit_lines(&results))] {
            assert_eq!(printed.chars().find(|c| acts(*c)), None, "{name} in {what}");
            let lines = if what == "tally" { 1 } else { lines };
            assert_eq!(printed.lines().count(), lines, "{name} forges no line in {what}");
        }
        let statement = Statement::of(&results);
        let page = String::from_utf8(statement::html(&statement).unwrap()).unwrap();
        assert_eq!(page.chars().find(|c| acts(*c)), None, "{name} in the statement");
        assert!(
            !page.contains("<script") && !page.contains("<img") && !page.contains("<svg"),
            "{name} in the statement"
        );

        let own = scratch.path().join(name.replace(' ', "-"));
        fs::create_dir_all(&own).unwrap();
        let (results, trace) = folder_with(text, &own);
        let html = String::from_utf8(Format::Html.render_with(&results, &trace).unwrap()).unwrap();
        assert_eq!(html.chars().find(|c| acts(*c)), None, "{name} in the page with its trace");
        assert!(html.contains("Serial transcripts") && html.contains("\\xff\\xfe"), "{name}: bytes are shown");
        assert!(!html.contains("<script>window"), "{name}");
    }
}

#[tokio::test]
async fn chromium_runs_nothing_of_a_hostile_report() {
    if !chromium::have(&[("chromedriver", "chromium-driver"), ("chromium", "chromium")]) {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let (results, trace) = folder_with(&all(), scratch.path());
    let page = scratch.path().join("report.html");
    fs::write(&page, Format::Html.render_with(&results, &trace).unwrap()).unwrap();
    let statement = scratch.path().join("statement.html");
    fs::write(&statement, statement::html(&Statement::of(&results)).unwrap()).unwrap();

    let browser = Browser::start(1280, 900).await;
    for file in [&page, &statement] {
        browser.client.goto(&format!("file://{}", file.display())).await.unwrap();
        // As a reader would: everything opened, the mouse over it, the keyboard in it.
        browser
            .run(
                "document.querySelectorAll('details').forEach((d) => { d.open = true; });
                 document.querySelectorAll('body *').forEach((e) => {
                   e.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
                   e.dispatchEvent(new FocusEvent('focus')); });",
            )
            .await;
        assert_eq!(browser.run(&format!("return typeof window.{MARKER}")).await, "undefined", "{}", file.display());
        assert_eq!(
            browser.run("return document.querySelectorAll('img, iframe, object, a[href^=javascript]').length").await,
            0
        );
        assert_eq!(browser.run("return document.querySelectorAll('meta[http-equiv=refresh]').length").await, 0);
        assert_eq!(browser.complaints().await, [""; 0], "{}", file.display());
    }
    // The marker does tell: a page without our escaping sets it.
    let open = scratch.path().join("open.html");
    fs::write(&open, format!("<!doctype html><title>x</title>{}", CORPUS[0].1)).unwrap();
    browser.client.goto(&format!("file://{}", open.display())).await.unwrap();
    assert_eq!(browser.run(&format!("return typeof window.{MARKER}")).await, "number");
}
