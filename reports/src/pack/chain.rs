//! The journal's chain of hashes, checked as a stream. On purpose not the code that wrote it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::findings::{Finding, FindingKind};

const PATH: &str = "journal/journal.jsonl";
/// Longer lines are no journal of ours; reading on would cost memory.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;
/// After so many breaks the rest says nothing new.
const MOST_FINDINGS: usize = 20;

/// What a journal turned out to hold.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) findings: Vec<Finding>,
    /// Numbered lines; a torn line has no number.
    pub(super) records: u64,
    /// SHA-256 of the last line's bytes without LF.
    pub(super) head: String,
    /// The run that all lines name.
    pub(super) run: Option<String>,
    /// Path to digest, from `evidence.close`.
    pub(super) evidence: BTreeMap<String, String>,
    /// Path to digest, from `inputs.sealed`.
    pub(super) inputs: BTreeMap<String, String>,
    /// SHA-256 of what `inputs.sealed` carries.
    pub(super) inputs_sha256: String,
    /// The position in the bench's ledger, from `run.start`.
    pub(super) ledger: Value,
    /// The first line's time.
    pub(super) started: String,
    /// Items that were opened, by id.
    pub(super) opened: BTreeSet<String>,
    /// Whether a process died and another went on: what it had not yet written is lost.
    pub(super) resumed: bool,
    /// Whether the last line ends the run.
    pub(super) ended: bool,
}

#[derive(Deserialize)]
struct Line {
    v: u64,
    seq: u64,
    run: String,
    #[serde(rename = "type")]
    kind: String,
    prev: String,
    #[serde(default)]
    t: String,
    #[serde(default)]
    data: Value,
}

/// Reads a journal to its end.
///
/// # Errors
/// The reader failed. What is wrong with the journal itself is a finding.
pub(super) fn check(mut reader: impl BufRead) -> io::Result<Chain> {
    let mut chain = Chain { head: "0".repeat(64), ..Chain::default() };
    let mut number = 0;
    let mut torn = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        let n = io::Read::take(&mut reader, LONGEST_LINE).read_until(b'\n', &mut line)?;
        if n == 0 {
            break;
        }
        number += 1;
        let whole = line.last() == Some(&b'\n');
        let bytes = line.strip_suffix(b"\n").unwrap_or(&line);
        if !whole {
            let why =
                if n as u64 == LONGEST_LINE { "is longer than 64 MiB" } else { "is torn: no line feed at its end" };
            chain.find(number, why);
        }
        match serde_json::from_slice::<Line>(bytes) {
            Err(_) if torn.is_none() && whole => torn = Some(number),
            Err(_) => chain.find(number, "is no journal line"),
            Ok(parsed) => {
                let recovered = torn.take();
                if let Some(at) = recovered.filter(|_| parsed.kind != "journal.recovered") {
                    chain.find(at, "is no journal line, and no journal.recovered follows it");
                }
                chain.link(number, &parsed);
                chain.collect(number, parsed);
            }
        }
        chain.head = hex::encode(Sha256::digest(bytes));
        if chain.findings.len() >= MOST_FINDINGS || n as u64 == LONGEST_LINE {
            chain.findings.push(Finding::at(FindingKind::Journal, PATH, "the rest of the journal was not looked at"));
            break;
        }
    }
    if let Some(at) = torn {
        chain.find(at, "is no journal line, and no journal.recovered follows it");
    }
    Ok(chain)
}

impl Chain {
    fn find(&mut self, line: u64, what: &str) {
        self.findings.push(Finding::at(FindingKind::Journal, PATH, format!("line {line} {what}")));
    }

    fn link(&mut self, number: u64, line: &Line) {
        if line.prev != self.head {
            let what = if number == 1 {
                "does not start the chain: its `prev` is not 64 zeros".to_owned()
            } else {
                format!(
                    "does not follow line {}: that line was edited, or lines were added, removed or reordered",
                    number - 1
                )
            };
            self.find(number, &what);
        }
        let expected = self.records + 1;
        if line.seq != expected {
            self.find(number, &format!("has number {} where {expected} was expected", line.seq));
        }
        self.records = line.seq;
        if line.v != 1 {
            self.find(number, &format!("has format version {}; this tool knows version 1", line.v));
        }
        match &self.run {
            None => self.run = Some(line.run.clone()),
            Some(run) if *run != line.run => self.find(number, "belongs to another run"),
            Some(_) => {}
        }
        if number == 1 && line.kind != "inputs.sealed" {
            self.find(1, "is not `inputs.sealed`: nothing proves that the plan was fixed before the run");
        }
    }

