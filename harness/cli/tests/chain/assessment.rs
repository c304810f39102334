//! Claims, waivers, documents from elsewhere and signed answers, through the real binary.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::real_servers::there;
use super::support::{Lab, Ran, root};

const PROFILE: &str = "etsi-en-303-645";

fn results(ran: &Ran) -> Value {
    let text = std::fs::read_to_string(ran.pack().join("results/results.json")).expect("results");
    serde_json::from_str(&text).expect("JSON")
}

/// Both suites, with a scan that is no longer than it must be.
fn whole(lab: &Lab, more: &[&str]) -> Ran {
    let (bench, out) = (lab.bench().display().to_string(), lab.path().display().to_string());
    let mut args =
        vec!["run", "test-plans/psti/passwords.yaml", "test-plans/en303645", "--bench", &bench, "--out", &out];
    args.extend(["--set", "tcp_ports=1024-10000", "--set", "capture_ms=2500"]);
    args.extend(more);
    lab.assay(&args)
}

#[test]
fn the_good_camera_conforms_to_what_is_claimed_and_the_tables_agree() {
    let lab = Lab::new(90, 3);
    let ran = whole(&lab, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains(": CONFORMS\n"), "{}", ran.stdout);
    let results = results(&ran);
    let assessment = &results["assessments"][PROFILE];
    assert_eq!((&assessment["conformance"], &assessment["why"]), (&"CONFORMS".into(), &Value::Array(vec![])));
    assert_eq!(assessment["provisions"].as_object().expect("provisions").len(), 68);
    assert_eq!(assessment["coverage"]["units"], 226);
    // N with its reason, N/A by a fact, and a claim that holds.
    let conclusion = |id: &str| assessment["provisions"][id]["conclusion"].as_str().expect("a word").to_owned();
    assert_eq!(
        ["5.5-2", "5.3-14", "5.6-1", "5.2-2"].map(conclusion),
        ["NOT_FULFILLED_JUSTIFIED", "NOT_APPLICABLE", "CONFORMS", "FULFILLED"]
    );
    for inventory in results["inventories"].as_array().expect("tables").iter().take(2) {
        let rows = inventory["rows"].as_array().expect("rows");
        assert!(rows.len() >= 3, "{inventory}");
        for row in rows {
            assert!(row["declared"].is_string(), "nothing undeclared was found: {row}");
            let found = row["found"].as_array().expect("found").iter();
            let on: std::collections::BTreeSet<_> = found.filter_map(|one| one["sample"].as_str()).collect();
            assert_eq!(on.len(), 3, "on each sample: {row}");
        }
    }
    let again = lab.assay(&["rejudge", ran.pack().to_str().expect("UTF-8")]);
    assert_eq!((again.code, again.stdout.as_str()), (0, ""), "{}", again.stderr);
}

