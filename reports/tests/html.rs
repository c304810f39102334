//! report.html as a browser takes it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fixture;

use std::collections::HashSet;

use assay_model::Verdict;
use assay_model::results::{EvidenceItem, Results};
use assay_reports::Format;
use base64::Engine as _;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn render(results: &Results) -> String {
    String::from_utf8(Format::Html.render(results).unwrap()).unwrap()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).expect(start).1.split_once(end).expect(end).0
}

/// Names of all start tags, and the text between tags.
fn tags(html: &str) -> (Vec<String>, String) {
    let (mut names, mut text) = (Vec::new(), String::new());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let end = if after.starts_with("style>") {
            "</style>"
        } else if after.starts_with("script>") {
            "</script>"
        } else {
            ">"
        };
        let (tag, next) = after.split_once(end).expect("a closed tag");
        names.push(tag.split(|c: char| !c.is_ascii_alphanumeric() && c != '/' && c != '!').next().unwrap().to_owned());
        rest = next;
    }
    (names, text + rest)
}

/// Start and end tags pair up.
fn assert_balanced(html: &str) {
    const VOID: [&str; 7] = ["!doctype", "meta", "input", "br", "link", "path", "rect"];
    let mut open: Vec<String> = Vec::new();
    for name in tags(html).0 {
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed));
        } else if !VOID.contains(&name.as_str()) && name != "style" && name != "script" {
            open.push(name);
        }
    }
    assert_eq!(open, [""; 0]);
}

#[test]
fn the_fixture_is_stable() {
    let html = render(&fixture::results());
    let body = between(&html, "<body>", "<script>");
    insta::assert_snapshot!("report", body);
}

#[test]
fn an_issued_report_says_who_tested_for_whom_and_who_signed() {
    let html = render(&fixture::issued(fixture::results(), "as stated"));
    for (section, facts) in [
        (
            "laboratory",
            &[
                "Customer</dt><dd>as stated",
                "Decision rule</dt><dd>simple-acceptance: as stated",
                "chosen by as stated",
                "temperature 23 °C",
                "TL-17, for as stated",
                "2026-11-18",
                "source as stated, synchronised, +0.4 ms",
            ][..],
        ),
        (
            "issue",
            &[
                "EX-17, revision 2",
                "amended, issued 2026-11-23 10:00:00 UTC",
                "as stated (p-1)",
                "authoriser",
                "revisions/1",
                "Reason: as stated",
            ],
        ),
        ("baseline", &["firmware as stated: 1 regressed", "5.6-1-2 b", "PASS", "FAIL"]),
        ("deviations", &["From the method, as the laboratory states"]),
        ("equipment", &["SW-9", "calibration was due 2026-01-31"]),
    ] {
        let body = between(&html, &format!("<section id=\"{section}\""), "</section>");
        for fact in facts {
            assert!(body.contains(fact), "`{fact}` in {body}");
        }
    }
    let draft = render(&fixture::results());
    assert!(!draft.contains("id=\"issue\"") && !draft.contains("id=\"laboratory\""), "a draft states neither");
}

#[test]
fn the_policy_has_the_hashes_of_the_very_bytes_and_nothing_is_loaded() {
    let html = render(&fixture::results());
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
    let policy = between(&html, "Content-Security-Policy\" content=\"", "\"");
    let style = hash(between(&html, "<style>", "</style>"));
    let script = hash(between(&html, "<script>", "</script>"));
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:; base-uri 'none'; form-action 'none'"
        )
    );
    for (what, needle) in [
        ("style attribute", " style="),
        ("handler", " onclick="),
        ("source", " src="),
        ("network", "href=\"http"),
        ("import", "@import"),
        ("url()", "url("),
    ] {
        assert!(!html.contains(needle), "no {what}");
    }
    assert_eq!(html.matches("<script>").count(), 1);
    assert_eq!(html.matches("<style>").count(), 1);
}

#[test]
fn hostile_text_is_text() {
    let html = render(&fixture::results());
    assert_balanced(&html);
    let (names, text) = tags(&html);
    assert!(!names.iter().any(|n| n == "testcase"));
    assert!(text.contains("alert(1)") && text.contains("\\x1b") && text.contains("\\u{202e}drawkcab"));
    for c in html.chars() {
        assert!(c == '\n' || !c.is_control(), "{c:?}");
        assert!(!('\u{202a}'..='\u{202e}').contains(&c) && !('\u{2066}'..='\u{2069}').contains(&c));
    }
}

#[test]
fn ids_are_unique_and_every_link_leads_somewhere() {
    links_lead_somewhere(&render(&fixture::results()));
}

fn links_lead_somewhere(html: &str) {
    let ids: Vec<&str> = html.split(" id=\"").skip(1).map(|t| t.split('"').next().unwrap()).collect();
    let set: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(set.len(), ids.len());
    for target in html.split("href=\"#").skip(1).map(|t| t.split('"').next().unwrap()) {
        assert!(set.contains(target), "#{target}");
    }
    for label in html.split("aria-labelledby=\"").skip(1).map(|t| t.split('"').next().unwrap()) {
        assert!(set.contains(label), "{label}");
    }
}

