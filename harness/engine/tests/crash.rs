//! A run that is killed at any point verifies as far as it got, and can be completed.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_engine::fold::{rejudge, results};
use assay_engine::journal::verify;
use assay_engine::plan::ResolvedRun;
use assay_engine::run::{RunError, RunOptions, resume};
use assay_model::CheckKind;
use serde_json::json;
use support::*;
use tempfile::TempDir;

const OUT: &str = "ASSAY_TEST_CRASH_OUT";

/// Eight units of 60 ms on two samples, with a console that is open all the time.
fn slow_run(world: &Arc<World>) -> ResolvedRun {
    let check = fake(world, "fake.look", CheckKind::Presence);
    let units = (1..=8).map(|n| {
        let step = step(&check, json!({"do": "slow", "ms": 60, "password": "=dut.label.password"}), "seen");
        unit(&format!("u{n}"), vec![step], vec![expect("seen.up")])
    });
    resolved(world, 2, plan(units.collect()))
}

fn crash_options(out: &Path) -> RunOptions {
    RunOptions { vaults: Some(out.join("vaults")), ..options(out) }
}

/// The process that the other tests kill; alone it does nothing.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Some(out) = std::env::var_os(OUT).map(PathBuf::from) else { return };
    let world = Arc::new(World::default());
    let (events, _) = tokio::sync::broadcast::channel(1024);
    let run = assay_engine::run::run(slow_run(&world), crash_options(&out), events);
    run.await.expect("runs to its end where nobody kills it");
}

fn folder_of(out: &Path) -> Option<PathBuf> {
    let mut entries = std::fs::read_dir(out).ok()?.filter_map(Result::ok).map(|e| e.path());
    entries.find(|p| p.to_string_lossy().ends_with(".partial") && p.join("journal/journal.jsonl").is_file())
}

/// Kills a run once its journal has `lines` lines.
fn killed_at(lines: usize) -> (TempDir, PathBuf) {
    let out = TempDir::new().expect("folder");
    let exe = std::env::current_exe().expect("this test");
    let mut child = Command::new(exe)
        .args(["--exact", "child"])
        .env(OUT, out.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("child");
    let give_up = Instant::now() + Duration::from_secs(60);
    let folder = loop {
        assert!(Instant::now() < give_up, "the child did not get that far");
        if let Some(folder) = folder_of(out.path()) {
            let journal = std::fs::read_to_string(folder.join("journal/journal.jsonl")).unwrap_or_default();
            if journal.lines().count() >= lines {
                break folder;
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    child.kill().expect("kill -9");
    child.wait().expect("wait");
    (out, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_verifies_and_is_completed() {
    for lines in [4, 12, 40, 63] {
        let (out, folder) = killed_at(lines);
        let path = folder.join("journal/journal.jsonl");
        let before = results(&path).expect("verifies as far as it got");
        assert!(before.results.partial && before.results.journal_records as usize + 1 >= lines);
        // A case is over with its `case.end`; one that has only its verdict is run again.
        let journal = std::fs::read_to_string(&path).expect("readable");
        let over =
            journal.split_inclusive('\n').filter(|l| l.contains(r#""type":"case.end""#) && l.ends_with('\n')).count();

        let world = Arc::new(World::default());
        let (events, _) = tokio::sync::broadcast::channel(1024);
        let outcome = resume(&folder, slow_run(&world), crash_options(out.path()), events).await.expect("resumed");
        assert_eq!((outcome.exit_code, outcome.results.partial), (0, false), "killed at {lines}");
        assert_eq!(outcome.results.counts.pass, 8);
        let calls = world.calls.load(std::sync::atomic::Ordering::SeqCst);
        assert_eq!(calls, 16 - over, "finished cases stay, the others run once: {over} of 16 were over");
        verify(&path).expect("verifies to the end");
        assert_eq!(rejudge(&folder, None).expect("judged again"), []);
        for item in outcome.results.evidence.iter().flat_map(|e| &e.files) {
            assert_eq!(std::fs::metadata(folder.join(&item.path)).expect("file").len(), item.size, "{}", item.path);
        }
        for (file, bytes) in files(&folder) {
            assert_eq!(outcome.vault.leak(&bytes), None, "{}", file.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_line_is_kept_and_passed_over() {
    let (out, folder) = killed_at(30);
    let path = folder.join("journal/journal.jsonl");
    let mut bytes = std::fs::read(&path).expect("journal");
    let cut = bytes.len() - 17;
    bytes.truncate(cut);
    std::fs::write(&path, &bytes).expect("write");
    // An item whose line did not reach the journal: its number is not used again, and what it holds is kept.
    std::fs::create_dir(folder.join("evidence/E-0003")).expect("two consoles have the numbers before");
    let torn = verify(&path).expect("a torn end is no damage").torn.expect("torn");
    assert!(torn.bytes > 0 && !torn.whole);
    let world = Arc::new(World::default());
    let (events, _) = tokio::sync::broadcast::channel(1024);
    let outcome = resume(&folder, slow_run(&world), crash_options(out.path()), events).await.expect("resumed");
    assert_eq!(outcome.results.counts.pass, 8);
    let cut_off = outcome.results.evidence.iter().filter(|e| e.kind == "partial").count();
    assert_eq!(cut_off, 3, "two consoles and the item without a line");
    let after = std::fs::read(&path).expect("journal");
    assert!(after.starts_with(&bytes) && verify(&path).expect("verifies").recovered == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_inputs_and_finished_runs_are_refused() {
    let (out, folder) = killed_at(12);
    let world = Arc::new(World::default());
    let attempt = |resolved: ResolvedRun| {
        let (events, _) = tokio::sync::broadcast::channel(1024);
        resume(&folder, resolved, crash_options(out.path()), events)
    };
    let mut other = slow_run(&world);
    other.inputs[0].file = source("plan.yaml", "another plan\n");
    assert!(matches!(attempt(other).await, Err(RunError::Resume { .. })));
    let mut other = slow_run(&world);
    other.inputs[2].file = source("product.yaml", &format!("password: \"{LABEL_SECRET}\" \n"));
    assert!(matches!(attempt(other).await, Err(RunError::Resume { .. })), "told by its commitment");
    attempt(slow_run(&world)).await.expect("the same inputs");
    assert!(matches!(attempt(slow_run(&world)).await, Err(RunError::Resume { .. })), "nothing is missing");
}
