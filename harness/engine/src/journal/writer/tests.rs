use std::fs;

use assay_model::journal::{Ref, kind};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::journal::{Defect, read};

fn written(lines: usize) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("folder");
    let path = folder.path().join("journal.jsonl");
    let mut journal = Journal::create(&path, "run-1", Clock::start()).expect("create");
    for n in 0..lines {
        journal.append(Entry::tool(kind::OBSERVATION, Ref::default(), json!({"n": n}))).expect("append");
    }
    journal.sync().expect("sync");
    (folder, path)
}

fn broken(path: &Path) -> (u64, Defect) {
    match verify(path) {
        Err(JournalError::Broken { line, defect, .. }) => (line, defect),
        other => panic!("expected a broken journal, got {other:?}"),
    }
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).expect("read").lines().map(str::to_owned).collect()
}

#[test]
fn a_whole_journal_verifies_and_reads_back() {
    let (_folder, path) = written(5);
    let mut seen = Vec::new();
    let verified = read(&path, |line| seen.push(line.data["n"].as_u64().expect("n"))).expect("verifies");
    assert_eq!((seen, verified.records, verified.torn), (vec![0, 1, 2, 3, 4], 5, None));
    assert_eq!(verified.head, digest(lines(&path)[4].as_bytes()));
}

#[test]
fn an_edit_shows_at_the_next_line() {
    let (_folder, path) = written(4);
    fs::write(&path, fs::read_to_string(&path).expect("read").replace("\"n\":1", "\"n\":7")).expect("write");
    let (line, defect) = broken(&path);
    assert!(line == 3 && matches!(defect, Defect::Chain { .. }), "{line} {defect}");
}

#[test]
fn removed_added_and_swapped_lines_show() {
    let (_folder, path) = written(4);
    let all = lines(&path);
    for order in [vec![0, 2, 3], vec![0, 1, 1, 2, 3], vec![0, 2, 1, 3], vec![1, 2, 3]] {
        let text: String = order.iter().map(|&n| format!("{}\n", all[n])).collect();
        fs::write(&path, text).expect("write");
        assert!(matches!(broken(&path).1, Defect::Sequence { .. }), "{order:?}");
    }
}

#[test]
fn every_cut_is_torn_or_whole_and_can_be_continued() {
    let (_folder, path) = written(3);
    let whole = fs::read(&path).expect("read");
    for cut in (1..whole.len()).filter(|cut| cut % 7 == 0 || whole[*cut] == b'\n' || whole[cut - 1] == b'\n') {
        fs::write(&path, &whole[..cut]).expect("write");
        let before = verify(&path).expect("a torn end is no error");
        let Ok((mut journal, _)) = Journal::reopen(&path, Clock::start()) else {
            assert_eq!(before.records, 0, "only a journal without a whole line cannot go on");
            continue;
        };
        journal.append(Entry::tool(kind::RUN_RESUME, Ref::default(), json!({}))).expect("append");
        journal.flush().expect("flush");
        drop(journal);
        let after = verify(&path).expect("verifies after recovery");
        assert_eq!(after.torn, None, "cut at {cut}");
        assert!(fs::read(&path).expect("read").starts_with(&whole[..cut]), "the torn bytes are kept");
        let torn = before.torn.as_ref();
        assert_eq!(after.recovered, u64::from(torn.is_some_and(|t| !t.whole)), "cut at {cut}");
        let added = torn.map_or(1, |t| 2 + u64::from(t.whole));
        assert_eq!(after.records, before.records + added, "cut at {cut}");
    }
}

#[test]
fn damage_in_the_middle_is_no_torn_end() {
    let (_folder, path) = written(4);
    let mut all = lines(&path);
    all[1].truncate(20);
    fs::write(&path, all.join("\n") + "\n").expect("write");
    assert!(matches!(broken(&path), (3, Defect::NotALine(_))));
}

#[test]
fn a_second_writer_is_refused() {
    let (_folder, path) = written(1);
    let (_first, _) = Journal::reopen(&path, Clock::start()).expect("first");
    assert!(matches!(Journal::reopen(&path, Clock::start()), Err(JournalError::Locked { .. })));
}

#[test]
fn a_full_disk_is_an_error() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let file = OpenOptions::new().append(true).open("/dev/full").expect("open");
    let mut journal =
        Journal::over(file, Path::new("/dev/full"), "r".into(), Clock::start(), 0, GENESIS.into()).expect("open");
    let result = journal.append(Entry::tool(kind::RUN_END, Ref::default(), json!({})));
    assert!(matches!(result, Err(JournalError::Io { .. })), "{result:?}");
}
