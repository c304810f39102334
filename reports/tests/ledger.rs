//! The bench's ledger: attempts counted, writers one after the other, loss and damage said, proofs that packs carry.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fixture;

use std::fs;
use std::path::Path;

use assay_model::results::LedgerPosition;
use assay_reports::ledger::{Attempt, Ledger, LedgerError, within};
use assay_reports::pack::{FindingKind, SealOptions, seal, verify};
use fixture::bench::Bench;
use serde_json::{Value, json};

fn attempt(samples: &[(&str, &str)], plan: &str) -> Attempt<'static> {
    let samples = samples.iter().map(|(id, serial)| ((*id).to_owned(), Some((*serial).to_owned()))).collect();
    Attempt { bench: "bench-3", samples, plans: vec![("psti".into(), plan.repeat(64))] }
}

fn counted(position: &LedgerPosition) -> Vec<(u64, u64)> {
    position.attempts.iter().map(|a| (a.attempt, a.sealed_before)).collect()
}

#[test]
fn attempts_are_counted_by_sample_and_plan_digest_sealed_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::of(dir.path(), "bench-3");
    let first = ledger.begin(&attempt(&[("s1", "C1-1")], "a"));
    assert_eq!(counted(&first), [(1, 0)]);
    assert!(first.problem.as_ref().unwrap().contains("a new ledger begins"), "the first run says so: it may be a loss");
    let mut results = fixture::results();
    ledger.seal(&first, &results).unwrap();
    let second = ledger.begin(&attempt(&[("s1", "C1-1"), ("s2", "C1-2")], "a"));
    assert_eq!((counted(&second), &second.problem), (vec![(2, 1), (1, 0)], &None));
    // The second is never sealed, and counts all the same. Another id in the dossier, the same device.
    let third = ledger.begin(&attempt(&[("unit-7", "C1-1")], "a"));
    assert_eq!(counted(&third), [(3, 1)]);
    assert_eq!(counted(&ledger.begin(&attempt(&[("s1", "C1-1")], "b"))), [(1, 0)], "another plan");
    assert_eq!(counted(&Ledger::of(dir.path(), "other").begin(&attempt(&[("s1", "C1-1")], "a"))), [(1, 0)]);
    assert_eq!(third.sentences(), ["Attempt 3 of 3 for sample unit-7 with plan psti; 1 of the 2 before were sealed."]);
    results.ledger = Some(third.clone());
    let proof = ledger.seal(&third, &results).unwrap();
    let entries = ledger.read().unwrap();
    assert_eq!(within(&proof, &entries), None);
    assert!(within(&proof, &entries[..4]).unwrap().starts_with("entry 5"), "lines that a ledger lacks are named");
    let kinds: Vec<&str> = entries.iter().map(|e| e.kind.as_str()).collect();
    assert_eq!(kinds, ["ledger.start", "run.begin", "run.seal", "run.begin", "run.begin", "run.begin", "run.seal"]);
}

#[test]
fn many_writers_make_one_chain() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::of(dir.path(), "bench-3");
    let seen: Vec<u64> = std::thread::scope(|scope| {
        let begin = || (0..10).map(|_| ledger.begin(&attempt(&[("s1", "x")], "a")).attempts[0].attempt).collect();
        let writers: Vec<_> = (0..4).map(|_| scope.spawn(begin)).collect();
        writers.into_iter().flat_map(|w| -> Vec<u64> { w.join().unwrap() }).collect()
    });
    let mut sorted = seen;
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=40).collect::<Vec<_>>(), "no two runs are the same attempt");
    assert_eq!(ledger.read().unwrap().len(), 41);
}

