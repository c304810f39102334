//! From a draft to an issued report and its amendment: always beside the pack before, never in it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::{Lab, Ran, root};

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn json(path: PathBuf) -> Value {
    serde_json::from_slice(&fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))).expect("JSON")
}

/// Every file with its bytes.
fn bytes(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("lists") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let content = fs::read(&path).expect("reads");
                all.push((path, content));
            }
        }
    }
    all.sort();
    all
}

fn refused(ran: &Ran, why: &str) {
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(why), "`{why}` in {}", ran.stderr);
}

#[test]
fn a_report_is_reviewed_issued_and_amended_and_every_revision_stays_checkable() {
    let lab = Lab::new(242, 2);
    let products = root().join("lab-config/lab");
    let (fixed, order) = (products.join("lab.yaml"), products.join("order.yaml"));
    let select = "unit in ['5.6-1-2 b', 'PSTI-1.2']";
    let ran =
        lab.run(&["--select", select, "--defect", "undeclared-port", "--operator", "op-1", "--lab", text(&fixed)]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let draft = ran.pack();
    let sealed = bytes(&draft);
    let review = |pack: &Path, more: &[&str]| lab.assay(&[&["review", text(pack)], more].concat());

    // Everything that is missing, at once; nothing is changed by asking.
    let gaps = review(&draft, &["--by", "auth-1", "--final", "--dry-run"]);
    refused(&gaps, "things are missing");
    for field in ["customer.name", "customer.contact", "sampling.plan", "items[s1].received_at", "items[s2].condition"]
    {
        assert!(gaps.stdout.contains(field), "{field} in {}", gaps.stdout);
    }
    assert!(!gaps.stdout.contains("lab.address"), "that one is stated: {}", gaps.stdout);
    assert_eq!(lab.assay(&["lint", "--report", text(&draft)]).code, 2);
    refused(&review(&draft, &["--by", "auth-1", "--final"]), "things are missing");

    // Not by those who ran it, not by a stranger, not with the bench's key, not without a reason.
    refused(&review(&draft, &["--by", "op-1"]), "took part");
    refused(&review(&draft, &["--by", " OLIVE  operator "]), "took part");
    refused(&review(&draft, &["--by", "somebody"]), "no reviewer");
    refused(&review(&draft, &[]), "nobody is named");
    let bench_key = lab.path().join("assay/keys/bench_ed25519");
    refused(&review(&draft, &["--by", "rev-1", "--sign", text(&bench_key)]), "own key");
    refused(&review(&draft, &["--by", "rev-1", "--override", "5.6-1-2 b=PASS"]), "reason");
    refused(&review(&draft, &["--by", "rev-1", "--override", "5.6-1-2 b=ERROR", "--reason", "x"]), "may set");
    refused(&review(&draft, &["--by", "rev-1", "--override", "9.9=PASS", "--reason", "x"]), "no unit");
    refused(&review(&draft, &["--by", "rev-1", "--amend", "--reason", "x"]), "nothing was issued");
    assert_eq!(bytes(&draft), sealed, "a refusal changes nothing");

    // Nor with a secret of the run in what the reviewer writes; where the lab's vault is elsewhere, nobody can tell.
    let remark = format!("logged on with {}", secret(&lab));
    let told = review(&draft, &["--by", "rev-1", "--remark", &remark]);
    assert_eq!(told.code, 5, "{}", told.stderr);
    assert!(told.stderr.contains("stands in what the reviewer wrote"), "{}", told.stderr);
    assert!(!told.stderr.contains(&secret(&lab)), "{}", told.stderr);
    assert_eq!(bytes(&draft), sealed, "a refusal changes nothing");

    // Sign-off with a changed verdict.
    let why = "port 9999 is the lab's own probe";
    let change = ["--by", "rev-1", "--override", "5.6-1-2 b=PASS", "--reason", why, "--authority", "technical manager"];
    let reviewed = review(&draft, &[&change[..], &["--lab", text(&order), "--number", "EX-2026/017"]].concat());
    assert_eq!(reviewed.code, 0, "{}", reviewed.stderr);
    let first = reviewed.pack();
    assert_eq!(bytes(&draft), sealed, "the older pack is as it was");
    let results = json(first.join("results/results.json"));
    let unit = &results["units"]["5.6-1-2 b"];
    assert_eq!((&unit["verdict"], &unit["overridden"]["new"]), (&"FAIL".into(), &"PASS".into()), "both are kept");
    assert_eq!(unit["overridden"]["authority"], "technical manager");
    assert_eq!(unit["overridden"]["remark"], why);
    let summary = json(first.join("summary.json"));
    assert_eq!((&summary["units"]["5.6-1-2 b"], &summary["counts"]["FAIL"]), (&"PASS".into(), &0.into()));
    let manifest = json(first.join("pack.json"));
    assert_eq!(manifest["report"]["status"], "reviewed");
    assert_eq!(manifest["report"]["supersedes"]["revision"], 0);
    assert_eq!(manifest["items"][0]["received_at"], "2026-11-18");
    let page = fs::read_to_string(first.join("report.html")).expect("a page");
    assert!(page.contains("EX-2026/017") && page.contains("revision 1"), "number and revision stand on the page");

    // Issued, once; the draft cannot be reviewed a second time.
    refused(&review(&draft, &["--by", "rev-1"]), "already there");
    refused(&review(&first, &["--by", "rev-1", "--final"]), "no authoriser");
    let issued = review(&first, &["--by", "auth-1", "--final"]);
    assert_eq!(issued.code, 0, "{}{}", issued.stdout, issued.stderr);
    let second = issued.pack();
    assert_eq!(json(second.join("pack.json"))["report"]["status"], "final");
    refused(&review(&second, &["--by", "rev-1"]), "left the lab");

    // Amended: the overridden verdict goes back; every revision and its signature are kept and checked.
    let back = ["--by", "auth-1", "--amend", "--override", "5.6-1-2 b=FAIL", "--reason", "the probe was not ours"];
    let amended = review(&second, &back);
    assert_eq!(amended.code, 0, "{}", amended.stderr);
    let third = amended.pack();
    let report = json(third.join("pack.json"))["report"].clone();
    assert_eq!((&report["status"], &report["revision"]), (&"amended".into(), &3.into()));
    assert_eq!(report["supersedes"]["changed"][0], "5.6-1-2 b: PASS -> FAIL");
    let verified = lab.assay(&["verify", text(&third)]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    for revision in ["revision 0 is kept", "revision 1 is kept", "revision 2 is kept"] {
        assert!(verified.stdout.contains(revision), "{revision} in {}", verified.stdout);
    }
    assert_eq!(lab.assay(&["rejudge", text(&third)]).code, 0, "the record is judged as before");
    let differ = lab.assay(&["diff", text(&second), text(&third), "--json"]);
    assert!(differ.stdout.contains("\"regressed\""), "a reviewer's verdict counts: {}", differ.stdout);

    // A kept revision that was swapped is noticed though all is signed anew.
    forge(&lab, &third);
    let forged = lab.assay(&["verify", text(&third)]);
    assert_eq!(forged.code, 5);
    assert!(forged.stdout.contains("revisions/0/"), "{}", forged.stdout);
}

/// The label password of a sample, as the lab's vault of the run has it.
fn secret(lab: &Lab) -> String {
    let vault = fs::read_dir(lab.path().join("assay/vaults")).expect("vaults").next().expect("one run").expect("reads");
    let text = fs::read_to_string(vault.path()).expect("reads");
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut values = lines.filter_map(|line| Some(line["value"].as_str()?.to_owned()));
    values.rfind(|value| value.len() >= 8).expect("a password")
}

/// What somebody with the lab's key could do: change a kept file, and make sums and signature fit again.
fn forge(lab: &Lab, pack: &Path) {
    fs::write(pack.join("revisions/0/summary.json"), "{}").expect("written");
    let sums = std::process::Command::new("sh")
        .args(["-c", "find . -type f ! -name 'SHA256SUMS*' -printf '%P\\n' | LC_ALL=C sort | xargs -d '\\n' sha256sum > SHA256SUMS"])
        .current_dir(pack)
        .status()
        .expect("sh runs");
    assert!(sums.success());
    for (key, file) in [("bench_ed25519", "SHA256SUMS.sshsig"), ("review_ed25519", "SHA256SUMS.reviewer.sshsig")] {
        let path = lab.path().join("assay/keys").join(key);
        let key = assay_reports::pack::SigningKey::load(&path).expect("the key");
        let list = fs::read(pack.join("SHA256SUMS")).expect("sums");
        fs::write(pack.join(file), key.sign(assay_reports::pack::NAMESPACE, &list).expect("signs")).expect("written");
    }
}

#[test]
fn a_review_that_was_killed_leaves_the_pack_whole_and_the_way_free() {
    let lab = Lab::new(243, 1);
    let ran = lab.run(&["--select", "unit == '5.6-1-2 b'", "--operator", "op-1"]);
    let draft = ran.pack();
    let name = draft.file_name().expect("a name").to_string_lossy().into_owned();
    // As a kill in the middle of copying leaves it.
    let left = draft.with_file_name(format!("{name}-r1.partial"));
    fs::create_dir_all(left.join("revisions/0")).expect("made");
    fs::write(left.join("revisions/0/sums.txt"), "half a li").expect("written");
    assert_eq!(lab.assay(&["verify", text(&draft)]).code, 0);
    let reviewed = lab.assay(&["review", text(&draft), "--by", "rev-1"]);
    assert_eq!(reviewed.code, 0, "{}", reviewed.stderr);
    assert!(!left.exists());
    assert_eq!(lab.assay(&["verify", text(&reviewed.pack())]).code, 0);

    // What is no unfinished review is not cleared away.
    let other = draft.with_file_name(format!("{name}-r2.partial"));
    fs::create_dir(&other).expect("made");
    let stopped = lab.assay(&["review", text(&reviewed.pack()), "--by", "rev-1"]);
    refused(&stopped, "in the way");
    assert!(other.exists());

    // Two at once: the second waits its turn.
    fs::remove_dir(&other).expect("removed");
    let held = fs::File::open(reviewed.pack().join("SHA256SUMS")).expect("opens");
    held.try_lock().expect("free");
    refused(&lab.assay(&["review", text(&reviewed.pack()), "--by", "rev-1"]), "under way");
}
