//! Whether a pack is still what was sealed: set of files, digests, signature, chain, and that its files agree.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

use assay_model::results::{Results, Summary};
use time::OffsetDateTime;

use super::chain;
use super::findings::{Finding, FindingKind, State, Trust, VerifyReport};
use super::paths::{self, Found};
use super::signature::{self, Bad};
use super::signers::{self, Signer};
use super::sums::{self, Sums};

/// `SHA256SUMS` and `allowed_signers` larger than this are not read.
const LARGEST_LIST: u64 = 256 * 1024 * 1024;
/// A results.json larger than this is not read.
const LARGEST_RESULTS: u64 = 2 * 1024 * 1024 * 1024;

/// Checks a pack's folder. `allowed_signers` is OpenSSH's file of that name; without it the report says whose key
/// signed and no more. Never fails: whatever stops it is a finding, and a pack with a finding is broken.
#[must_use]
pub fn verify(folder: &Path, allowed_signers: Option<&Path>) -> VerifyReport {
    let mut report = VerifyReport::empty();
    let found = match paths::walk(folder) {
        Ok(found) => found,
        Err((path, e)) => {
            report.findings.push(Finding::at(FindingKind::NotAPack, path, format!("could not be listed: {e}")));
            return report;
        }
    };
    shapes(&found, &mut report);
    if found.keys().all(|p| p != "SHA256SUMS") {
        let partial = folder.extension().is_some_and(|e| e == "partial");
        let text = match (partial, found.contains_key("journal/journal.jsonl")) {
            (true, _) => {
                "the pack was never sealed: the run was interrupted, or sealing failed; `assay resume` completes it"
            }
            (_, true) => "SHA256SUMS is missing: nothing says what this pack held",
            _ => "this is no evidence pack: it has neither SHA256SUMS nor a journal",
        };
        report.findings.push(Finding::new(FindingKind::NotAPack, text));
    } else if let Some(list) = read(folder, "SHA256SUMS", &found, LARGEST_LIST, &mut report) {
        report.sums_sha256 = sums::digest(&list);
        signatures(folder, &found, &list, allowed_signers, &mut report);
        match std::str::from_utf8(&list).map_err(|_| (0, "is no text")).and_then(sums::read) {
            Ok(sums) => files(folder, &found, &sums, &mut report),
            Err((line, what)) => {
                report.findings.push(Finding::at(FindingKind::Sums, "SHA256SUMS", format!("line {line} {what}")));
            }
        }
    }
    record(folder, &found, &mut report);
    if report.state() == State::Broken && report.findings.is_empty() {
        report.findings.push(Finding::new(FindingKind::Unsigned, "nothing vouches for this pack"));
    }
    report
}

/// Paths and kinds of everything that is there, listed or not.
fn shapes(found: &BTreeMap<String, Found>, report: &mut VerifyReport) {
    for (path, what) in found {
        let kind = match what {
            Found::File(_) => None,
            Found::Link => Some("is a symbolic link; it was not followed"),
            Found::Special => Some("is a pipe, socket or device; it was not opened"),
            Found::Unreadable => Some("has a name that is no UTF-8"),
        };
        if let Some(text) = kind {
            report.findings.push(Finding::at(FindingKind::NotAFile, path, text));
        }
        if let Some(problem) = paths::path_problem(path) {
            report.findings.push(Finding::at(FindingKind::Path, path, format!("the path {problem}")));
        }
        if paths::overlooked(path) {
            report.findings.push(Finding::at(
                FindingKind::Added,
                path,
                "is hidden from stock tools behind the name SHA256SUMS",
            ));
        }
    }
    for (a, b) in paths::case_clashes(found.keys()) {
        report.findings.push(Finding::at(FindingKind::CaseClash, b, format!("differs from {a} by case only")));
    }
}

