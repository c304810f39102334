//! journal/ledger-proof.json: the ledger's lines that are about this run, as they stand there.

use std::collections::BTreeSet;

use assay_model::results::{LedgerPosition, Results};
use serde_json::{Value, json};

use super::line::Entry;

const SCHEMA: &str = "assay-ledger-proof/1";

/// The beginning and sealing of this run, and of every earlier run of one of its samples with one of its plans. Other
/// lines are other customers' business; their number shows in `seq`.
pub(super) fn make(entries: &[Entry], position: &LedgerPosition) -> Value {
    let own = entries.iter().find(|e| e.seq == position.seq);
    let list = |key: &str| own.and_then(|e| e.data[key].as_array()).cloned().unwrap_or_default();
    let (samples, plans) = (list("samples"), list("plans"));
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let same = |e: &&Entry| {
        let tried = |s: &Value| plans.iter().any(|p| e.tried(&text(s), &text(&p["sha256"])));
        e.seq == position.seq || e.seq < position.seq && samples.iter().any(tried)
    };
    let begun: BTreeSet<u64> = entries.iter().filter(same).map(|e| e.seq).collect();
    let about = |e: &&Entry| {
        e.seq == 1
            || begun.contains(&e.seq)
            || e.kind == "run.seal" && e.data["begin"].as_u64().is_some_and(|b| begun.contains(&b))
    };
    let lines: Vec<&str> = entries.iter().filter(about).map(|e| e.text.as_str()).collect();
    let last = entries.last().map(|e| (e.seq, e.digest.as_str()));
    let (entries, head) = last.unwrap_or_default();
    json!({"schema": SCHEMA, "ledger": position.ledger, "entries": entries, "head": head, "lines": lines})
}

/// What is wrong with a proof of these results; `None` where it holds.
#[must_use]
pub fn proof_problem(proof: &Value, position: &LedgerPosition, results: &Results) -> Option<String> {
    if proof["schema"] != SCHEMA {
        return Some(format!("is in the format {}, and this tool knows {SCHEMA} only", proof["schema"]));
    }
    let lines: Option<Vec<Entry>> = lines(proof);
    let Some(lines) = lines else { return Some("has a line that is none of a ledger".into()) };
    if lines.iter().any(|e| e.ledger != position.ledger) || proof["ledger"] != position.ledger.as_str() {
        return Some("is of another ledger than the run was entered in".into());
    }
    if !lines.iter().any(|e| e.seq == position.seq && e.digest == position.head && e.kind == "run.begin") {
        return Some("lacks the entry that the run began with".into());
    }
    let seals = |e: &&Entry| {
        e.kind == "run.seal"
            && e.data["begin"] == position.seq
            && e.data["run"] == results.run_id.as_str()
            && e.data["journal_head"] == results.journal_head.as_str()
    };
    let last = lines.last();
    if last.is_none_or(|e| !seals(&e) || proof["head"] != e.digest.as_str() || proof["entries"] != e.seq) {
        return Some("does not end with the entry that this run was sealed with".into());
    }
    for attempt in &position.attempts {
        let before = |e: &&Entry| {
            let plans = e.data["plans"].as_array();
            e.kind == "run.begin"
                && e.seq < position.seq
                && plans.is_some_and(|p| p.iter().any(|p| p["sha256"] == attempt.plan_sha256.as_str()))
        };
        // The ledger names a sample by its serial, the results by its id: at least so many lines must be there.
        let found = lines.iter().filter(before).count() as u64;
        if found + 1 < attempt.attempt {
            return Some(format!(
                "shows {} attempts with plan {}, and the results count {}",
                found + 1,
                attempt.plan,
                attempt.attempt
            ));
        }
    }
    None
}

/// The first line of a proof that a ledger does not have; `None` where it has all.
#[must_use]
pub fn within(proof: &Value, ledger: &[Entry]) -> Option<String> {
    let Some(lines) = lines(proof) else { return Some("a line that is none of a ledger".into()) };
    let has = |line: &Entry| ledger.iter().any(|e| e.digest == line.digest);
    lines.iter().find(|line| !has(line)).map(|line| format!("entry {} of ledger {}", line.seq, line.ledger))
}

fn lines(proof: &Value) -> Option<Vec<Entry>> {
    proof["lines"].as_array()?.iter().map(|l| Entry::read(l.as_str()?)).collect()
}
