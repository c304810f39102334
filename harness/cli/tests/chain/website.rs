//! The maker's website in the chain: every page that is wrong fails its own items, a site that is down decides nothing, and
//! what the dossier says of scope and history is said back precisely.

use super::support::{Lab, Ran};
use super::virtual_camera::{each_of, switches, texts};
use serde_json::Value;

/// Pages say nothing about passwords.
const PAGES: &str = "plan != 'psti-passwords'";

fn read_pages(lab: &Lab, name: &str) -> Ran {
    lab.run_psti(&["--select", PAGES, "--defect", name])
}

#[test]
fn each_defect_of_the_website_fails_its_units_and_no_other() {
    each_of(&switches("defect", "website"), 100, 1, read_pages, |defect, ran| {
        let (expected, failed) = (texts(&defect["fails"]), ran.units("FAIL"));
        if expected != failed {
            return Err(format!("was to fail {expected:?} and failed {failed:?}"));
        }
        // What a page leaves open is asked of a person, and nobody answered: NOT_RUN.
        let undecided: Vec<String> = ["ERROR", "INCONCLUSIVE"].iter().flat_map(|v| ran.units(v)).collect();
        if !undecided.is_empty() {
            return Err(format!("left {undecided:?} undecided"));
        }
        let results = ran.results();
        if results["bench_defects"] != serde_json::json!([defect["name"]]) {
            return Err(format!("the results do not name it: {}", results["bench_defects"]));
        }
        let of_samples = &results["samples"][0]["defects"];
        if *of_samples == serde_json::json!([]) { Ok(()) } else { Err(format!("a sample bears it: {of_samples}")) }
    });
}

#[test]
fn without_a_website_nothing_that_reads_it_is_decided() {
    let lab = Lab::new(125, 1);
    let ran = read_pages(&lab, "website-absent");
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let twins = switches("dead", "website");
    let twin = twins.iter().find(|t| t["name"] == "website-absent").expect("in the table");
    assert_eq!(ran.units("INCONCLUSIVE"), texts(&twin["affects"]));
    assert_eq!(ran.units("FAIL"), Vec::<String>::new());
    // Two units are enough for the silent one: each waits for an answer until it gives up.
    let lab = Lab::new(126, 1);
    let ran = lab.run_psti(&["--select", "unit in ['PSTI-2.1', 'PSTI-3.6']", "--defect", "website-silent"]);
    assert_eq!(ran.units("INCONCLUSIVE"), ["PSTI-2.1", "PSTI-3.6"], "{}", ran.stderr);
}

/// The scope, and a few items of each plan.
const FEW: &str = "unit in ['psti-scope', 'PSTI-1.4', 'PSTI-2.1', 'PSTI-3.2', 'PSTI-3.7', 'psti-label']";

fn reasons(ran: &Ran, unit: &str) -> String {
    ran.results()["units"][unit].to_string()
}

#[test]
fn out_of_scope_is_no_failure_of_the_product_and_names_the_exception() {
    let lab = Lab::edited(127, |d| d.replace("exception_evcp: false", "exception_evcp: true"));
    let ran = lab.run_psti(&["--select", FEW]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.units("NOT_APPLICABLE").len(), 6, "{}", ran.summary());
    assert_eq!(ran.summary()["product"], "UNDETERMINED", "nothing was established, so nothing conforms");
    assert!(reasons(&ran, "psti-scope").contains("EX-EVCP"), "{}", reasons(&ran, "psti-scope"));
}

