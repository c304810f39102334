//! Journal, inputs, evidence, results and summary must tell one story.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

use assay_model::results::{Results, Summary};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::chain::{self, Chain};
use super::findings::{Finding, FindingKind, VerifyReport};
use super::paths::Found;
use super::verify::Seen;

const JOURNAL: &str = "journal/journal.jsonl";
/// A results.json larger than this is not read.
const LARGEST_RESULTS: u64 = 2 * 1024 * 1024 * 1024;

/// The journal, read to its end; a finding where there is none.
pub(super) fn chain(seen: &Seen<'_>, report: &mut VerifyReport) -> Option<Chain> {
    let Some(Found::File(_)) = seen.found.get(JOURNAL) else {
        report.findings.push(Finding::at(FindingKind::Journal, JOURNAL, "is missing: there is no record of a run"));
        return None;
    };
    let read = File::open(seen.folder.join(JOURNAL));
    match read.and_then(|f| chain::check(BufReader::with_capacity(256 * 1024, f))) {
        Ok(chain) => {
            report.journal_records = chain.records;
            report.journal_head.clone_from(&chain.head);
            Some(chain)
        }
        Err(e) => {
            report.findings.push(Finding::at(FindingKind::Unreadable, JOURNAL, format!("could not be read: {e}")));
            None
        }
    }
}

/// What the journal says, against what is there.
pub(super) fn look(seen: &Seen<'_>, chain: Chain, report: &mut VerifyReport) {
    if !chain.ended {
        report.notes.push("the journal does not end with `run.end`: the run was cut short".into());
    }
    if chain.started.get(..4).is_some_and(|year| year < "2020") {
        report.notes.push(format!(
            "the run's clock said {}: it was wrong, so no time in this pack can be relied on",
            chain.started
        ));
    }
    inputs(seen, &chain, report);
    evidence(seen, &chain, report);
    agreement(seen, &chain, report);
    report.findings.extend(chain.findings);
}

/// Every input is one that the journal sealed before the run, with the same digest.
fn inputs(seen: &Seen<'_>, chain: &Chain, report: &mut VerifyReport) {
    let mut find = |path: &str, text| report.findings.push(Finding::at(FindingKind::Inputs, path, text));
    for (path, sealed) in &chain.inputs {
        match seen.found.get(path) {
            None => find(path, "is missing, and the run was decided on it"),
            Some(_) if seen.digest(path).is_some_and(|d| d != sealed) => {
                find(path, "is not the input that was sealed before the run: it was changed afterwards");
            }
            Some(_) => {}
        }
    }
    for path in seen.found.keys().filter(|p| p.starts_with("inputs/") && !chain.inputs.contains_key(*p)) {
        find(path, "is an input that the journal did not seal before the run");
    }
}

/// Every payload is one that the journal closed, with the same digest.
fn evidence(seen: &Seen<'_>, chain: &Chain, report: &mut VerifyReport) {
    let mut find = |path: &str, text| report.findings.push(Finding::at(FindingKind::Evidence, path, text));
    let withheld = withheld(seen);
    for (path, closed) in &chain.evidence {
        if !seen.found.contains_key(path) {
            if withheld.contains(path) {
                continue;
            }
            find(path, "is missing, and the journal closed it");
        } else if seen.digest(path).is_some_and(|d| d != closed) {
            find(path, "is not the evidence that the journal closed");
        }
    }
    if !withheld.is_empty() {
        report.notes.push(format!(
            "this is a disclosure edition: {} evidence files are left out, and the journal has their digests",
            withheld.len()
        ));
    }
    let mut open = 0;
    for path in seen.found.keys().filter(|p| p.starts_with("evidence/") && !chain.evidence.contains_key(*p)) {
        let id = path.split('/').nth(1).unwrap_or_default();
        if chain.resumed || chain.opened.contains(id) {
            open += 1;
        } else {
            find(path, "is evidence that the journal does not know");
        }
    }
    if open > 0 {
        report.notes.push(format!(
            "evidence files that were open when the run was cut short: {open}; no verdict rests on them"
        ));
    }
}

