//! Two packs compared, a baseline, and a series of builds.

use std::path::Path;

use serde_json::Value;

use super::support::{Lab, Ran};

const FEW: &str = "unit in ['5.6-1-2 b', '5.1-1-1 a']";

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn words(ran: &Ran) -> Vec<(String, String)> {
    let diff: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", ran.stdout, ran.stderr));
    let units = diff["units"].as_array().expect("units");
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let mut words: Vec<_> = units.iter().map(|u| (text(&u["unit"]), text(&u["transition"]))).collect();
    words.sort();
    words
}

#[test]
fn a_regression_is_found_between_two_packs_in_a_baseline_and_in_a_series() {
    let lab = Lab::new(240, 2);
    let good = lab.run(&["--select", FEW]);
    let again = lab.run(&["--select", FEW]);
    let (old, new) = (good.pack(), again.pack());
    let same = lab.assay(&["diff", text(&old), text(&new)]);
    assert_eq!(same.code, 0, "two runs of one device differ: {}{}", same.stdout, same.stderr);

    let bad = lab.run(&["--select", FEW, "--defect", "undeclared-port", "--baseline", text(&old)]);
    assert_eq!(bad.code, 1, "a FAIL weighs more than the baseline: {}", bad.stderr);
    let worse = bad.pack();
    let differ = lab.assay(&["diff", text(&new), text(&worse), "--json"]);
    assert_eq!(differ.code, 1);
    let word = |of: &str, ran: &Ran| words(ran).into_iter().find(|(unit, _)| unit == of).map(|(_, word)| word);
    assert_eq!(word("5.6-1-2 b", &differ).as_deref(), Some("regressed"));
    assert_eq!(word("5.1-1-1 a", &differ).as_deref(), Some("unchanged"));
    assert!(differ.stdout.contains("9999"), "it says what was seen: {}", differ.stdout);
    let fixed = lab.assay(&["diff", text(&worse), text(&new), "--json"]);
    assert_eq!(word("5.6-1-2 b", &fixed).as_deref(), Some("fixed"));
    let kept: Value =
        serde_json::from_slice(&std::fs::read(worse.join("results/results.json")).expect("reads")).expect("JSON");
    assert_eq!(kept["baseline"]["counts"]["regressed"], 1, "{}", kept["baseline"]);

    // Fewer samples than the baseline had: coverage is lost though nothing fails.
    let fewer = lab.run(&["--select", "unit == '5.6-1-2 b'", "--samples", "1", "--baseline", text(&old)]);
    assert_eq!(fewer.code, 6, "{}", fewer.stderr);
    let kept = fewer.summary();
    assert_eq!((kept["exit_code"].clone(), kept["counts"]["FAIL"].clone()), (6.into(), 0.into()));

    // The series: good, good, bad; the run with fewer samples decides nothing new and goes first-bad's way too.
    let damaged = lab.path().join("damaged");
    std::fs::create_dir(&damaged).expect("made");
    let copied = std::process::Command::new("cp").arg("-r").args([&new, &worse, &damaged]).status().expect("cp runs");
    assert!(copied.success());
    std::fs::write(damaged.join(new.file_name().expect("name")).join("summary.json"), "{}").expect("written");
    let series = lab.assay(&["diff", "--first-bad", text(&damaged), "--unit", "5.6-1-2 b", "--json"]);
    let found: Value = serde_json::from_str(&series.stdout).expect("JSON");
    assert_eq!(found["units"][0]["last_good"], Value::Null, "a damaged pack is not trusted: {found}");
    assert!(found["skipped"][0]["why"].as_str().is_some_and(|w| w.contains("summary.json")), "{found}");
    let series = lab.assay(&["diff", "--first-bad", text(lab.path()), "--unit", "5.6-1-2 b", "--json"]);
    let found: Value = serde_json::from_str(&series.stdout).expect("JSON");
    let name = |pack: &Path| pack.file_name().map(|n| n.to_string_lossy().into_owned());
    assert_eq!(found["units"][0]["last_good"]["pack"].as_str().map(str::to_owned), name(&new));
    assert_eq!(found["units"][0]["first_bad"]["pack"].as_str().map(str::to_owned), name(&worse));
}

#[test]
fn what_cannot_be_compared_is_refused_in_words() {
    let lab = Lab::new(241, 1);
    let missing = lab.assay(&["diff", "no-such-pack", "none"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("no-such-pack"), "{}", missing.stderr);
    assert_eq!(lab.assay(&["diff", "one-only"]).code, 2);
    let empty = lab.assay(&["diff", "--first-bad", text(lab.path())]);
    assert_eq!((empty.code, empty.stdout.as_str()), (2, ""), "{}", empty.stderr);
    let baseline = lab.run(&["--baseline", text(&lab.path().join("bench.yaml"))]);
    assert_eq!(baseline.code, 2, "a baseline that is no pack: nothing is sent; {}", baseline.stderr);
}
