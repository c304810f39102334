//! The run's folder: made, sealed inputs copied into it, written up at the end.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use assay_model::results::SampleResult;
use assay_model::{visible, visible_line};
use serde_json::{Value, json};

use super::options::RunError;
use crate::fold::Folded;
use crate::journal::{digest, utc_now};
use crate::plan::ResolvedRun;
use crate::redact::{RegisterEntry, Vault};

/// Makes `<out>/<time>-<name>-<short id>.partial/` with its folders.
pub(super) fn make(out: &Path, name: &str, run: &str) -> Result<PathBuf, RunError> {
    let time: String = utc_now().chars().take(19).filter(|c| *c != '-' && *c != ':').collect();
    let short = run.rsplit('-').next().map_or(run, |tail| &tail[..tail.len().min(8)]);
    let folder = out.join(format!("{time}Z-{}-{short}.partial", safe(name)));
    for sub in ["journal", "evidence", "inputs", "cases", "redaction", "results"] {
        let path = folder.join(sub);
        fs::create_dir_all(&path).map_err(|source| RunError::Folder { path, source })?;
    }
    Ok(folder)
}

/// Copies the inputs, without secrets, and gives the list that `inputs.sealed` carries.
///
/// Where a copy differs from its original for a secret's sake, the original is told by a keyed commitment: a plain
/// digest would let a short secret be guessed.
pub(super) fn seal_inputs(folder: &Path, resolved: &ResolvedRun, vault: &Vault) -> Result<Vec<Value>, RunError> {
    let mut names = BTreeSet::new();
    let mut files = Vec::new();
    for input in &resolved.inputs {
        let file_name = input.file.path.file_name().map_or_else(|| input.role.into(), |n| n.to_string_lossy());
        let name = unique(&mut names, &safe(&file_name));
        let path = folder.join("inputs").join(&name);
        let clean = vault.redact_str(&input.file.text);
        write(&path, clean.as_bytes()).map_err(|source| RunError::Folder { path, source })?;
        let redacted = clean != input.file.text;
        let mut entry = json!({
            "role": input.role,
            "named": vault.redact_str(&input.file.path.display().to_string()),
            "path": format!("inputs/{name}"),
            "size": clean.len(),
            "sha256": digest(clean.as_bytes()),
            "redacted": redacted,
        });
        if redacted {
            entry["commitment"] = json!(commitment(vault, &input.file.text));
        }
        files.push(entry);
    }
    Ok(files)
}

/// SHA-256 over a salt that stays with the lab and the text.
pub(super) fn commitment(vault: &Vault, text: &str) -> String {
    let mut salted = vault.mac(b"salt of sealed inputs").to_vec();
    salted.extend_from_slice(text.as_bytes());
    digest(&salted)
}

/// Writes what is derived from the journal: results, one log a unit, the redaction register.
pub(super) fn write_up(folder: &Path, folded: &Folded, vault: &Vault) -> io::Result<()> {
    let results = &folded.results;
    streamed(&folder.join("results").join("results.json"), |out| {
        serde_json::to_writer_pretty(&mut *out, results)?;
        out.write_all(b"\n")
    })?;
    let head = format!("{} {}\n", results.journal_records, results.journal_head);
    write(&folder.join("journal").join("head.txt"), head.as_bytes())?;
    let counted = vault.register_entries();
    let entries = folded.register.iter().filter_map(|e| serde_json::from_value::<RegisterEntry>(e.clone()).ok());
    // From the journal, so that a resumed run lists the secrets of its first part too.
    let entries = entries.map(|e| counted.iter().find(|c| c.id == e.id).cloned().unwrap_or(e));
    let register = json!({"schema": "assay-redaction/1", "entries": entries.collect::<Vec<_>>()});
    let mut text = serde_json::to_vec_pretty(&register)?;
    text.push(b'\n');
    write(&folder.join("redaction").join("register.json"), &text)?;
    let mut names = BTreeSet::new();
    for (id, unit) in results.units.iter() {
        let [id, title, question] = [id, &unit.title, &unit.question].map(|text| visible_line(text));
        let mut log = format!("{id}  {}\n{title}\n{question}\n", unit.verdict);
        for (sample, result) in &unit.samples {
            case_log(&mut log, &format!("sample {sample}"), result);
        }
        if let Some(result) = &unit.cross_sample {
            case_log(&mut log, "over all samples", result);
        }
        let name = unique(&mut names, &format!("{}.log", safe(&id)));
        // Not synced one by one: they are derived from the journal, and sealing takes their digests.
        fs::write(folder.join("cases").join(name), visible(&log).as_bytes())?;
    }
    Ok(())
}

fn case_log(log: &mut String, what: &str, result: &SampleResult) {
    // Whatever a DUT said stays on its line: it cannot write a line of its own.
    let mut line = |text: String| {
        log.push_str(&visible_line(&text));
        log.push('\n');
    };
    line(String::new());
    line(format!(
        "== {what}: {} (attempts: {}, {} to {})",
        result.verdict, result.attempts, result.started, result.ended
    ));
    for reason in &result.reasons {
        line(format!("   because: {} [{}] {}", reason.text, reason.code, reason.refs.join(" ")));
    }
    for control in &result.controls {
        let held = control.held.map_or("could not be asked", |held| if held { "held" } else { "did not hold" });
        line(format!("   control {} {}: {held} ({})", control.name, control.when, control.expect));
    }
    for step in &result.steps {
        let on = step.sample.as_ref().map_or_else(String::new, |s| format!(" on {s}"));
        line(format!(
            "   step {} ({}){on}, {} ms {}",
            step.name,
            step.check,
            step.duration_ms,
            step.evidence.join(" ")
        ));
        line(format!("     parameters:  {}", step.params));
        if let Some(observation) = &step.observation {
            line(format!("     observation: {observation}"));
        }
        if let Some(fault) = &step.fault {
            line(format!("     fault:       {fault}"));
        }
    }
    for expectation in &result.expectations {
        let result = expectation.result.map_or("could not be evaluated", |r| if r { "held" } else { "refuted" });
        line(format!("   expectation ({}) {result}: {}", expectation.level, expectation.that));
        if let Some(show) = &expectation.show {
            line(format!("     shows: {show}"));
        }
        if let Some(error) = &expectation.error {
            line(format!("     error: {error}"));
        }
    }
    for remark in &result.remarks {
        line(format!("   remark: {remark}"));
    }
}

/// Writes beside, then renames: a file of a pack is whole or absent.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    streamed(path, |out| out.write_all(bytes))
}

/// The same with what `content` writes.
fn streamed(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let beside = path.with_added_extension("tmp");
    let mut out = BufWriter::with_capacity(1 << 16, fs::File::create(&beside)?);
    content(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(beside, path)
}

/// A name that any file system takes.
fn safe(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).take(100).collect();
    let plain = plain.trim_matches('.');
    if plain.is_empty() { "_".into() } else { plain.to_owned() }
}

/// The name, or one with a number where it is taken, upper and lower case being the same.
fn unique(taken: &mut BTreeSet<String>, name: &str) -> String {
    let mut candidate = name.to_owned();
    for n in 2.. {
        if taken.insert(candidate.to_lowercase()) {
            break;
        }
        candidate = format!("{n}-{name}");
    }
    candidate
}
