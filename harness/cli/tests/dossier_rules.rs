//! Dossiers that cannot be true are refused, each with its own message at its own place; the good one is not.
//!
//! A file of `dossiers/` is a small change to the dossier of the virtual camera: `replace` stands in it once, and `with`
//! takes its place.
#![allow(clippy::unwrap_used)] // tests say by panicking what is wrong

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde::Deserialize;

#[derive(Deserialize)]
struct Change {
    replace: String,
    with: String,
}

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn good() -> String {
    std::fs::read_to_string(here().join("../../lab-config/products/virtual-camera.yaml")).unwrap()
}

/// Exit code and messages of `assay lint`, with the file's folder taken out.
fn lint(folder: &Path, name: &str, text: &str) -> (i32, String) {
    std::fs::write(folder.join(name), text).unwrap();
    let out = Command::cargo_bin("assay").unwrap().current_dir(folder).args(["lint", name]).output().unwrap();
    (out.status.code().unwrap(), String::from_utf8(out.stderr).unwrap())
}

fn changes() -> Vec<(String, Change)> {
    let mut all: Vec<(String, Change)> = std::fs::read_dir(here().join("tests/dossiers"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let change = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            (path.file_stem().unwrap().to_string_lossy().into_owned(), change)
        })
        .collect();
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all
}

#[test]
fn the_dossier_of_the_good_camera_keeps_every_rule() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = lint(folder.path(), "dossier.yaml", &good());
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("product::"), "{said}");
}

#[test]
fn each_broken_dossier_is_refused_with_its_own_message() {
    let (folder, good, changes) = (tempfile::tempdir().unwrap(), good(), changes());
    assert!(changes.len() >= 25, "{} dossiers", changes.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("dossiers/snapshots");
    for (name, change) in changes {
        assert_eq!(good.matches(&change.replace).count(), 1, "{name}: `replace` stands in the good dossier once");
        let (code, said) = lint(folder.path(), "dossier.yaml", &good.replacen(&change.replace, &change.with, 1));
        assert_eq!(code, 2, "{name}: {said}");
        assert!(said.contains("error[product::rule]"), "{name}: no rule says so:\n{said}");
        assert!(!said.contains("not-judged"), "{name}: a rule stumbles over it:\n{said}");
        settings.bind(|| insta::assert_snapshot!(name.as_str(), said));
    }
}

#[test]
fn what_a_broken_dossier_is_refused_for_stops_a_run_too() {
    let folder = tempfile::tempdir().unwrap();
    let change = changes().into_iter().find(|(name, _)| name == "mandatory-claimed-n").unwrap().1;
    std::fs::write(folder.path().join("p.yaml"), good().replacen(&change.replace, &change.with, 1)).unwrap();
    let plan = "assay: plan/1\nplan: p\nunits:\n  - { unit: X-1, question: Is it?, expect: size(ics) > 0 }\n";
    std::fs::write(folder.path().join("plan.yaml"), plan).unwrap();
    let out = Command::cargo_bin("assay")
        .unwrap()
        .current_dir(folder.path())
        .args(["run", "plan.yaml", "--product", "p.yaml", "--out", "out"])
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8(out.stderr).unwrap().contains("provision 5.1-3 is mandatory"));
    assert!(!folder.path().join("out").exists(), "nothing was run");
}
