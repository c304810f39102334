//! The ledger of a bench: every run it begins and every pack it seals, one line each, chained by hashes.
//!
//! A pack alone cannot show that its run was not repeated until it passed. The ledger stays with the bench; each pack says
//! which attempt it was, with the lines that show it, and the laboratory can be asked for the rest.

mod file;
mod line;
mod proof;

use std::path::{Path, PathBuf};

use assay_model::results::{LedgerAttempt, LedgerPosition, Results};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use file::Locked;
pub use line::{Entry, LedgerError};
pub use proof::{proof_problem, within};

/// A file of lines, in a folder of the bench's state.
#[derive(Debug, Clone)]
pub struct Ledger {
    path: PathBuf,
}

/// What is about to be run.
#[derive(Debug, Clone)]
pub struct Attempt<'a> {
    /// The bench's name.
    pub bench: &'a str,
    /// Id and, where the dossier has it, serial number of each sample. The serial tells samples apart between dossiers.
    pub samples: Vec<(String, Option<String>)>,
    /// Name and SHA-256 of each plan.
    pub plans: Vec<(String, String)>,
}

impl Ledger {
    /// The ledger of `bench` in `folder`. Nothing is opened.
    #[must_use]
    pub fn of(folder: &Path, bench: &str) -> Self {
        let safe = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
        let name: String = bench.chars().map(safe).take(100).collect();
        let name = if name.trim_matches('.').is_empty() { "no-bench" } else { name.trim_matches('.') };
        Self { path: folder.join(format!("{name}.jsonl")) }
    }

    /// The file, wherever it is.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All lines, with the chain verified.
    ///
    /// # Errors
    /// Not readable, or the chain is broken: where, and how.
    pub fn read(&self) -> Result<Vec<Entry>, LedgerError> {
        let read = |source| LedgerError::Io { path: self.path.clone(), source };
        line::parse(&self.path, &std::fs::read(&self.path).map_err(read)?)
    }

    /// Enters the beginning of a run, before anything is touched. Never keeps a run from beginning: what is wrong with the
    /// ledger is said in the position, and from there in the pack.
    #[must_use]
    pub fn begin(&self, attempt: &Attempt<'_>) -> LedgerPosition {
        self.try_begin(attempt).unwrap_or_else(|e| LedgerPosition {
            problem: Some(format!("no entry was made: {e}")),
            ..LedgerPosition::default()
        })
    }

    fn try_begin(&self, attempt: &Attempt<'_>) -> Result<LedgerPosition, LedgerError> {
        let mut ledger = Locked::open(&self.path)?;
        let mut problem = ledger.problem.take();
        let keys: Vec<String> =
            attempt.samples.iter().map(|(id, serial)| serial.as_ref().unwrap_or(id).clone()).collect();
        if ledger.entries.is_empty() {
            let id = hex::encode(random());
            let data = json!({"after": ledger.damaged, "bench": attempt.bench});
            ledger.append(&id, "ledger.start", &data)?;
            problem.get_or_insert_with(|| {
                format!(
                    "a new ledger begins with this run ({}): if the bench had one before, it was lost",
                    self.path.display()
                )
            });
        }
        let attempts = count(&ledger.entries, attempt, &keys);
        let plans: Vec<Value> = attempt.plans.iter().map(|(name, sha)| json!({"plan": name, "sha256": sha})).collect();
        let first = ledger.entries.first().map(|e| (e.ledger.clone(), e.t.clone()));
        let (id, since) = first.unwrap_or_default();
        let head = ledger.append(&id, "run.begin", &json!({"plans": plans, "samples": keys}))?;
        let seq = ledger.entries.len() as u64;
        Ok(LedgerPosition { ledger: id, since, seq, head, attempts, problem })
    }

    /// Enters that the run of `position` is being sealed, and gives journal/ledger-proof.json for its pack.
    ///
    /// # Errors
    /// The ledger cannot be written, or is not the one of `position` any more.
    pub fn seal(&self, position: &LedgerPosition, results: &Results) -> Result<Value, LedgerError> {
        let mut ledger = Locked::open(&self.path)?;
        let own = usize::try_from(position.seq).ok().and_then(|n| ledger.entries.get(n.checked_sub(1)?));
        if own.is_none_or(|e| e.digest != position.head) {
            return Err(LedgerError::Replaced { path: self.path.clone(), seq: position.seq });
        }
        let data = json!({"begin": position.seq, "exit_code": results.exit_code, "journal_head": results.journal_head,
            "run": results.run_id});
        let id = position.ledger.clone();
        ledger.append(&id, "run.seal", &data)?;
        Ok(proof::make(&ledger.entries, position))
    }
}

/// For each sample and plan: which attempt this one is, and how many of those before were sealed.
fn count(entries: &[Entry], attempt: &Attempt<'_>, keys: &[String]) -> Vec<LedgerAttempt> {
    let sealed: Vec<u64> =
        entries.iter().filter(|e| e.kind == "run.seal").filter_map(|e| e.data["begin"].as_u64()).collect();
    let mut attempts = Vec::new();
    for ((sample, _), key) in attempt.samples.iter().zip(keys) {
        for (plan, sha256) in &attempt.plans {
            let before: Vec<&Entry> = entries.iter().filter(|e| e.tried(key, sha256)).collect();
            attempts.push(LedgerAttempt {
                sample: sample.clone(),
                plan: plan.clone(),
                plan_sha256: sha256.clone(),
                attempt: before.len() as u64 + 1,
                sealed_before: before.iter().filter(|e| sealed.contains(&e.seq)).count() as u64,
            });
        }
    }
    attempts
}

fn random() -> [u8; 8] {
    use rand_core::RngCore as _;
    rand_core::OsRng.next_u64().to_be_bytes()
}

fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}