    fn collect(&mut self, number: u64, line: Line) {
        self.ended = line.kind == "run.end";
        if number == 1 {
            self.started.clone_from(&line.t);
            // Keys stand sorted in the journal, and stay in that order when read: these are the bytes that were digested.
            self.inputs_sha256 = hex::encode(Sha256::digest(line.data.to_string()));
        }
        match line.kind.as_str() {
            "evidence.open" => self.opened.extend(line.data.get("id").and_then(Value::as_str).map(str::to_owned)),
            "run.start" => self.ledger = line.data.get("ledger").cloned().unwrap_or_default(),
            "journal.recovered" | "run.resume" => self.resumed = true,
            _ => {}
        }
        let inputs = line.kind == "inputs.sealed" && number == 1;
        if line.kind != "evidence.close" && !inputs {
            return;
        }
        for file in line.data.get("files").and_then(Value::as_array).into_iter().flatten() {
            let text = |key| file.get(key).and_then(Value::as_str).map(str::to_owned);
            let (Some(path), Some(digest)) = (text("path"), text("sha256")) else {
                self.find(number, "lists a file without path and digest");
                continue;
            };
            if inputs {
                self.inputs.insert(path, digest);
                continue;
            }
            if self.evidence.insert(path.clone(), digest.clone()).is_some_and(|old| old != digest) {
                self.find(number, &format!("closes `{path}` again with another digest"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(kinds: &[&str]) -> Vec<String> {
        let mut prev = "0".repeat(64);
        let make = |(n, kind): (usize, &&str)| {
            let line = json!({"data": {}, "prev": prev, "run": "r", "seq": n + 1, "type": kind, "v": 1}).to_string();
            prev = hex::encode(Sha256::digest(line.as_bytes()));
            line
        };
        kinds.iter().enumerate().map(make).collect()
    }

    fn findings(lines: &[String]) -> Vec<String> {
        let text: String = lines.iter().map(|l| format!("{l}\n")).collect();
        check(text.as_bytes()).expect("reads").findings.into_iter().map(|f| f.text).collect()
    }

    #[test]
    fn a_true_chain_is_quiet_and_every_change_is_not() {
        let good = lines(&["inputs.sealed", "run.start", "observation", "run.end"]);
        assert_eq!(findings(&good), [""; 0]);
        for at in 0..good.len() - 1 {
            let mut edited = good.clone();
            edited[at] = edited[at].replace("\"r\"", "\"q\"");
            assert!(!findings(&edited).is_empty(), "edit of line {}", at + 1);
            let mut removed = good.clone();
            removed.remove(at);
            assert!(!findings(&removed).is_empty(), "removal of line {}", at + 1);
            let mut swapped = good.clone();
            swapped.swap(at, at + 1);
            assert!(!findings(&swapped).is_empty(), "swap at line {}", at + 1);
            let mut doubled = good.clone();
            doubled.insert(at, good[at].clone());
            assert!(!findings(&doubled).is_empty(), "double of line {}", at + 1);
        }
        assert!(findings(&lines(&["run.start"]))[0].contains("inputs.sealed"));
    }

    #[test]
    fn a_torn_line_is_fine_only_when_recovered() {
        let good = lines(&["inputs.sealed", "run.start"]);
        let torn = "{\"data\":{\"ha".to_owned();
        let prev = hex::encode(Sha256::digest(torn.as_bytes()));
        let after = |kind: &str, seq: u64| {
            json!({"data": {}, "prev": prev, "run": "r", "seq": seq, "type": kind, "v": 1}).to_string()
        };
        let with = |last: String| [good.clone(), vec![torn.clone(), last]].concat();
        assert_eq!(findings(&with(after("journal.recovered", 3))), [""; 0]);
        assert!(!findings(&with(after("journal.recovered", 4))).is_empty());
        assert!(!findings(&with(after("observation", 3))).is_empty());
        assert!(!findings(&[good, vec![torn]].concat()).is_empty());
    }

    #[test]
    fn no_line_feed_at_the_end_and_rubbish_are_found() {
        let text = lines(&["inputs.sealed", "run.end"]).join("\n");
        assert!(check(text.as_bytes()).expect("reads").findings[0].text.contains("torn"));
        let noise: Vec<u8> = (0u8..=255).cycle().take(5000).collect();
        assert!(!check(noise.as_slice()).expect("reads").findings.is_empty());
    }
}