#[test]
fn damage_is_found_kept_and_said_and_never_keeps_a_run_from_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::of(dir.path(), "bench-3");
    for _ in 0..4 {
        let _ = ledger.begin(&attempt(&[("s1", "x")], "a"));
    }
    let good = fs::read_to_string(ledger.path()).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    let with = |lines: &[&str]| lines.iter().map(|l| format!("{l}\n")).collect::<String>();
    let mut edits = vec![
        good.replacen("\"x\"", "\"y\"", 1),
        with(&lines[1..]),
        with(&[lines[0], lines[2], lines[1], lines[3], lines[4]]),
        with(&[lines[0], lines[1], lines[1], lines[2]]),
        good.replacen('{', "", 1),
        format!("{good}not a line\n"),
    ];
    edits.extend((1..lines.len() - 1).map(|n| {
        let mut without = lines.clone();
        without.remove(n);
        with(&without)
    }));
    for (n, edit) in edits.iter().enumerate() {
        fs::write(ledger.path(), edit).unwrap();
        assert!(matches!(ledger.read(), Err(LedgerError::Broken { .. })), "edit {n}: {:?}", ledger.read());
        let position = ledger.begin(&attempt(&[("s1", "x")], "a"));
        assert_eq!(counted(&position), [(1, 0)], "a new ledger");
        let problem = position.problem.unwrap();
        let aside = format!("{}.damaged-{}", ledger.path().display(), n + 1);
        assert!(problem.contains("is damaged: line") && problem.contains(&aside), "{problem}");
        assert_eq!(fs::read_to_string(&aside).unwrap(), *edit, "the damaged one is kept as it was");
        assert!(ledger.read().unwrap()[0].data["after"]["problem"].as_str().unwrap().contains("damaged"));
    }
    // A torn last line is what a power cut leaves: closed over, counted on.
    fs::write(ledger.path(), &good[..good.len() - 20]).unwrap();
    assert!(matches!(ledger.read(), Err(LedgerError::Torn { .. })));
    let position = ledger.begin(&attempt(&[("s1", "x")], "a"));
    assert_eq!(counted(&position), [(4, 0)], "three whole beginnings before");
    assert!(position.problem.unwrap().contains("torn by a crash"));
    assert!(ledger.read().unwrap().iter().any(|e| e.kind == "ledger.recovered"));

    // No place to write: said, and the run begins.
    let blocked = dir.path().join("file");
    fs::write(&blocked, "x").unwrap();
    let position = Ledger::of(&blocked, "bench-3").begin(&attempt(&[("s1", "x")], "a"));
    assert!(position.ledger.is_empty() && position.problem.unwrap().contains("no entry was made"));
}

/// Writes a run's folder whose journal has the position, as the engine leaves it.
fn partial(
    bench: &Bench,
    name: &str,
    position: &LedgerPosition,
) -> (std::path::PathBuf, assay_model::results::Results) {
    let mut results = fixture::results();
    let folder = fixture::folder::write_partial(bench.dir.path(), name, &mut results);
    let path = folder.join("journal/journal.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let mut events: Vec<(String, Value)> = text
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap())
        .map(|l| (l["type"].as_str().unwrap().to_owned(), l["data"].clone()))
        .collect();
    events[1].1 = json!({"ledger": position});
    let events: Vec<(&str, Value)> = events.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
    let journal = fixture::folder::chain(&results.run_id, &events);
    let last = journal.trim_ascii_end().rsplit(|b| *b == b'\n').next().unwrap().to_vec();
    results.journal_head = fixture::folder::sha256(&last);
    fs::write(path, journal).unwrap();
    results.ledger = Some(position.clone());
    (folder, results)
}

#[test]
fn a_pack_carries_its_proof_and_a_false_one_is_found() {
    let bench = Bench::new();
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::of(dir.path(), "bench-3");
    let _ = ledger.begin(&attempt(&[("s1", "C1-1")], "a"));
    let position = ledger.begin(&attempt(&[("s1", "C1-1")], "a"));
    let packed = |name: &str, change: &dyn Fn(&mut Value)| {
        let (folder, results) = partial(&bench, name, &position);
        let mut proof = ledger.seal(&position, &results).unwrap();
        change(&mut proof);
        let options = SealOptions { ledger_proof: Some(proof), ..SealOptions::new("assay@bench-3") };
        seal(&folder, &results, &bench.key, &options).unwrap().folder
    };
    let good = packed("good", &|_| ());
    let report = verify(&good, Some(&bench.signers()));
    assert_eq!(report.findings, []);
    assert!(report.notes.iter().any(|n| n.starts_with("Attempt 2 of 2 for sample s1")), "{:?}", report.notes);
    let lines = |p: &mut Value, f: &dyn Fn(&mut Vec<Value>)| f(p["lines"].as_array_mut().unwrap());
    let hidden = packed("hidden", &|p| lines(p, &|l| drop(l.remove(1))));
    assert_eq!(bench.kinds(&hidden), [FindingKind::Mismatch], "an earlier attempt left out");
    let unsealed = packed("unsealed", &|p| lines(p, &|l| drop(l.pop())));
    assert_eq!(bench.kinds(&unsealed), [FindingKind::Mismatch]);
    let other = packed("other", &|p| p["ledger"] = json!("0000000000000000"));
    assert_eq!(bench.kinds(&other), [FindingKind::Mismatch]);

    // Results that count otherwise than the journal did before the run.
    let (folder, mut results) = partial(&bench, "flattered", &position);
    results.ledger.as_mut().unwrap().attempts[0].attempt = 1;
    let flattered = seal(&folder, &results, &bench.key, &SealOptions::new("assay@bench-3")).unwrap().folder;
    assert!(bench.kinds(&flattered).contains(&FindingKind::Mismatch));

    // A ledger that was replaced after the run began knows nothing of it.
    fs::remove_file(ledger.path()).unwrap();
    let _ = ledger.begin(&attempt(&[("s1", "C1-1")], "a"));
    let (_, results) = partial(&bench, "replaced", &position);
    assert!(matches!(ledger.seal(&position, &results), Err(LedgerError::Replaced { seq: 3, .. })));
    assert!(Path::new(&good).join("journal/ledger-proof.json").is_file());
}
