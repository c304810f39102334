//! `assay ledger`, and the entries that `run` makes.

use std::path::{Path, PathBuf};

use assay_engine::plan::ResolvedRun;
use assay_model::results::{LedgerPosition, Results};
use assay_reports::ledger::{Attempt, Entry, Ledger as Book, LedgerError, within};
use assay_reports::visible;
use serde_json::Value;

use super::pack::ledgers;
use crate::args::Ledger;
use crate::{exit, say};

/// Enters a run before it begins, and says what is wrong with the ledger. Never keeps it from beginning.
pub(super) fn begin(resolved: &ResolvedRun) -> Option<LedgerPosition> {
    let request = resolved.bench.as_ref().map(|b| &b.request);
    let bench = request.map_or("", |r| r.bench.as_str());
    let attempt = Attempt {
        bench,
        samples: samples(resolved),
        plans: resolved.plans.iter().map(|p| (p.name.clone(), p.sha256.clone())).collect(),
    };
    let Some(folder) = ledgers() else {
        say::note("no ledger is kept: neither HOME nor XDG_CONFIG_HOME is set");
        return None;
    };
    let position = Book::of(&folder, bench).begin(&attempt);
    if let Some(problem) = &position.problem {
        say::note(format!("ledger of the bench: {}", visible(problem)));
    }
    Some(position)
}

/// Id and serial of each sample that the run will bind, as far as dossier and bench say.
fn samples(resolved: &ResolvedRun) -> Vec<(String, Option<String>)> {
    let request = resolved.bench.as_ref().map(|b| &b.request);
    let text = |v: &Value, key: &str| v[key].as_str().map(str::to_owned);
    let listed = |all: &[Value]| -> Vec<(String, Option<String>)> {
        let one = |v: &Value| Some((text(v, "id")?, text(v, "serial").or_else(|| text(&v["label"], "serial"))));
        all.iter().filter_map(one).collect()
    };
    let dossier = resolved.product.as_ref().map(|p| listed(&p.samples)).unwrap_or_default();
    let bound = request.map(|r| listed(&r.duts)).unwrap_or_default();
    let mut samples = if bound.is_empty() { dossier.clone() } else { bound };
    for (id, serial) in &mut samples {
        if serial.is_none() {
            *serial = dossier.iter().find(|d| d.0 == *id).and_then(|d| d.1.clone());
        }
    }
    let settled = request.and_then(|r| r.settings["samples"].as_u64()).filter(|_| samples.is_empty());
    let asked = request.and_then(|r| r.sample_count.map(u64::from)).or(settled);
    if let Some(count) = asked.and_then(|n| usize::try_from(n).ok()) {
        samples.truncate(count);
        samples.extend((samples.len()..count).map(|n| (format!("s{}", n + 1), None)));
    }
    if samples.is_empty() {
        samples.push(("s1".into(), None)); // no bench, or one that counts its samples itself
    }
    samples
}

/// Enters that a pack is being sealed; its proof for the pack. What goes wrong is said and keeps no pack from being sealed.
pub(super) fn seal(results: &Results) -> Option<Value> {
    let position = results.ledger.as_ref().filter(|p| !p.ledger.is_empty())?;
    let made = Book::of(&ledgers()?, &results.bench).seal(position, results);
    if let Err(error) = &made {
        say::note(format!("the pack is sealed without proof from the ledger: {error}"));
    }
    made.ok()
}

/// Exit 0 where all is well, 5 where a chain is broken or a pack is not in it.
pub(super) fn run(args: &Ledger) -> u8 {
    let books = match args {
        Ledger::Verify { file: Some(file), .. } => Ok(vec![Book::at(file)]),
        Ledger::List { bench: Some(bench), .. } => Ok(ledgers().map(|f| Book::of(&f, bench)).into_iter().collect()),
        _ => books(),
    };
    let books = match books {
        Ok(books) => books,
        Err(text) => {
            say::error("ledger", text, None);
            return exit::INVALID;
        }
    };
    match args {
        Ledger::List { json, .. } => list(&books, *json),
        Ledger::Verify { packs, .. } => verify(&books, packs),
    }
}

fn books() -> Result<Vec<Book>, String> {
    let Some(folder) = ledgers() else { return Ok(Vec::new()) };
    let unreadable = |e: std::io::Error| format!("{} could not be listed: {e}", folder.display());
    let mut paths: Vec<PathBuf> = match std::fs::read_dir(&folder) {
        Ok(entries) => entries.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>().map_err(unreadable)?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(unreadable(e)),
    };
    paths.retain(|p| p.extension().is_some_and(|e| e == "jsonl"));
    paths.sort();
    Ok(paths.iter().map(|p| Book::at(p)).collect())
}

fn list(books: &[Book], json: bool) -> u8 {
    let mut code = exit::OK;
    for book in books {
        match book.read() {
            Ok(entries) if json => entries.iter().for_each(|e| say::result(&e.text)),
            Ok(entries) => {
                say::note(book.path().display().to_string());
                entries.iter().for_each(|e| say::result(visible(&shown(e))));
            }
            Err(error) => code = broken(&error),
        }
    }
    code
}

fn shown(entry: &Entry) -> String {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let list = |v: &Value, of: &dyn Fn(&Value) -> String| {
        v.as_array().into_iter().flatten().map(of).collect::<Vec<_>>().join(", ")
    };
    let data = &entry.data;
    let about = match entry.kind.as_str() {
        "run.begin" => {
            format!("{} with {}", list(&data["samples"], &text), list(&data["plans"], &|p| text(&p["plan"])))
        }
        "run.seal" => format!("{} (begun as {}), exit code {}", text(&data["run"]), data["begin"], data["exit_code"]),
        _ => data.to_string(),
    };
    format!("{:>6}  {}  {:<12}  {about}", entry.seq, entry.t, entry.kind)
}

fn broken(error: &LedgerError) -> u8 {
    say::error("ledger", error.to_string(), None);
    exit::INTEGRITY
}

fn verify(books: &[Book], packs: &[PathBuf]) -> u8 {
    let mut code = exit::OK;
    let mut lines = Vec::new();
    for book in books {
        match book.read() {
            Ok(entries) => {
                let sealed = entries.iter().filter(|e| e.kind == "run.seal").count();
                let begun = entries.iter().filter(|e| e.kind == "run.begin").count();
                say::result(format!("ok  {}: {begun} runs begun, {sealed} packs sealed", book.path().display()));
                lines.extend(entries);
            }
            Err(error) => code = broken(&error),
        }
    }
    for pack in packs {
        match stands_in(pack, &lines) {
            None => say::result(format!("ok  {} stands in the ledger", pack.display())),
            Some(problem) => {
                say::error("ledger", format!("{}: {problem}", pack.display()), None);
                code = exit::INTEGRITY;
            }
        }
    }
    code
}

fn stands_in(pack: &Path, lines: &[Entry]) -> Option<String> {
    let path = pack.join("journal/ledger-proof.json");
    let proof = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) => return Some(format!("{} could not be read: {e}", path.display())),
    };
    match serde_json::from_slice(&proof) {
        Ok(proof) => within(&proof, lines).map(|what| format!("{what} is in no ledger here")),
        Err(e) => Some(format!("{} is no JSON: {e}", path.display())),
    }
}