/// The set of files, then their bytes.
fn files(folder: &Path, found: &BTreeMap<String, Found>, sums: &Sums, report: &mut VerifyReport) {
    report.files = sums.len();
    for path in found.keys().filter(|p| !sums.contains_key(*p) && !paths::outside_sums(p) && !paths::overlooked(p)) {
        report.findings.push(Finding::at(FindingKind::Added, path, "was added: SHA256SUMS does not list it"));
    }
    let mut there = Vec::new();
    for path in sums.keys() {
        match found.get(path) {
            None => report.findings.push(Finding::at(FindingKind::Missing, path, "is missing")),
            Some(Found::File(size)) => {
                report.bytes += size;
                there.push((path.clone(), *size));
            }
            Some(_) => {} // a finding already
        }
        if paths::outside_sums(path) {
            report.findings.push(Finding::at(FindingKind::Sums, path, "is listed in SHA256SUMS and cannot be"));
        }
    }
    for (path, digest) in sums::digest_all(folder, &there) {
        match digest {
            Ok(digest) if sums.get(&path) == Some(&digest) => {}
            Ok(_) => report.findings.push(Finding::at(
                FindingKind::Edited,
                path,
                "was changed: its SHA-256 is not the one that was sealed",
            )),
            Err(e) => {
                report.findings.push(Finding::at(FindingKind::Unreadable, path, format!("could not be read: {e}")))
            }
        }
    }
}

fn signatures(
    folder: &Path,
    found: &BTreeMap<String, Found>,
    list: &[u8],
    allowed: Option<&Path>,
    report: &mut VerifyReport,
) {
    let signers = match allowed.map(read_signers).transpose() {
        Ok(signers) => signers,
        Err(text) => {
            report.findings.push(Finding::new(FindingKind::Signer, text));
            return;
        }
    };
    let now = now();
    if !found.contains_key("SHA256SUMS.sshsig") {
        report.findings.push(Finding::new(
            FindingKind::Unsigned,
            "SHA256SUMS.sshsig is missing: the pack is not signed, so anyone may have made it",
        ));
    }
    for path in found.keys().filter(|p| *p == "SHA256SUMS.sshsig" || paths::role(p).is_some()) {
        let Some(armoured) = read(folder, path, found, 64 * 1024, report) else { continue };
        let verdict = signature::check(&armoured, list, signers.as_deref(), &now);
        if let (Some(role), Ok(good)) = (paths::role(path), &verdict) {
            let who = good.principal.as_deref().unwrap_or("a key that was not checked");
            report.notes.push(format!("also signed as {role} by {who} ({})", good.fingerprint));
            continue;
        }
        match verdict {
            Ok(good) => {
                report.trust = match good.principal {
                    Some(principal) => Trust::Known { principal, fingerprint: good.fingerprint },
                    None => Trust::KeyNotChecked { fingerprint: good.fingerprint },
                }
            }
            Err(bad) => report.findings.push(in_words(path, bad)),
        }
    }
}

fn in_words(path: &str, bad: Bad) -> Finding {
    match bad {
        Bad::Unreadable(e) => Finding::at(FindingKind::Signature, path, format!("is no OpenSSH signature: {e}")),
        Bad::Namespace(other) => Finding::at(
            FindingKind::Signature,
            path,
            format!("is a signature for `{other}`, not for evidence packs ({})", super::NAMESPACE),
        ),
        Bad::Wrong(e) => Finding::at(
            FindingKind::Signature,
            path,
            format!("does not fit SHA256SUMS: one of them was changed or swapped ({e})"),
        ),
        Bad::Signer { fingerprint, why } => Finding::at(
            FindingKind::Signer,
            path,
            format!("is a good signature, but the key {fingerprint} may not sign: {why}"),
        ),
    }
}

fn read_signers(path: &Path) -> Result<Vec<Signer>, String> {
    let shown = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|e| format!("the allowed signers {shown} could not be read: {e}"))?;
    signers::read(&text).map_err(|(line, what)| format!("the allowed signers {shown}: line {line} {what}"))
}

/// Journal, results, summary and evidence must tell one story.
fn record(folder: &Path, found: &BTreeMap<String, Found>, report: &mut VerifyReport) {
    let Some(Found::File(_)) = found.get("journal/journal.jsonl") else {
        report.findings.push(Finding::at(
            FindingKind::Journal,
            "journal/journal.jsonl",
            "is missing: there is no record of a run",
        ));
        return;
    };
    let chain = match File::open(folder.join("journal/journal.jsonl"))
        .and_then(|f| chain::check(BufReader::with_capacity(256 * 1024, f)))
    {
        Ok(chain) => chain,
        Err(e) => {
            report.findings.push(Finding::at(
                FindingKind::Unreadable,
                "journal/journal.jsonl",
                format!("could not be read: {e}"),
            ));
            return;
        }
    };
    report.journal_records = chain.records;
    report.journal_head.clone_from(&chain.head);
    if !chain.ended {
        report.notes.push("the journal does not end with `run.end`: the run was cut short".into());
    }
    evidence(folder, found, &chain, report);
    agreement(folder, found, &chain, report);
    report.findings.extend(chain.findings);
}

