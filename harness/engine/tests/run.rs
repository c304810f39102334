//! Whole runs on a fake bench: what each kind of check ends in, and what the folder then holds.

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use assay_engine::fold::rejudge;
use assay_engine::journal::verify;
use assay_engine::plan::{Action, Answered, Answers, Ask, Class, Scope, Step};
use assay_engine::redact::{LabKey, Vault, leaks};
use assay_engine::run::{Cancel, RunError, RunEvent, RunOptions, run, vault_path};
use assay_model::{CheckKind, Effect, Fault, ReasonClass, Transition, Verdict};
use serde_json::{Map, Value, json};
use support::*;
use tempfile::TempDir;

struct Case {
    out: TempDir,
    world: Arc<World>,
    presence: Arc<dyn assay_model::Check>,
    absence: Arc<dyn assay_model::Check>,
}

fn case() -> Case {
    let world = Arc::new(World::default());
    Case {
        out: TempDir::new().expect("folder"),
        presence: fake(&world, "fake.look", CheckKind::Presence),
        absence: fake(&world, "fake.search", CheckKind::Absence),
        world,
    }
}

impl Case {
    async fn outcome(&self, samples: usize, plan: assay_engine::plan::Plan) -> assay_engine::run::RunOutcome {
        let outcome = run_in(self.out.path(), resolved(&self.world, samples, plan)).await.expect("a record");
        let verified = verify(&outcome.folder.join("journal/journal.jsonl")).expect("verifies");
        assert_eq!(verified.head, outcome.results.journal_head);
        assert_eq!(rejudge(&outcome.folder, None).expect("judged again"), [], "judging again changes nothing");
        assert_eq!(self.world.closed.load(Ordering::SeqCst), 1, "the bench is closed once");
        outcome
    }

    fn step(&self, what: &str) -> Step {
        step(&self.presence, json!({"do": what}), "seen")
    }
}