#[test]
fn sections_stand_in_their_order_and_findings_worst_first() {
    let html = render(&fixture::results());
    let at = |needle: &str| html.find(needle).unwrap_or_else(|| panic!("{needle}"));
    let order = [
        "verdict",
        "scope",
        "not-covered",
        "matrix",
        "findings",
        "timeline",
        "units",
        "operator",
        "controls",
        "deviations",
        "equipment",
        "policy",
        "evidence",
        "integrity",
    ];
    let places: Vec<usize> = order.iter().map(|id| at(&format!("<section id=\"{id}\""))).collect();
    assert!(places.is_sorted());
    assert!(at("End of report") > *places.last().unwrap());
    let findings = between(&html, "<section id=\"findings\"", "</section>");
    let worst: Vec<usize> = ["PSTI-1.2", "5.6-4-2 a", "5.1-5-2 a", "PSTI-1.4"]
        .iter()
        .map(|u| findings.find(&format!(">{u}</a>")).unwrap())
        .collect();
    assert!(worst.is_sorted());
    assert!(!findings.contains("5.1-4-2 a"), "NOT_APPLICABLE is no finding");
    for verdict in Verdict::ALL {
        assert!(html.contains(&format!(">{verdict}</span>")), "{verdict} is a word");
    }
}

#[test]
fn an_overridden_and_a_waived_verdict_show_old_and_new() {
    let html = render(&fixture::results());
    assert!(html.contains("Changed from INCONCLUSIVE to PASS by Dr M. Weiss at 2026-11-23T10:00:00Z"));
    assert!(
        html.contains("Waiver W-12 until 2027-01-31, approved by J. Okafor")
            && html.contains("The verdict stays FAIL.")
    );
}

/// 10,000 units fit into 2 MB, and none is left out.
#[test]
fn a_large_run_keeps_every_unit_within_the_budget() {
    let mut results = fixture::results();
    let template = results.units.get("PSTI-1.1").unwrap().clone();
    let failed = results.units.get("5.1-5-2 a").unwrap().clone();
    let item = results.evidence[0].clone();
    let more = (100..10_000).map(|n| EvidenceItem { id: format!("E-{n:04}"), ..item.clone() });
    results.evidence.extend(more);
    results.units = (0..10_000)
        .map(|n| (format!("5.{n}-1-2 a"), if n % 200 == 0 { failed.clone() } else { template.clone() }))
        .collect();
    let html = render(&results);
    assert!(html.len() <= 2_000_000, "{} bytes", html.len());
    assert_eq!(html.matches("data-v=").count(), 10_000);
    assert!(html.contains("To keep this page small"));
    assert_eq!(html.matches("<article class=\"finding").count(), 50);
    assert_balanced(&html);
    links_lead_somewhere(&html);
    // The worst: every unit a finding, each with a reason of its own.
    results.units = (0..10_000)
        .map(|n| {
            let mut unit = failed.clone();
            unit.samples.values_mut().for_each(|s| s.reasons[0].text = format!("{n} things were found on this one"));
            (format!("5.{n}-1-2 a"), unit)
        })
        .collect();
    let html = render(&results);
    assert!(html.len() <= 2_000_000, "{} bytes", html.len());
    assert_eq!(html.matches("data-v=").count(), 10_000);
    let told: HashSet<&str> = html
        .split(" things were found")
        .filter_map(|before| before.rsplit(|c: char| !c.is_ascii_digit()).next())
        .collect();
    assert!((0..10_000).all(|n| told.contains(n.to_string().as_str())), "every reason is told");
    assert_balanced(&html);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_anywhere_keeps_the_page_whole(text in any::<String>(), tail in "[<>\"'&/a-z !\\-\u{0}\u{202e}]{0,40}") {
        let text = format!("t{text}{tail}");
        let plain = render(&with_text_everywhere("t"));
        let html = render(&with_text_everywhere(&text));
        assert_balanced(&html);
        prop_assert!(tags(&html).0.len() == tags(&plain).0.len(), "text adds no element");
        let mut results = fixture::results();
        results.run_id.clone_from(&text);
        assert_balanced(&render(&results));
    }
}

fn with_text_everywhere(text: &str) -> Results {
    let mut results = fixture::results();
    let mut unit = results.units.get("5.6-1-2 b").unwrap().clone();
    for field in [&mut unit.title, &mut unit.question, &mut unit.plan, &mut unit.class] {
        text.clone_into(field);
    }
    for sample in unit.samples.values_mut() {
        sample.remarks.iter_mut().for_each(|r| text.clone_into(r));
        for reason in &mut sample.reasons {
            text.clone_into(&mut reason.text);
            text.clone_into(&mut reason.code);
        }
    }
    results.units.insert("5.6-1-2 b".into(), unit);
    results.operator = Some(text.to_owned());
    text.clone_into(&mut results.equipment[0].kind);
    text.clone_into(&mut results.evidence[0].title);
    results.samples[0].host = Some(text.to_owned());
    text.clone_into(&mut results.not_covered[0].1);
    results
}

#[test]
fn flows_of_captures_are_told_once_with_what_went_in_clear() {
    let mut results = fixture::results();
    let flow = |port: u16, protection: &str| {
        serde_json::json!({
            "proto": "tcp", "client": "192.0.2.10", "server": "198.51.100.7", "port": port, "names": ["reports.<b>maker</b>.test"],
            "protocol": "http", "protection": protection, "bytes_out": 700, "bytes_in": 300, "declared": false,
        })
    };
    let observation =
        serde_json::json!({"sha256": "cd".repeat(32), "flows": [flow(80, "clear"), flow(443, "encrypted")]});
    let unit = results.units.get_mut("PSTI-1.1").unwrap();
    let sample = unit.samples.values_mut().chain(&mut unit.cross_sample).next().unwrap();
    let step = fixture::step("uplink", "capture.traffic", serde_json::Value::Null, observation, &[]);
    sample.steps.extend([step.clone(), step]);
    let page = String::from_utf8(assay_reports::Format::Html.render(&results).unwrap()).unwrap();
    assert_eq!(page.matches("test:80<").count(), 1, "each capture once");
    assert!(page.contains("Packets captured") && page.contains("in clear") && page.contains("encrypted"));
    assert!(!page.contains("<b>maker"), "a name is text");
}
