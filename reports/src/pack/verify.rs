//! Whether a pack is still what was sealed: set of files, digests, signatures, time stamps, chain, and that its files agree.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::attested;
use super::chain::Chain;
use super::findings::{Finding, FindingKind, State, VerifyReport};
use super::paths::{self, Found};
use super::record;
use super::sums::{self, Sums};
use super::zip::read_zip;

/// `SHA256SUMS` larger than this is not read.
const LARGEST_LIST: u64 = 256 * 1024 * 1024;

/// What to hold a pack against. Without anything the report says whose key signed and no more.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// OpenSSH's `allowed_signers`: whose signatures count.
    pub allowed_signers: Option<PathBuf>,
    /// Keys that no longer count: OpenSSH's KRL, or a list of public keys and fingerprints.
    pub revoked: Option<PathBuf>,
    /// Root certificates (PEM) of time stamp authorities that count.
    pub tsa_ca: Option<PathBuf>,
    /// Judge keys' validity at this moment; the moment of a trusted time stamp, or else now, where absent.
    pub at: Option<OffsetDateTime>,
}

/// Everything that was read of a pack once, for all that is asked of it.
pub(super) struct Seen<'a> {
    pub(super) folder: &'a Path,
    pub(super) found: BTreeMap<String, Found>,
    /// SHA-256 of each file that `SHA256SUMS` or the journal lists and that is there, read once.
    pub(super) digests: BTreeMap<String, io::Result<String>>,
}

/// [`verify_with`] the allowed signers alone.
#[must_use]
pub fn verify(folder: &Path, allowed_signers: Option<&Path>) -> VerifyReport {
    let allowed_signers = allowed_signers.map(Path::to_owned);
    verify_with(folder, &VerifyOptions { allowed_signers, ..VerifyOptions::default() })
}

/// Checks a pack: a folder, or the same as a zip file. Never fails: whatever stops it is a finding, and a pack with a
/// finding is broken.
#[must_use]
pub fn verify_with(pack: &Path, options: &VerifyOptions) -> VerifyReport {
    if pack.is_file() { zipped(pack, options) } else { unzipped(pack, options) }
}

/// A zip is unpacked beside nothing else, and its content verified.
fn zipped(pack: &Path, options: &VerifyOptions) -> VerifyReport {
    let mut report = VerifyReport::empty();
    match tempfile::tempdir() {
        Ok(folder) => match read_zip(pack, folder.path()) {
            Ok(()) => return unzipped(folder.path(), options),
            Err(e) => report.findings.push(Finding::new(FindingKind::NotAPack, e.to_string())),
        },
        Err(e) => {
            let text = format!("there is no room to unpack it: {e}; point TMPDIR at a folder with more");
            report.findings.push(Finding::new(FindingKind::Unreadable, text));
        }
    }
    report
}

fn unzipped(folder: &Path, options: &VerifyOptions) -> VerifyReport {
    let mut report = look(folder, options);
    if report.state() == State::Broken && report.findings.is_empty() {
        report.findings.push(Finding::new(FindingKind::Unsigned, "nothing vouches for this pack"));
    }
    // A drive that went away makes a finding of every file; the one that matters is this.
    if !report.findings.is_empty() && report.files > 0 && !folder.is_dir() {
        report.findings = vec![Finding::new(
            FindingKind::Unreadable,
            "the pack's folder went away while it was read: nothing was decided; make it reachable and verify again",
        )];
    }
    report
}

fn look(folder: &Path, options: &VerifyOptions) -> VerifyReport {
    let mut report = VerifyReport::empty();
    let found = match paths::walk(folder) {
        Ok(found) => found,
        Err((path, e)) => {
            report.findings.push(Finding::at(FindingKind::NotAPack, path, format!("could not be listed: {e}")));
            return report;
        }
    };
    shapes(&found, &mut report);
    let mut seen = Seen { folder, found, digests: BTreeMap::new() };
    let chain = record::chain(&seen, &mut report);
    let list = seen.list(&mut report);
    let sums = list.as_deref().and_then(|list| match std::str::from_utf8(list).map_err(|_| (0, "is no text")) {
        Ok(text) => sums::read(text).map_err(|e| malformed(e, &mut report)).ok(),
        Err(e) => {
            malformed(e, &mut report);
            None
        }
    });
    seen.hash(sums.as_ref(), chain.as_ref());
    if let Some(list) = &list {
        report.sums_sha256 = sums::digest(list);
        attested::look(&seen, list, sums.as_ref(), chain.as_ref(), options, &mut report);
    }
    if let Some(sums) = &sums {
        files(&seen, sums, &mut report);
    }
    if let (Some(sums), Some(chain)) = (&sums, &chain) {
        revisions(folder, sums, chain, &mut report);
    }
    if let Some(chain) = chain {
        record::look(&seen, chain, &mut report);
    }
    report
}