fn verdict(outcome: &assay_engine::run::RunOutcome, unit: &str) -> (Verdict, String) {
    let unit = outcome.results.units.get(unit).expect("unit");
    let first =
        unit.samples.values().chain(unit.cross_sample.as_ref()).find(|s| s.verdict == unit.verdict).expect("one");
    (unit.verdict, first.reasons.first().map(|r| r.code.clone()).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_end_has_its_verdict() {
    let case = case();
    let look = |what: &str| case.step(what);
    let search = || step(&case.absence, json!({}), "seen");
    let alive = |see: Value| control(step(&case.presence, json!({"see": see}), "alive"), "alive.up");
    let mut units = vec![
        unit("pass", vec![look("")], vec![expect("seen.up")]),
        unit("fail", vec![look("")], vec![expect("!seen.up")]),
        unit("fault", vec![look("fault")], vec![expect("seen.up")]),
        unit("panic", vec![look("panic")], vec![expect("seen.up")]),
        unit("vacuous", vec![look("")], vec![]),
        unit("misspelt", vec![look("")], vec![expect("seen.upp")]),
        unit("no-truth", vec![look("")], vec![expect("seen.host")]),
        unit("lossy", vec![look("drop")], vec![expect("seen.up")]),
        unit("uncontrolled", vec![search()], vec![expect("seen.up")]),
        unit("controlled", vec![search()], vec![expect("seen.up")]),
        unit("dead", vec![search()], vec![expect("seen.up")]),
        unit("dead-present", vec![search()], vec![presence("!seen.up")]),
        unit("no-rows", vec![], vec![expect("seen.up")]),
        unit("loop-left-out", vec![look("")], vec![expect("seen.up"), expect("inner.up")]),
        unit("all-left-out", vec![], vec![expect("inner.up")]),
        unit("hang", vec![look("hang")], vec![expect("seen.up")]),
        unit("not-here", vec![look("")], vec![expect("seen.up")]),
        unit("deselected", vec![look("")], vec![expect("seen.up")]),
    ];
    for unit in &mut units {
        match unit.id.as_str() {
            "controlled" => unit.control.push(alive(json!({}))),
            "dead" | "dead-present" => unit.control.push(alive(json!({"up": false}))),
            "hang" => unit.deadline = Duration::from_millis(200),
            "not-here" => unit.when = Some(expr("ixit.auth_mech.exists(m, m.factor == \"iris\")")),
            "deselected" => unit.deselected = Some("not on this bench".into()),
            "no-rows" => unit.steps.push(for_each("m", "[]", vec![look("")])),
            "loop-left-out" | "all-left-out" => {
                let mut step = for_each("m", "[]", vec![step(&case.presence, json!({}), "inner")]);
                step.unless = Some(expr("[].size() == 0"));
                unit.steps.push(step);
            }
            _ => {}
        }
    }
    let outcome = case.outcome(2, plan(units)).await;
    let expected = [
        ("pass", Verdict::Pass, ""),
        ("fail", Verdict::Fail, "refuted"),
        ("fault", Verdict::Error, "cable"),
        ("panic", Verdict::Error, "check-panicked"),
        ("vacuous", Verdict::Error, "vacuous"),
        ("misspelt", Verdict::Error, "not-evaluated"),
        ("no-truth", Verdict::Error, "not-evaluated"),
        ("lossy", Verdict::Inconclusive, "dropped"),
        ("uncontrolled", Verdict::Inconclusive, "missing"),
        ("controlled", Verdict::Pass, ""),
        ("dead", Verdict::Inconclusive, "not-held"),
        ("dead-present", Verdict::Inconclusive, "not-held"),
        ("no-rows", Verdict::Error, "vacuous"),
        ("loop-left-out", Verdict::Pass, ""),
        ("all-left-out", Verdict::Error, "vacuous"),
        ("hang", Verdict::Error, "deadline"),
        ("not-here", Verdict::NotApplicable, "rule"),
    ];
    for (unit, expected, code) in expected {
        assert_eq!(verdict(&outcome, unit), (expected, code.to_owned()), "{unit}");
    }
    assert_eq!(outcome.exit_code, 1);
    assert_eq!(outcome.results.exit_code, 1);
    assert!(!outcome.results.partial);
    assert_eq!(outcome.results.not_covered, [("deselected".to_owned(), "not on this bench".to_owned())]);
    assert!(outcome.results.units.get("deselected").is_none());
    assert!(outcome.results.units.values().all(|u| u.samples.len() == 2));
    let rule = &outcome.results.units.get("not-here").expect("unit").samples["s1"].reasons[0];
    assert_eq!(rule.class, ReasonClass::Applicability);
    assert!(rule.text.contains("iris") && rule.text.contains("A-2"), "rule and values: {}", rule.text);
    let read: assay_model::results::Results =
        serde_json::from_slice(&std::fs::read(outcome.folder.join("results/results.json")).expect("file"))
            .expect("results");
    assert_eq!(read, outcome.results);
    assert!(outcome.folder.join("cases/dead-present.log").is_file());
}

fn for_each(variable: &str, over: &str, steps: Vec<Step>) -> Step {
    Step {
        action: Action::ForEach { variable: variable.into(), over: expr(over), steps },
        name: None,
        per_sample: false,
        unless: None,
        deadline: None,
        span: span(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn loops_are_judged_once_per_row() {
    let case = case();
    let look = |see: Value| step(&case.presence, json!({"see": see}), "seen");
    let inner = for_each("n", "[1, 2, 3]", vec![look(json!({"id": "=m.id", "n": "=n"}))]);
    let units = vec![
        unit(
            "rows",
            vec![for_each("m", "ixit.auth_mech", vec![look(json!({"id": "=m.id"}))])],
            vec![expect("seen.id == m.id")],
        ),
        unit(
            "one-bad",
            vec![for_each("m", "ixit.auth_mech", vec![look(json!({"id": "=m.id"}))])],
            vec![expect("seen.id == 'A-1'")],
        ),
        unit(
            "nested",
            vec![for_each("m", "ixit.auth_mech", vec![inner])],
            vec![expect("seen.n == n && m.id == seen.id"), expect("m.id != ''")],
        ),
    ];
    let outcome = case.outcome(1, plan(units)).await;
    assert_eq!(verdict(&outcome, "rows").0, Verdict::Pass);
    assert_eq!(verdict(&outcome, "one-bad").0, Verdict::Fail);
    assert_eq!(verdict(&outcome, "nested").0, Verdict::Pass);
    let results = |unit: &str| {
        let unit = outcome.results.units.get(unit).expect("unit");
        unit.samples["s1"].expectations.iter().map(|e| e.result).collect::<Vec<_>>()
    };
    assert_eq!(results("one-bad"), [Some(true), Some(false)]);
    assert_eq!(results("nested").len(), 6 + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_steps_run_once_a_sample_and_lists_are_in_sample_order() {
    let case = case();
    let mut each = unit("each", vec![], vec![presence("ports.up && ports.host == dut.host")]);
    each.effect = Effect::Passive;
    let mut cross = unit(
        "cross",
        vec![Step { per_sample: true, ..step(&case.presence, json!({"see": {"of": "=dut.id"}}), "all") }],
        vec![
            presence("ports.size() == samples.count && ports[2].host == '127.77.0.3'"),
            presence("all[0].of == 's1' && all[2].of == 's3'"),
            presence("samples.preset_passwords('A-1').size() == 3"),
        ],
    );
    cross.scope = Scope::Samples;
    let mut few = unit("few", vec![case.step("")], vec![expect("seen.up")]);
    few.scope = Scope::Samples;
    few.min_samples = Some(template(json!("=params.least")));
    let mut broken = unit("broken", vec![], vec![expect("bad.up")]);
    broken.retries = 2;
    let mut plan = plan(vec![each, cross, few, broken]);
    plan.params.insert("least".into(), json!(4));
    plan.shared = vec![
        step(&case.presence, json!({}), "ports"),
        step(&case.presence, json!({"do": "fault"}), "bad"),
        step(&case.presence, json!({}), "never"),
    ];
    let outcome = case.outcome(3, plan).await;
    assert_eq!(verdict(&outcome, "each"), (Verdict::Pass, String::new()));
    assert_eq!(verdict(&outcome, "cross"), (Verdict::Pass, String::new()));
    assert_eq!(verdict(&outcome, "few"), (Verdict::Inconclusive, "too-few-samples".into()));
    assert_eq!(verdict(&outcome, "broken"), (Verdict::Error, "cable".into()));
    // ports x 3, all x 3, bad x 3; `never` is named by no unit.
    assert_eq!(case.world.calls.load(Ordering::SeqCst), 9);
    let info = &outcome.results.samples[0];
    assert_eq!((info.label["serial"].as_str(), info.label["batch"].as_str()), (Some("SN-1"), Some("B-1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_errors_are_retried() {
    let case = case();
    let mut once = unit("once", vec![case.step("fault-once")], vec![expect("seen.up")]);
    once.retries = 1;
    let mut fails = unit("fails", vec![case.step("")], vec![expect("!seen.up")]);
    fails.retries = 3;
    let outcome = case.outcome(1, plan(vec![once, fails])).await;
    let sample = |unit: &str| outcome.results.units.get(unit).expect("unit").samples["s1"].clone();
    assert_eq!((sample("once").verdict, sample("once").attempts), (Verdict::Pass, 2));
    assert_eq!((sample("fails").verdict, sample("fails").attempts), (Verdict::Fail, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_up_that_fails_takes_the_sample_out_of_use() {
    let case = case();
    let mut first = unit("first", vec![case.step("")], vec![expect("seen.up")]);
    first.effect = Effect::Disruptive;
    first.finally =
        vec![step(&case.presence, json!({"do": "fault"}), ""), step(&case.presence, json!({"see": {"last": 1}}), "")];
    let outcome =
        case.outcome(1, plan(vec![first, unit("second", vec![case.step("")], vec![expect("seen.up")])])).await;
    assert_eq!(verdict(&outcome, "first").0, Verdict::Pass);
    assert_eq!(verdict(&outcome, "second"), (Verdict::Error, "quarantined".into()));
    assert_eq!(case.world.calls.load(Ordering::SeqCst), 3, "both clean-up steps ran, and nothing after");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bench_that_does_not_open_is_the_benchs_error() {
    let case = case();
    let open_fault = Some(Fault::bench("port-busy", "port 8443 is taken"));
    let provider = Arc::new(FakeProvider { world: case.world.clone(), samples: 1, open_fault });
    let plan = plan(vec![unit("u", vec![case.step("")], vec![expect("seen.up")])]);
    let outcome = run_in(case.out.path(), with_provider(provider, plan)).await.expect("a record");
    assert_eq!((verdict(&outcome, "u"), outcome.exit_code), ((Verdict::Error, "port-busy".into()), 4));
    assert_eq!(rejudge(&outcome.folder, None).expect("judged again"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_any_file_in_any_form() {
    let case = case();
    let leak = step(&case.presence, json!({"do": "leak", "password": "=dut.label.password"}), "seen");
    let panics = step(&case.presence, json!({"do": "panic", "password": "=dut.label.password"}), "seen");
    let units = vec![
        unit("leaks", vec![leak], vec![expect("seen.echo == dut.label.password && seen.up")]),
        unit("panics", vec![panics], vec![expect("seen.up")]),
    ];
    let (events, mut heard) = tokio::sync::broadcast::channel(1024);
    let outcome = run(resolved(&case.world, 2, plan(units)), options(case.out.path()), events).await.expect("record");
    assert_eq!(verdict(&outcome, "leaks").0, Verdict::Pass, "tokens compare equal");
    let clear = case.world.heard.lock().expect("lock")[0]["password"].clone();
    assert_eq!(clear, LABEL_SECRET, "the check got the clear value");

    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for secret in [LABEL_SECRET, "chosen-by-the-check", "late-secret-99", "late-secret-77"] {
        let forms =
            [secret.into(), hex_of(secret).into_bytes(), base64_of(secret.as_bytes()).into_bytes(), wide(secret)];
        for (path, bytes) in files(&outcome.folder) {
            for form in &forms {
                let found = bytes.windows(form.len()).any(|w| w == &form[..]);
                assert!(!found, "{secret} in {}", path.display());
            }
            assert_eq!(outcome.vault.leak(&bytes), None, "{}", path.display());
        }
    }
    while let Ok(event) = heard.try_recv() {
        assert!(!format!("{event:?}").contains(LABEL_SECRET), "{event:?}");
    }
    let register = std::fs::read_to_string(outcome.folder.join("redaction/register.json")).expect("register");
    assert_eq!(register.matches("\"tag\"").count(), 4, "{register}");
    assert!(outcome.results.redactions > 0);
    let console = files(&outcome.folder.join("evidence"));
    let text = |end: &str| {
        let found = console.iter().find(|(p, _)| p.to_string_lossy().ends_with(end));
        String::from_utf8_lossy(&found.expect("file").1).into_owned()
    };
    assert!(text("console.bin").contains("label [[REDACTED R-"), "{}", text("console.bin"));
    assert_eq!(text("console.out.bin"), "hello\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_learned_late_is_taken_out_of_what_was_written() {
    use sha2::Digest as _;
    let case = case();
    let early = step(&case.presence, json!({"do": "see-early"}), "seen");
    let learns = step(&case.presence, json!({"do": "learn"}), "seen");
    let seen = |found: &'static str| vec![expect(found)];
    let units = vec![
        unit("early", vec![early], seen("seen.key == seen.key && seen.up")),
        unit("learns", vec![learns], seen("seen.up")),
    ];
    let out = case.out.path();
    let vaults = out.join("vaults");
    let options = RunOptions { vaults: Some(vaults.clone()), ..options(out) };
    let (events, _) = tokio::sync::broadcast::channel(1024);
    let outcome = run(resolved(&case.world, 1, plan(units)), options, events).await.expect("record");
    assert_eq!(outcome.exit_code, 0);
    for (path, bytes) in files(&outcome.folder) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(LEARNED_LATE), "{}", path.display());
    }
    assert_eq!(leaks(&outcome.folder, &outcome.vault, &|_| false).expect("searched"), []);
    let path = outcome.folder.join("journal/journal.jsonl");
    verify(&path).expect("the chain is closed again");
    assert_eq!(rejudge(&outcome.folder, None).expect("judged again"), []);
    let journal = std::fs::read_to_string(&path).expect("journal");
    let told = journal.lines().find(|line| line.contains("\"late\":true")).expect("the journal tells of it");
    assert!(told.contains("/exchanges.jsonl"), "{told}");
    for file in outcome.results.evidence.iter().flat_map(|e| &e.files) {
        let bytes = std::fs::read(outcome.folder.join(&file.path)).expect("file");
        assert_eq!(hex::encode(sha2::Sha256::digest(&bytes)), file.sha256, "{}", file.path);
    }
    // Years later the lab's own file still finds what was planted, and nothing in the pack.
    let kept = Vault::read(&vault_path(&vaults, &outcome.results.run_id)).expect("kept");
    assert_eq!(leaks(&outcome.folder, &kept, &|_| false).expect("searched"), []);
    std::fs::write(outcome.folder.join("note.txt"), format!("key {LEARNED_LATE}")).expect("planted");
    let found = leaks(&outcome.folder, &kept, &|_| false).expect("searched");
    assert_eq!(found.iter().map(|l| (l.path.as_str(), l.offset)).collect::<Vec<_>>(), [("note.txt", Some(4))]);
}

/// What the lab reads with its identity.
fn decrypted(path: &std::path::Path, identity: &age::x25519::Identity) -> String {
    let file = std::fs::File::open(path).expect("kept");
    let opened = age::Decryptor::new(file).expect("age format");
    let mut clear = Vec::new();
    let mut reader =
        opened.decrypt(std::iter::once(identity as &dyn age::Identity)).expect("the lab's identity opens it");
    std::io::Read::read_to_end(&mut reader, &mut clear).expect("whole");
    String::from_utf8_lossy(&clear).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn originals_of_redacted_evidence_are_kept_for_the_lab_alone() {
    let case = case();
    let identity = age::x25519::Identity::generate();
    let leak = step(&case.presence, json!({"do": "leak", "password": "=dut.label.password"}), "seen");
    let early = step(&case.presence, json!({"do": "see-early"}), "seen");
    let learns = step(&case.presence, json!({"do": "learn"}), "seen");
    let units = vec![
        unit("leaks", vec![leak], vec![expect("seen.up")]),
        unit("early", vec![early], vec![expect("seen.up")]),
        unit("learns", vec![learns], vec![expect("seen.up")]),
    ];
    let lab_key: LabKey = identity.to_public().to_string().parse().expect("a recipient");
    let options = RunOptions { lab_key: Some(lab_key), ..options(case.out.path()) };
    let (events, _) = tokio::sync::broadcast::channel(1024);
    let outcome = run(resolved(&case.world, 1, plan(units)), options, events).await.expect("record");

    let evidence = outcome.results.evidence.iter().flat_map(|e| &e.files);
    let originals: Vec<_> = evidence.filter(|file| file.path.ends_with(".age")).collect();
    let clear: Vec<String> = originals.iter().map(|f| decrypted(&outcome.folder.join(&f.path), &identity)).collect();
    for secret in [LABEL_SECRET, "chosen-by-the-check", "late-secret-99", LEARNED_LATE] {
        assert!(clear.iter().any(|text| text.contains(secret)), "{secret} is kept in no original");
    }
    for file in &originals {
        let twin = file.path.trim_end_matches(".age");
        assert!(outcome.folder.join(twin).is_file(), "{} has no twin", file.path);
        assert!(std::fs::read(outcome.folder.join(&file.path)).expect("file").starts_with(b"age-encryption.org/v1"));
    }
    let on_disk =
        files(&outcome.folder.join("evidence")).into_iter().filter(|(p, _)| p.extension().is_some_and(|e| e == "age"));
    assert_eq!(on_disk.count(), originals.len(), "no original of what was not redacted, and none unlisted");
    assert_eq!(leaks(&outcome.folder, &outcome.vault, &|_| false).expect("searched"), []);
    assert_eq!(rejudge(&outcome.folder, None).expect("judged again"), []);
}

#[test]
fn an_identity_is_no_recipient() {
    let said = "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ".parse::<LabKey>();
    assert!(said.expect_err("refused").contains("stays with the lab"));
    assert!("ssh-ed25519 AAAA".parse::<LabKey>().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_has_digests_and_only_used_items_exist() {
    use sha2::Digest as _;
    let case = case();
    let flood = step(&case.presence, json!({"do": "flood", "chunks": 64}), "seen");
    let outcome = case.outcome(1, plan(vec![unit("u", vec![flood, case.step("")], vec![expect("seen.up")])])).await;
    assert_eq!(outcome.results.evidence.len(), 2, "console and flood; no exchanges, no folder");
    for file in outcome.results.evidence.iter().flat_map(|e| &e.files) {
        let bytes = std::fs::read(outcome.folder.join(&file.path)).expect("file");
        let digest: String = sha2::Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!((digest.as_str(), bytes.len() as u64), (file.sha256.as_str(), file.size), "{}", file.path);
    }
    let flooded = outcome.results.evidence.iter().find(|e| e.title == "a flood").expect("flood");
    assert!(flooded.files.iter().any(|f| f.size == 64 << 16));
    assert_eq!(
        outcome.results.units.get("u").expect("u").samples["s1"].steps[0].evidence,
        std::slice::from_ref(&flooded.id)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_evidence_ends_the_run_after_clean_up() {
    let case = case();
    let mut first = unit("first", vec![case.step("")], vec![expect("seen.up")]);
    first.finally = vec![step(&case.presence, json!({"see": {"clean": true}}), "")];
    let more = unit("second", vec![case.step("")], vec![expect("seen.up")]);
    let (events, mut heard) = tokio::sync::broadcast::channel(1024);
    let out = case.out.path().to_owned();
    // The folder's name is known only once the run has begun, so the check is told by a parameter of its plan.
    let evidence = out.join("evidence-link");
    first.steps = vec![step(&case.presence, json!({"do": "spoil", "folder": evidence}), "seen")];
    let watch = tokio::spawn(async move {
        while let Ok(event) = heard.recv().await {
            if let RunEvent::RunStarted { folder, .. } = event {
                std::os::unix::fs::symlink(std::path::Path::new(&folder).join("evidence"), &evidence).expect("link");
                return;
            }
        }
    });
    let slow = step(&case.presence, json!({"do": "slow", "ms": 300}), "slow");
    first.steps.insert(0, slow);
    let result = run(resolved(&case.world, 1, plan(vec![first, more])), options(&out), events).await;
    watch.await.expect("watch");
    match result {
        Err(error @ RunError::EvidenceLost { .. }) => assert_eq!(error.exit_code(), 5),
        other => panic!("expected lost evidence, got {other:?}"),
    }
    assert_eq!(case.world.closed.load(Ordering::SeqCst), 1);
    let heard = case.world.heard.lock().expect("lock");
    assert!(heard.iter().any(|p| p["see"]["clean"] == true), "clean-up ran");
    assert_eq!(heard.len(), 3, "the second unit did not begin");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_once_finishes_the_call_and_cleans_up() {
    let case = case();
    let mut first = unit(
        "first",
        vec![step(&case.presence, json!({"do": "slow", "ms": 400}), "a"), case.step("")],
        vec![expect("seen.up")],
    );
    first.finally = vec![step(&case.presence, json!({"see": {"clean": true}}), "")];
    let more = unit("second", vec![case.step("")], vec![expect("seen.up")]);
    let cancel = Cancel::new();
    let options = RunOptions { cancel: cancel.clone(), ..options(case.out.path()) };
    let (events, mut heard) = tokio::sync::broadcast::channel(1024);
    let interrupt = tokio::spawn(async move {
        while let Ok(event) = heard.recv().await {
            if matches!(event, RunEvent::Step { .. }) {
                return cancel.interrupt(130);
            }
        }
    });
    let outcome = run(resolved(&case.world, 1, plan(vec![first, more])), options, events).await.expect("a record");
    interrupt.await.expect("interrupt");
    assert_eq!((outcome.exit_code, outcome.results.partial), (130, true));
    assert_eq!(verdict(&outcome, "first"), (Verdict::NotRun, "interrupted".into()));
    assert_eq!(verdict(&outcome, "second"), (Verdict::NotRun, "interrupted".into()));
    assert_eq!(case.world.calls.load(Ordering::SeqCst), 2, "the call under way and the clean-up");
    assert_eq!(rejudge(&outcome.folder, None).expect("judged again"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_twice_abandons_a_call_that_hangs() {
    let case = case();
    let cancel = Cancel::new();
    let options = RunOptions { cancel: cancel.clone(), ..options(case.out.path()) };
    let (events, mut heard) = tokio::sync::broadcast::channel(1024);
    tokio::spawn(async move {
        while let Ok(event) = heard.recv().await {
            if matches!(event, RunEvent::Step { .. }) {
                cancel.interrupt(143);
                return cancel.interrupt(130);
            }
        }
    });
    let mut hangs = unit("hangs", vec![case.step("hang")], vec![expect("seen.up")]);
    hangs.deadline = Duration::from_secs(3600);
    let outcome = run(resolved(&case.world, 1, plan(vec![hangs])), options, events).await.expect("a record");
    assert_eq!((outcome.exit_code, verdict(&outcome, "hangs").0), (143, Verdict::NotRun));
    assert_eq!(case.world.closed.load(Ordering::SeqCst), 1);
}

fn ask(answers: &[&str]) -> Step {
    let ask = Ask {
        text: template(json!("look at the label")),
        answers: answers.iter().map(|&a| a.into()).collect(),
        secret: answers.contains(&"value"),
        evidence: vec!["photo".into()],
        evidence_for_pass: false,
    };
    Step {
        action: Action::Ask(ask),
        name: Some("label".into()),
        per_sample: false,
        unless: None,
        deadline: None,
        span: span(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_answer_by_file_or_not_at_all() {
    let case = case();
    let photo = case.out.path().join("label.jpg");
    std::fs::write(&photo, b"\xff\xd8 photo").expect("write");
    let all = ["pass", "fail", "cannot-tell", "stop"];
    let units = ["p", "f", "c", "x", "nobody"].map(|id| {
        let mut unit = unit(id, vec![ask(&all)], vec![]);
        unit.class = Class::Assessor;
        unit
    });
    let mut units = units.to_vec();
    units.push(unit(
        "value",
        vec![ask(&["value", "cannot-tell"])],
        vec![presence("label.value == dut.label.password")],
    ));
    units.push(unit("half", vec![case.step(""), ask(&all)], vec![presence("!seen.up")]));
    units.push(unit("stop", vec![ask(&all)], vec![]));
    units.push(unit("after", vec![case.step("")], vec![expect("seen.up")]));
    let answered = |unit: &str, sample: &str, answer: &str, reason: &str, evidence: &[&std::path::Path]| Answered {
        unit: unit.into(),
        sample: sample.into(),
        step: None,
        answer: answer.into(),
        value: (answer == "value").then(|| json!(LABEL_SECRET)),
        reason: reason.into(),
        evidence: evidence.iter().map(|p| p.to_path_buf()).collect(),
        dated: None,
    };
    let mut resolved = resolved(&case.world, 1, plan(units));
    resolved.answers = Some(Answers {
        signed: None,
        operator: Map::from_iter([("id".to_owned(), json!("op-1"))]),
        answers: vec![
            answered("p", "*", "fail", "for other samples", &[]),
            answered("p", "s1", "pass", "", &[]),
            answered("f", "*", "fail", "the label is missing", &[&photo]),
            answered("c", "*", "cannot-tell", "unreadable", &[&photo]),
            answered("x", "*", "fail", "no photo given", &[]),
            answered("value", "*", "value", "", &[&photo]),
            answered("stop", "*", "stop", "smoke", &[]),
        ],
        file: source("answers.yaml", "answers\n"),
    });
    let outcome = run_in(case.out.path(), resolved).await.expect("a record");
    let expected = [
        ("p", Verdict::Pass, ""),
        ("f", Verdict::Fail, "fail"),
        ("c", Verdict::Inconclusive, "cannot-tell"),
        ("x", Verdict::Inconclusive, "no-evidence"),
        ("nobody", Verdict::NotRun, "nobody"),
        ("value", Verdict::Pass, ""),
        ("half", Verdict::Fail, "refuted"),
        ("stop", Verdict::NotRun, "stopped"),
        ("after", Verdict::NotRun, "interrupted"),
    ];
    for (unit, expected, code) in expected {
        assert_eq!(verdict(&outcome, unit), (expected, code.to_owned()), "{unit}");
    }
    let manual = outcome.results.units.get("f").expect("f").samples["s1"].manual.clone().expect("manual");
    assert_eq!(
        (manual.operator.as_str(), manual.source.as_str(), manual.signed),
        ("op-1", "answers.yaml", Some(false))
    );
    let kept = outcome.results.evidence.iter().find(|e| e.unit.as_deref() == Some("f")).expect("attachment");
    assert_eq!(std::fs::read(outcome.folder.join(&kept.files[0].path)).expect("photo"), b"\xff\xd8 photo");
    assert_eq!(rejudge(&outcome.folder, None).expect("judged again"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_plan_changes_only_what_it_changes() {
    let case = case();
    let units = |limit: &str| {
        vec![
            unit("a", vec![step(&case.presence, json!({"see": {"n": 5}}), "seen")], vec![expect(limit)]),
            unit("b", vec![case.step("")], vec![expect("seen.up")]),
        ]
    };
    let outcome = case.outcome(2, plan(units("seen.n < 10"))).await;
    let newer = resolved(&case.world, 2, plan(units("seen.n < 3")));
    let changes = rejudge(&outcome.folder, Some(&newer)).expect("judged again");
    let seen: Vec<_> = changes.iter().map(|c| (c.unit.as_str(), c.sample.as_deref(), c.old, c.new)).collect();
    let change = |sample| ("a", Some(sample), Some(Verdict::Pass), Some(Verdict::Fail));
    assert_eq!(seen, [change("s1"), change("s2")]);
    assert!(changes.iter().all(|c| c.transition == Transition::Regressed));
    let more = [units("seen.n < 10"), vec![unit("c", vec![case.step("")], vec![expect("seen.up")])]].concat();
    let added = rejudge(&outcome.folder, Some(&resolved(&case.world, 2, plan(more)))).expect("judged again");
    let added: Vec<_> = added.iter().map(|c| (c.unit.as_str(), c.transition)).collect();
    assert_eq!(added, [("c", Transition::New)], "a unit that was never observed");
    assert_eq!(case.world.opened.load(Ordering::SeqCst), 1, "no device is touched");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_journal_is_not_judged() {
    let case = case();
    let outcome = case.outcome(1, plan(vec![unit("u", vec![case.step("")], vec![expect("!seen.up")])])).await;
    let path = outcome.folder.join("journal/journal.jsonl");
    let text = std::fs::read_to_string(&path).expect("journal").replace("\"up\":true", "\"up\":false");
    std::fs::write(&path, text).expect("write");
    assert!(rejudge(&outcome.folder, None).is_err());
    assert!(verify(&path).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_are_sealed_before_the_bench_is_opened() {
    let case = case();
    let outcome = case.outcome(1, plan(vec![unit("u", vec![case.step("")], vec![expect("seen.up")])])).await;
    let journal = std::fs::read_to_string(outcome.folder.join("journal/journal.jsonl")).expect("journal");
    let first: Value = serde_json::from_str(journal.lines().next().expect("line")).expect("json");
    assert_eq!(first["type"], "inputs.sealed");
    let roles: Vec<_> = first["data"]["files"].as_array().expect("files").iter().map(|f| f["role"].clone()).collect();
    assert_eq!(roles, ["plan", "bench", "product"]);
    assert!(first["data"]["files"][2]["commitment"].is_string(), "the dossier holds a secret");
    assert_eq!(outcome.results.inputs_sha256.len(), 64);
}

fn waiver(id: &str, unit: &str, samples: &[&str], void: Option<&'static str>) -> assay_engine::plan::Waiver {
    assay_engine::plan::Waiver {
        id: id.into(),
        covers: assay_engine::plan::Covers::Unit(unit.into()),
        product: std::collections::BTreeMap::new(),
        samples: samples.iter().map(|&s| s.into()).collect(),
        reason: "accepted".into(),
        approver: "head of security".into(),
        start: "2026-01-01".into(),
        expires: "2026-12-31".into(),
        void,
        span: span(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiver_flags_a_fail_and_leaves_it_one() {
    let case = case();
    let units = || {
        vec![
            unit("fails", vec![case.step("")], vec![presence("!seen.up")]),
            unit("passes", vec![case.step("")], vec![expect("seen.up")]),
        ]
    };
    let waived = |waivers: Vec<assay_engine::plan::Waiver>| {
        let out = case.out.path().to_owned();
        let run = resolved(&case.world, 2, plan(units()));
        async move { run_in(&out, assay_engine::plan::ResolvedRun { waivers, ..run }).await.expect("a record") }
    };
    let ran = waived(vec![waiver("W-1", "fails", &[], None), waiver("W-2", "passes", &[], None)]).await;
    assert_eq!(ran.exit_code, 0, "every FAIL is waived");
    assert_eq!((ran.results.counts.fail, ran.results.waived), (1, 1), "the raw verdict stays");
    let unit = ran.results.units.get("fails").expect("there");
    assert_eq!(unit.verdict, Verdict::Fail);
    assert_eq!(unit.waived.as_ref().map(|w| w.id.as_str()), Some("W-1"));
    assert!(ran.results.units.get("passes").expect("there").waived.is_none());
    let states: Vec<_> = ran.results.waivers.iter().map(|w| (w.id.as_str(), w.state.as_str())).collect();
    assert_eq!(states, [("W-1", "applied"), ("W-2", "not needed")]);
    assert_ne!(ran.results.conformance(), assay_model::results::Conformance::Conforms);

    for none in [
        waiver("W-1", "fails", &["s1"], None), // it fails on s2 too
        waiver("W-1", "fails", &[], Some("expired")),
        waiver("W-1", "other", &[], None),
    ] {
        let ran = waived(vec![none]).await;
        assert_eq!((ran.exit_code, ran.results.waived), (1, 0));
    }
    assert_eq!(waived(vec![waiver("W-1", "fails", &["s1", "s2"], None)]).await.exit_code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_question_waits_and_a_resumed_run_asks_it_again() {
    let case = case();
    let ask = |name: &str| Step {
        action: Action::Ask(Ask {
            text: assay_engine::plan::Template::Literal(json!("Is the casing closed?")),
            answers: vec!["pass".into(), "fail".into()],
            secret: false,
            evidence: Vec::new(),
            evidence_for_pass: false,
        }),
        name: Some(name.into()),
        per_sample: false,
        unless: None,
        deadline: None,
        span: span(),
    };
    let run = |answers: Option<Answers>| {
        let units = vec![
            unit("by-hand", vec![ask("judged")], vec![]),
            unit("passes", vec![case.step("")], vec![expect("seen.up")]),
        ];
        assay_engine::plan::ResolvedRun { answers, ..resolved(&case.world, 1, plan(units)) }
    };
    let first = run_in(case.out.path(), run(None)).await.expect("a record");
    assert_eq!((first.exit_code, first.results.partial), (3, false));
    let to_do = &first.results.to_do;
    assert_eq!(to_do.len(), 1);
    assert_eq!((to_do[0].unit.as_str(), to_do[0].text.as_str()), ("by-hand", "Is the casing closed?"));

    let answered = Answered {
        unit: "by-hand".into(),
        sample: "*".into(),
        step: None,
        answer: "pass".into(),
        value: None,
        reason: String::new(),
        evidence: Vec::new(),
        dated: None,
    };
    let file = source("answers.yaml", "answers\n");
    let answers = Answers {
        operator: Map::from_iter([("id".to_owned(), json!("op-2"))]),
        answers: vec![answered],
        signed: Some("op-2@lab".into()),
        file,
    };
    let (events, _) = tokio::sync::broadcast::channel(1024);
    let again = assay_engine::run::resume(&first.folder, run(Some(answers)), options(case.out.path()), events)
        .await
        .expect("goes on");
    assert_eq!((again.exit_code, again.results.to_do.len()), (0, 0));
    let by_hand = &again.results.units.get("by-hand").expect("there").samples["s1"];
    let manual = by_hand.manual.as_ref().expect("a person");
    assert_eq!((manual.operator.as_str(), manual.signed), ("op-2", Some(true)));
    assert_eq!(by_hand.attempts, 2, "the attempt without an answer is counted");
    assert_eq!(again.results.units.get("passes").expect("there").samples["s1"].attempts, 1, "what was decided stays");
    let (events, _) = tokio::sync::broadcast::channel(1024);
    let done = assay_engine::run::resume(&first.folder, run(None), options(case.out.path()), events).await;
    assert!(matches!(done, Err(RunError::Resume { .. })), "nothing is left to do");
}