#[test]
fn a_missing_answer_is_named_and_a_lawyers_question_is_asked() {
    let lab = Lab::edited(128, |d| d.replace("    exception_med: false\n", ""));
    let ran = lab.run_psti(&["--select", FEW]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert_eq!(ran.units("INCONCLUSIVE"), ["psti-scope"]);
    assert!(reasons(&ran, "psti-scope").contains("product.facts.exception_med"));
    assert_eq!(ran.units("PASS").len(), 5, "items are looked at all the same");

    let lab = Lab::edited(129, |d| {
        let territory = "exception_vehicle: true\n    supplied_only_in_great_britain: false";
        d.replace("exception_vehicle: false", territory)
    });
    let ran = lab.run_psti(&["--select", FEW]);
    assert_eq!(ran.units("NOT_RUN"), ["psti-scope"], "nobody answered: {}", ran.stderr);
}

#[test]
fn what_the_dossier_does_not_name_is_asked_for_before_anything_runs() {
    let lab = Lab::edited(130, |d| d.replace("    home: http://maker.test:8088/\n", ""));
    let ran = lab.run_psti(&["--select", PAGES]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("`product.documents.home`") || ran.stderr.contains("needs `home`"), "{}", ran.stderr);
    let lab = Lab::edited(131, |d| {
        d.replace("support_history: [{ seen: 2026-05-01,", "support_history: [{ seen: 2026-02-30,")
    });
    let ran = lab.assay(&["lint", lab.path().join("product.yaml").to_str().expect("UTF-8")]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("2026-02-30") && ran.stderr.contains("no date"), "{}", ran.stderr);
}

#[test]
fn what_a_run_reads_is_kept_and_the_next_run_is_held_against_it() {
    let lab = Lab::edited(132, |d| {
        d.replace("    support_history: [{ seen: 2026-05-01, end: 2035-12-31 }]\n", "    snapshots: kept\n")
    });
    let kept = || {
        let entries = std::fs::read_dir(lab.path().join("kept")).into_iter().flatten();
        let mut files: Vec<_> =
            entries.map(|e| std::fs::read_to_string(e.expect("entry").path()).expect("text")).collect();
        files.sort();
        files
    };
    let of = |more: &[&str]| lab.run_psti(&[&["--select", "unit == 'PSTI-3.6'"], more].concat());
    let first = of(&[]);
    assert_eq!(first.units("NOT_RUN"), ["PSTI-3.6"], "nothing to compare with yet: {}", first.stderr);
    let files = kept();
    assert!(files.len() == 1 && files[0].contains("end: \"2035-12-31\""), "{files:?}");
    assert!(first.stderr.contains("kept in"), "the user is told: {}", first.stderr);

    let second = of(&[]);
    assert_eq!(second.units("PASS"), ["PSTI-3.6"], "{}", second.stderr);
    assert_eq!(kept(), files, "the same end of the same day is one file, and it stays as it was");

    let third = of(&["--defect", "support-period-shortened"]);
    assert_eq!(third.units("FAIL"), ["PSTI-3.6"], "{}", third.stderr);
    let after = kept();
    assert!(after.len() == 2 && after.contains(&files[0]), "what was kept is not rewritten: {after:?}");
    let lint = lab.assay(&["lint", lab.path().join("kept").to_str().expect("UTF-8")]);
    assert_eq!(lint.code, 0, "{}", lint.stderr);
    let inputs = std::fs::read_dir(third.pack().join("inputs")).expect("inputs").count();
    assert!(inputs > 0);
}

#[test]
fn explain_shows_every_way_to_meet_a_requirement() {
    let lab = Lab::edited(133, |d| d.replace("issue_reporting: own", "issue_reporting: label"));
    let mut args = lab.run_args(&[]);
    args.truncate(4);
    args[..2].copy_from_slice(&["explain", "test-plans/psti"]);
    let ran = lab.assay(&args);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for text in
        ["psti-scope", "own (taken): the items of Sch. 1 para. 1", "label (taken)", "iso29147: ISO/IEC 29147:2018"]
    {
        assert!(ran.stdout.contains(text), "{text}: {}", ran.stdout);
    }
    let json = lab.assay(&[args.as_slice(), &["--json"]].concat());
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(json["ways"].as_array().expect("ways").len(), 10);
}
