//! The other formats: tally, JSON, CSV, SARIF, OSCAL.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fixture;

use assay_model::results::Results;
use assay_reports::{Format, tally, unit_lines};
use serde_json::Value;

fn render(format: Format) -> String {
    String::from_utf8(format.render(&fixture::results()).unwrap()).unwrap()
}

fn json(format: Format) -> Value {
    serde_json::from_str(&render(format)).unwrap()
}

#[test]
fn words_and_formats_are_one_to_one() {
    for format in Format::ALL {
        assert_eq!(Format::from_word(format.word()), Some(format));
        assert_eq!(assay_reports::pack::path_problem(format.path()), None);
    }
    assert_eq!(Format::from_word("pdf"), None);
}

#[test]
fn the_tally_and_the_lines() {
    let results = fixture::results();
    assert_eq!(
        tally(&results),
        "4 PASS, 3 FAIL (1 waived), 1 INCONCLUSIVE, 1 ERROR, 1 NOT_APPLICABLE, 1 NOT_RUN: DOES_NOT_CONFORM"
    );
    let partial = Results { partial: true, ..fixture::results() };
    assert!(tally(&partial).ends_with("(partial run)"));
    let lines = unit_lines(&results);
    assert!(!lines.chars().any(|c| c.is_control() && c != '\n'));
    insta::assert_snapshot!("lines", lines);
}

#[test]
fn summary_and_results_read_back_to_the_same() {
    let results = fixture::results();
    assert_eq!(serde_json::from_str::<Results>(&render(Format::Json)).unwrap(), results);
    insta::assert_snapshot!("summary", render(Format::Summary));
    let order: Vec<String> = json(Format::Json)["units"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(order[0], "PSTI-1.1");
    assert_eq!(order.last().unwrap(), "lab.boot-log", "units keep the order of the plan");
}

#[test]
fn csv_has_a_row_per_unit_and_sample_and_no_formulas() {
    let csv = render(Format::Csv);
    assert_eq!(csv.matches("\r\n").count(), 28);
    for line in csv.lines() {
        for cell in line.trim_matches('"').split("\",\"") {
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
        }
    }
    assert!(!csv.chars().any(|c| c.is_control() && c != '\r' && c != '\n'));
}

#[test]
fn sarif_maps_verdicts_as_documented() {
    let sarif = json(Format::Sarif);
    let run = &sarif["runs"][0];
    let of =
        |id: &str| run["results"].as_array().unwrap().iter().find(|r| r["ruleId"] == id).cloned().unwrap_or_default();
    assert_eq!((of("PSTI-1.1")["kind"].as_str(), of("PSTI-1.1")["level"].as_str()), (Some("pass"), Some("none")));
    assert_eq!((of("PSTI-1.2")["kind"].as_str(), of("PSTI-1.2")["level"].as_str()), (Some("fail"), Some("error")));
    assert_eq!(of("5.1-5-2 a")["kind"], "open");
    assert_eq!(of("5.1-4-2 a")["kind"], "notApplicable");
    assert_eq!(of("PSTI-1.4")["kind"], "review");
    assert_eq!(of("PSTI-1.3a")["suppressions"][0]["status"], "accepted");
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert_eq!(run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap().len(), 1);
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    }
}

#[test]
fn oscal_keeps_our_word_and_maps_conservatively() {
    let oscal = json(Format::Oscal);
    let result = &oscal["assessment-results"]["results"][0];
    let findings = result["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 10, "all but NOT_APPLICABLE");
    for finding in findings {
        let word = finding["props"][0]["value"].as_str().unwrap();
        let state = finding["target"]["status"]["state"].as_str().unwrap();
        assert_eq!(state == "satisfied", word == "PASS", "{word}");
    }
    let observations: Vec<&Value> = result["observations"].as_array().unwrap().iter().map(|o| &o["uuid"]).collect();
    for related in findings.iter().flat_map(|f| f["related-observations"].as_array().unwrap()) {
        assert!(observations.contains(&&related["observation-uuid"]));
    }
    assert_eq!(result["risks"][0]["status"], "deviation-approved");
    assert_eq!(
        result["reviewed-controls"]["control-selections"][0]["exclude-controls"][0]["control-id"],
        "u-5.1-4-2-a"
    );
}