#[test]
fn a_waived_fail_ends_with_0_and_never_conforms() {
    let lab = Lab::new(91, 3);
    let file = lab.path().join("waivers.yaml");
    let text = "assay: waivers/1\nwaivers:\n  - { id: W-1, scope: { group: \"5.6-1\" }, reason: closed with 1.5, \
                approver: head of security, start: \"2026-01-01\", expires: \"2999-12-31\" }\n";
    std::fs::write(&file, text).expect("written");
    let file = file.to_str().expect("UTF-8");
    let select = ["--select", "provision == \"5.6-1\"", "--set", "tcp_ports=1024-10000", "--defect", "undeclared-port"];
    let raw = lab.run(&select);
    assert_eq!(raw.code, 1, "{}", raw.stderr);
    let ran = lab.run(&[&select[..], &["--waivers", file]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("1 FAIL (1 waived)"), "{}", ran.stdout);
    assert!(ran.stderr.contains("waived until 2999-12-31 by W-1: 5.6-1-2 b"), "{}", ran.stderr);
    assert_eq!(ran.units("FAIL"), raw.units("FAIL"), "the raw verdict stays");
    assert_eq!((&ran.summary()["waived"], &ran.summary()["product"]), (&1.into(), &"UNDETERMINED".into()));
    let junit = std::fs::read_to_string(ran.pack().join("junit.xml")).expect("junit.xml");
    assert!(junit.contains("FAIL waived by W-1 until 2999-12-31") && !junit.contains("<failure"), "{junit}");
    let journal = std::fs::read_to_string(ran.pack().join("journal/journal.jsonl")).expect("journal");
    assert_eq!(journal.matches("\"type\":\"waiver.applied\"").count(), 1);
    assert!(ran.pack().join("inputs/waivers.yaml").is_file(), "what was accepted is part of the record");
}

#[test]
fn a_certificate_sets_its_group_aside_and_stays_somebody_elses_pass() {
    let lab = Lab::new(92, 3);
    let products = root().join("lab-config/products");
    let dossier = std::fs::read_to_string(products.join("virtual-camera.yaml")).expect("dossier");
    std::fs::write(lab.path().join("certificate.pdf"), "%PDF-1.4 the certificate").expect("written");
    let with = |until: &str| {
        let path = lab.path().join(format!("product-{until}.yaml"));
        let more = format!(
            "\nexternal_evidence:\n  - {{ groups: [\"5.6-1\"], issuer: Some lab, number: C-77, edition: \"2\", scope: all \
             interfaces of 1.4.2, issued: \"2026-01-01\", valid_until: \"{until}\", file: certificate.pdf }}\n"
        );
        std::fs::write(&path, format!("{dossier}{more}")).expect("written");
        path.display().to_string()
    };
    let run = |until: &str| {
        let product = with(until);
        whole(&lab, &["--product", &product, "--select", "provision in [\"5.6-1\", \"4-1\"]"])
    };
    let ran = run("2999-12-31");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let results = results(&ran);
    assert!(results["units"].get("5.6-1-2 b").is_none(), "no unit of the group was run");
    let provision = &results["assessments"][PROFILE]["provisions"]["5.6-1"];
    assert_eq!((&provision["conclusion"], &provision["external"]), (&"CONFORMS".into(), &serde_json::json!(["C-77"])));
    assert_eq!(results["groups"]["5.6-1"]["external"], "C-77");
    let kept = results["external"][0]["evidence"].as_str().expect("a copy").to_owned();
    let item = results["evidence"].as_array().expect("evidence").iter().find(|e| e["id"] == kept.as_str()).expect("it");
    let copy = ran.pack().join(item["files"][0]["path"].as_str().expect("a path"));
    assert_eq!(std::fs::read_to_string(copy).expect("the copy"), "%PDF-1.4 the certificate");

    let expired = run("2026-01-31");
    assert!(expired.stderr.contains("document C-77 of Some lab does not count"), "{}", expired.stderr);
    assert!(expired.units("PASS").contains(&"5.6-1-2 b".to_owned()), "the group is tested here");
}

#[test]
fn a_strict_lab_fails_what_it_cannot_determine() {
    let lab = Lab::new(93, 1);
    let select = ["--select", "provision in [\"4-1\", \"5.1-1\"]"];
    let word = |more: &[&str]| {
        let ran = whole(&lab, &[&select[..], more].concat());
        assert_eq!(ran.units("INCONCLUSIVE"), ["5.1-1-2 c"], "one sample says nothing of others: {}", ran.stderr);
        let provision = &results(&ran)["assessments"][PROFILE]["provisions"]["5.1-1"];
        provision["conclusion"].as_str().expect("a word").to_owned()
    };
    assert_eq!(word(&[]), "UNDETERMINED");
    assert_eq!(word(&["--set", "undetermined=fail"]), "DOES_NOT_CONFORM");
}

fn keygen(folder: &Path, args: &[&str]) {
    let done = Command::new("ssh-keygen").args(args).current_dir(folder).output().expect("ssh-keygen");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn answers_that_are_not_signed_as_asked_refuse_the_run() {
    if !there("/usr/bin/ssh-keygen", "openssh-client") {
        return;
    }
    let lab = Lab::new(94, 1);
    let folder = lab.path();
    let answers = folder.join("answers.yaml");
    let text =
        "assay: answers/1\noperator: { id: op-7 }\nanswers:\n  - { unit: PSTI-1.4, sample: \"*\", answer: pass }\n";
    std::fs::write(&answers, text).expect("written");
    keygen(folder, &["-q", "-t", "ed25519", "-N", "", "-f", "key", "-C", "op-7@lab"]);
    let public = std::fs::read_to_string(folder.join("key.pub")).expect("key");
    std::fs::write(folder.join("signers"), format!("op-7@lab {public}")).expect("written");
    let run = || {
        let (answers, signers) = (answers.display().to_string(), folder.join("signers").display().to_string());
        lab.run(&["--select", "unit == 'PSTI-1.4'", "--answers", &answers, "--answer-signers", &signers])
    };
    let refused = |text: &str| {
        let ran = run();
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains(text), "{}", ran.stderr);
    };
    refused("is not signed");
    keygen(folder, &["-q", "-Y", "sign", "-n", "other", "-f", "key", "answers.yaml"]);
    refused("it was made for `other`");
    std::fs::remove_file(folder.join("answers.yaml.sig")).expect("removed");
    keygen(folder, &["-q", "-Y", "sign", "-n", "assay-answers-v1", "-f", "key", "answers.yaml"]);
    let ran = run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let unit = &results(&ran)["units"]["PSTI-1.4"];
    let manual = unit["cross_sample"]["manual"].as_object().or(unit["samples"]["s1"]["manual"].as_object());
    let manual = manual.expect("a person");
    assert_eq!((&manual["operator"], &manual["signed"]), (&"op-7".into(), &true.into()));
    std::fs::write(&answers, text.replace("pass", "pass, reason: changed")).expect("written");
    refused("it is not over this file");
}

#[test]
fn a_sealed_pack_with_open_questions_goes_on_in_a_copy() {
    let lab = Lab::new(95, 1);
    let nobody = lab.path().join("nobody.yaml");
    std::fs::write(&nobody, "assay: answers/1\noperator: { id: op-1 }\nanswers: []\n").expect("written");
    let first = lab.run(&["--select", "unit == 'PSTI-1.4'", "--answers", nobody.to_str().expect("UTF-8")]);
    assert_eq!(first.code, 3, "{}", first.stderr);
    assert!(first.stderr.contains("left to do by hand: 1"), "{}", first.stderr);
    let sealed = first.pack();
    let sealed = sealed.to_str().expect("UTF-8");
    let again = lab.assay(&["resume", sealed, "--operator", "op-9"]);
    assert_eq!(again.code, 3, "there is still nobody: {}", again.stderr);
    assert_eq!(again.pack().to_str().expect("UTF-8"), format!("{sealed}-resumed"));
    for pack in [sealed, again.pack().to_str().expect("UTF-8")] {
        let verified = lab.assay(&["verify", pack]);
        assert_eq!(verified.code, 0, "{pack}: {}", verified.stdout);
    }
    assert_eq!(results(&again)["to_do"].as_array().expect("a list").len(), 1);
}