/// Evidence that a disclosure edition leaves out, by its signed manifest. Nothing else may be left out.
fn withheld(seen: &Seen<'_>) -> Vec<String> {
    let listed = load::<serde_json::Value>(seen.folder, "pack.json", "assay-pack/1").ok();
    let redaction = listed.as_ref().and_then(|manifest| manifest.get("redaction"));
    let paths = redaction.filter(|r| r["edition"] == "disclosure").and_then(|r| r["withheld"].as_array());
    let paths = paths.into_iter().flatten().filter_map(|path| path.as_str());
    paths.filter(|path| path.starts_with("evidence/")).map(str::to_owned).collect()
}

fn agreement(seen: &Seen<'_>, chain: &Chain, report: &mut VerifyReport) {
    const RESULTS: &str = "results/results.json";
    const SUMMARY: &str = "summary.json";
    if !seen.found.contains_key(RESULTS) && !seen.found.contains_key("SHA256SUMS") {
        return; // unsealed: they are not written yet
    }
    let mut find = |kind, path: &str, text: String| report.findings.push(Finding::at(kind, path, text));
    let results: Results = match load(seen.folder, RESULTS, "assay-results/1") {
        Ok(results) => results,
        Err((kind, text)) => return find(kind, RESULTS, text),
    };
    let mut differ = |text: String| find(FindingKind::Mismatch, RESULTS, text);
    if results.journal_head != chain.head {
        differ("names another journal head than the journal has".into());
    }
    if results.journal_records != chain.records {
        differ(format!("counts {} journal lines, the journal has {}", results.journal_records, chain.records));
    }
    if results.inputs_sha256 != chain.inputs_sha256 {
        differ("names other sealed inputs than the journal's first line has".into());
    }
    if chain.run.as_ref().is_some_and(|run| *run != results.run_id) {
        differ("belongs to another run than the journal".into());
    }
    if serde_json::to_value(&results.ledger).unwrap_or_default() != chain.ledger {
        differ("states another place in the bench's ledger than the journal does".into());
    }
    for file in results.evidence.iter().flat_map(|e| &e.files) {
        if chain.evidence.get(&file.path) != Some(&file.sha256) {
            differ(format!("lists {} otherwise than the journal closed it", file.path));
        }
    }
    match load::<Summary>(seen.folder, SUMMARY, "assay-summary/1") {
        Ok(summary) if summary == results.summary() => {}
        Ok(_) => find(FindingKind::Mismatch, SUMMARY, "is not the summary of results/results.json".into()),
        Err((kind, text)) => find(kind, SUMMARY, text),
    }
    ledger(seen, &results, report);
    if results.partial {
        report.notes.push("the run was interrupted: not every selected unit has a verdict".into());
    }
}

/// The ledger's lines that the pack carries, against what the results state.
fn ledger(seen: &Seen<'_>, results: &Results, report: &mut VerifyReport) {
    const PROOF: &str = "journal/ledger-proof.json";
    const LARGEST: u64 = 64 * 1024 * 1024;
    let Some(position) = &results.ledger else { return };
    report.notes.extend(position.sentences());
    if !seen.found.contains_key(PROOF) {
        report.notes.push(format!("{PROOF} is not there: the ledger could not be written when the pack was sealed"));
        return;
    }
    let Some(bytes) = seen.read(PROOF, LARGEST, report) else { return };
    let problem = match serde_json::from_slice(&bytes) {
        Ok(proof) => crate::ledger::proof_problem(&proof, position, results),
        Err(e) => Some(format!("is no JSON: {e}")),
    };
    report.findings.extend(problem.map(|text| Finding::at(FindingKind::Mismatch, PROOF, text)));
}

/// A file of JSON whose `schema` is the one that this tool knows.
pub(super) fn load<T: DeserializeOwned>(folder: &Path, path: &str, schema: &str) -> Result<T, (FindingKind, String)> {
    #[derive(Deserialize)]
    struct Versioned {
        schema: String,
    }
    let open = || -> io::Result<Vec<u8>> {
        let path = folder.join(path);
        if !path.symlink_metadata()?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(LARGEST_RESULTS).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = open().map_err(|e| (FindingKind::Mismatch, format!("could not be read: {e}")))?;
    let not_json = |e| (FindingKind::Mismatch, format!("is not in the format {schema}: {e}"));
    let version: Versioned = serde_json::from_slice(&bytes).map_err(not_json)?;
    if version.schema != schema {
        let text = format!(
            "is in the format `{}`, and this tool knows `{schema}` only: what it says was not looked at; verify it with the version of Assay that made it",
            version.schema
        );
        return Err((FindingKind::Version, text));
    }
    serde_json::from_slice(&bytes).map_err(not_json)
}