/// What a review kept of the revisions before.
fn revisions(folder: &Path, sums: &Sums, chain: &Chain, report: &mut VerifyReport) {
    let checked = crate::review::check(folder, sums, &chain.head, chain.records);
    let finding = |(path, text)| Finding::at(FindingKind::Revision, path, text);
    report.findings.extend(checked.wrong.into_iter().map(finding));
    report.notes.extend(checked.notes);
}

fn malformed((line, what): (usize, &str), report: &mut VerifyReport) {
    report.findings.push(Finding::at(FindingKind::Sums, "SHA256SUMS", format!("line {line} {what}")));
}

impl Seen<'_> {
    /// The bytes of `SHA256SUMS`; a finding where there are none.
    fn list(&self, report: &mut VerifyReport) -> Option<Vec<u8>> {
        if self.found.contains_key("SHA256SUMS") {
            return self.read("SHA256SUMS", LARGEST_LIST, report);
        }
        let partial = self.folder.extension().is_some_and(|e| e == "partial");
        let text = match (partial, self.found.contains_key("journal/journal.jsonl")) {
            (true, _) => {
                "the pack was never sealed: the run was interrupted, or sealing failed; `assay resume` completes it"
            }
            (_, true) => "SHA256SUMS is missing: nothing says what this pack held",
            _ => "this is no evidence pack: it has neither SHA256SUMS nor a journal",
        };
        report.findings.push(Finding::new(FindingKind::NotAPack, text));
        None
    }

    fn hash(&mut self, sums: Option<&Sums>, chain: Option<&Chain>) {
        let listed = sums.into_iter().flat_map(BTreeMap::keys);
        let recorded = chain.into_iter().flat_map(|c| c.evidence.keys().chain(c.inputs.keys()));
        let paths: BTreeSet<&String> = listed.chain(recorded).collect();
        let there = |path: &&String| match self.found.get(*path) {
            Some(Found::File(size)) => Some(((*path).clone(), *size)),
            _ => None,
        };
        let files: Vec<(String, u64)> = paths.iter().filter_map(there).collect();
        self.digests = sums::digest_all(self.folder, &files);
    }

    /// The digest of a file, where it is there and could be read.
    pub(super) fn digest(&self, path: &str) -> Option<&str> {
        self.digests.get(path)?.as_ref().ok().map(String::as_str)
    }

    /// A small file's bytes; a finding where it is too large or cannot be read, nothing where it is not there.
    pub(super) fn read(&self, path: &str, limit: u64, report: &mut VerifyReport) -> Option<Vec<u8>> {
        let bytes = match self.found.get(path) {
            Some(Found::File(size)) if *size <= limit => std::fs::read(self.folder.join(path)),
            Some(Found::File(_)) => Err(io::Error::other("it is far too large")),
            _ => return None, // a finding already
        };
        let unreadable = |e| Finding::at(FindingKind::Unreadable, path, format!("could not be read: {e}"));
        bytes.map_err(|e| report.findings.push(unreadable(e))).ok()
    }
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
fn files(seen: &Seen<'_>, sums: &Sums, report: &mut VerifyReport) {
    report.files = sums.len();
    let foreign = |p: &&String| !sums.contains_key(*p) && !paths::outside_sums(p) && !paths::overlooked(p);
    for path in seen.found.keys().filter(foreign) {
        report.findings.push(Finding::at(FindingKind::Added, path, "was added: SHA256SUMS does not list it"));
    }
    for (path, sealed) in sums {
        if paths::outside_sums(path) {
            report.findings.push(Finding::at(FindingKind::Sums, path, "is listed in SHA256SUMS and cannot be"));
        }
        match seen.found.get(path) {
            None => report.findings.push(Finding::at(FindingKind::Missing, path, "is missing")),
            Some(Found::File(size)) => report.bytes += size,
            Some(_) => continue, // a finding already
        }
        match seen.digests.get(path) {
            Some(Ok(digest)) if digest != sealed => report.findings.push(Finding::at(
                FindingKind::Edited,
                path,
                "was changed: its SHA-256 is not the one that was sealed",
            )),
            Some(Err(e)) => {
                report.findings.push(Finding::at(FindingKind::Unreadable, path, format!("could not be read: {e}")));
            }
            _ => {}
        }
    }
}