/// Every payload is one that the journal closed, with the same digest.
fn evidence(folder: &Path, found: &BTreeMap<String, Found>, chain: &chain::Chain, report: &mut VerifyReport) {
    let mut files = Vec::new();
    for path in chain.evidence.keys() {
        match found.get(path) {
            Some(Found::File(size)) => files.push((path.clone(), *size)),
            Some(_) => {}
            None => {
                report.findings.push(Finding::at(FindingKind::Evidence, path, "is missing, and the journal closed it"))
            }
        }
    }
    for (path, digest) in sums::digest_all(folder, &files) {
        if let Ok(digest) = digest
            && chain.evidence.get(&path) != Some(&digest)
        {
            report.findings.push(Finding::at(
                FindingKind::Evidence,
                path,
                "is not the evidence that the journal closed",
            ));
        }
    }
    let mut open = 0;
    for path in found.keys().filter(|p| p.starts_with("evidence/") && !chain.evidence.contains_key(*p)) {
        let id = path.split('/').nth(1).unwrap_or_default();
        if chain.resumed || chain.opened.contains(id) {
            open += 1;
        } else {
            report.findings.push(Finding::at(
                FindingKind::Evidence,
                path,
                "is evidence that the journal does not know",
            ));
        }
    }
    if open > 0 {
        report.notes.push(format!(
            "evidence files that were open when the run was cut short: {open}; no verdict rests on them"
        ));
    }
}

fn agreement(folder: &Path, found: &BTreeMap<String, Found>, chain: &chain::Chain, report: &mut VerifyReport) {
    let (results_path, summary_path) = ("results/results.json", "summary.json");
    if !found.contains_key(results_path) && !found.contains_key("SHA256SUMS") {
        return; // unsealed: they are not written yet
    }
    let mut differ = |path: &str, text: String| report.findings.push(Finding::at(FindingKind::Mismatch, path, text));
    let results: Results = match load(folder, results_path) {
        Ok(results) => results,
        Err(text) => return differ(results_path, text),
    };
    if results.journal_head != chain.head {
        differ(results_path, "names another journal head than the journal has".into());
    }
    if results.journal_records != chain.records {
        differ(
            results_path,
            format!("counts {} journal lines, the journal has {}", results.journal_records, chain.records),
        );
    }
    if chain.run.as_ref().is_some_and(|run| *run != results.run_id) {
        differ(results_path, "belongs to another run than the journal".into());
    }
    for file in results.evidence.iter().flat_map(|e| &e.files) {
        if chain.evidence.get(&file.path) != Some(&file.sha256) {
            differ(results_path, format!("lists {} otherwise than the journal closed it", file.path));
        }
    }
    match load::<Summary>(folder, summary_path) {
        Ok(summary) if summary == results.summary() => {}
        Ok(_) => differ(summary_path, "is not the summary of results/results.json".into()),
        Err(text) => differ(summary_path, text),
    }
    if results.partial {
        report.notes.push("the run was interrupted: not every selected unit has a verdict".into());
    }
}

fn load<T: serde::de::DeserializeOwned>(folder: &Path, path: &str) -> Result<T, String> {
    let open = || -> io::Result<Vec<u8>> {
        let path = folder.join(path);
        if !path.symlink_metadata()?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(LARGEST_RESULTS).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = open().map_err(|e| format!("could not be read: {e}"))?;
    serde_json::from_slice(&bytes).map_err(|e| format!("is not in the format that this tool knows: {e}"))
}

fn read(
    folder: &Path,
    path: &str,
    found: &BTreeMap<String, Found>,
    limit: u64,
    report: &mut VerifyReport,
) -> Option<Vec<u8>> {
    let bytes = match found.get(path) {
        Some(Found::File(size)) if *size <= limit => std::fs::read(folder.join(path)),
        Some(Found::File(_)) => Err(io::Error::other("it is far too large")),
        _ => return None, // a finding already
    };
    bytes
        .map_err(|e| {
            report.findings.push(Finding::at(FindingKind::Unreadable, path, format!("could not be read: {e}")))
        })
        .ok()
}

/// `YYYYMMDDHHMMSS` in UTC, as allowed signers count.
fn now() -> String {
    let t = OffsetDateTime::now_utc();
    format!("{:04}{:02}{:02}{:02}{:02}{:02}", t.year(), u8::from(t.month()), t.day(), t.hour(), t.minute(), t.second())
}
