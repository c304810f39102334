//! Sealing: reports, manifest, digests, signature, and the rename that makes a pack of a run's folder.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufReader, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use assay_model::results::Results;

use super::disclose::Disclosure;
use super::findings::Finding;
use super::key::{KeyError, SigningKey};
use super::paths::{self, Found};
use super::role::Expected;
use super::sums::{self, Sums};
use super::{NAMESPACE, chain, manifest, readme, write};
use crate::{Format, ReportError, Trace, summary};

/// What the caller knows and the results do not.
#[derive(Debug, Clone)]
pub struct SealOptions {
    /// Who signs, as in the allowed signers: `assay@bench-3`.
    pub principal: String,
    /// The laboratory's name.
    pub lab: Option<String>,
    /// Whom a reader of the pack may ask.
    pub contact: Option<String>,
    /// Signatures that others are to add, beside the bench's own.
    pub expected: Vec<Expected>,
    /// journal/ledger-proof.json.
    pub ledger_proof: Option<serde_json::Value>,
    /// What makes it a disclosure edition; `None` for the full one.
    pub disclosure: Option<Disclosure>,
    /// Reports to write beside report.html, junit.xml, summary.json and results/results.json, which every pack has.
    pub exports: Vec<Format>,
}

impl SealOptions {
    /// With the principal alone.
    #[must_use]
    pub fn new(principal: impl Into<String>) -> Self {
        Self {
            principal: principal.into(),
            lab: None,
            contact: None,
            expected: Vec::new(),
            ledger_proof: None,
            disclosure: None,
            exports: Vec::new(),
        }
    }
}

/// A sealed pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Its folder under its final name.
    pub folder: PathBuf,
    /// SHA-256 of `SHA256SUMS`: give it to the customer by another route.
    pub sums_sha256: String,
    /// Files under the signature.
    pub files: usize,
}

/// A pack that was not sealed. The folder keeps its `.partial` name and can be sealed later.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The folder is none of a run, or its name does not end in `.partial`.
    #[error("{folder} is not the folder of an unsealed run: {why}")]
    NotPartial {
        /// The folder.
        folder: PathBuf,
        /// What is amiss.
        why: &'static str,
    },
    /// Another process writes or seals it.
    #[error("{folder} is being written or sealed by another process; wait until that has ended")]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// Something has the final name already.
    #[error(
        "{folder} is already there; the run's record stays in {folder}.partial: move the old pack away, then seal again"
    )]
    Exists {
        /// The final name.
        folder: PathBuf,
    },
    /// A file that a pack cannot hold.
    #[error("`{path}` cannot be sealed: its path {why}; rename or remove it, then seal again")]
    Path {
        /// From the pack's root.
        path: String,
        /// What is amiss.
        why: String,
    },
    /// The journal is broken, or the results are not of this journal.
    #[error("the journal does not carry these results: {0}; the run is kept, but it is no evidence")]
    Journal(String),
    /// A report could not be rendered.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The key could not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Reading or writing failed.
    #[error(
        "{what} {path} failed: {source}; the run's record is kept as it is: free space or repair the disk, then seal again"
    )]
    Io {
        /// `writing`, `reading`, ...
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Seals `folder` (`NAME.partial`, with journal/, evidence/, inputs/, ...) under the name `NAME`.
///
/// Writes all reports, the manifest, README.txt, `SHA256SUMS` and its signature, syncs, renames. Doing it again after a
/// crash at any point before the rename gives the same files.
///
/// # Errors
/// See [`SealError`]; the folder then still has its `.partial` name.
pub fn seal(folder: &Path, results: &Results, key: &SigningKey, options: &SealOptions) -> Result<Sealed, SealError> {
    let target = final_name(folder)?;
    let _alone = alone(folder)?;
    check_journal(folder, results)?;
    let pack = Writer { root: folder };
    let trace = Trace::read(folder, results);
    pack.streamed(Format::Json.path(), |out| summary::results_json(results, out))?;
    for format in [Format::Summary, Format::Junit, Format::Html].iter().chain(&options.exports) {
        pack.write(format.path(), &format.render_with(results, &trace)?)?;
    }
    pack.write("journal/head.txt", format!("{}\n", results.journal_head).as_bytes())?;
    if let Some(proof) = &options.ledger_proof {
        pack.write("journal/ledger-proof.json", &summary::pretty("journal/ledger-proof.json", proof)?)?;
    }
    pack.write("README.txt", readme::render(results, options, &key.fingerprint()).as_bytes())?;

    let mut sums = pack.digests(&files(folder)?)?;
    let sizes: BTreeMap<String, u64> = files(folder)?.into_iter().collect();
    let manifest = manifest::build(results, options, &key.fingerprint(), &sums, &sizes);
    let manifest = summary::pretty("pack.json", &manifest)?;
    pack.write("pack.json", &manifest)?;
    sums.insert("pack.json".into(), sums::digest(&manifest));

    let list = sums::write(&sums);
    pack.write("SHA256SUMS", list.as_bytes())?;
    pack.write("SHA256SUMS.sshsig", key.sign(NAMESPACE, list.as_bytes())?.as_bytes())?;
    publish(folder, &target)?;
    Ok(Sealed { folder: target, sums_sha256: sums::digest(list.as_bytes()), files: sums.len() })
}

fn final_name(folder: &Path) -> Result<PathBuf, SealError> {
    let not = |why| SealError::NotPartial { folder: folder.to_owned(), why };
    let name = folder.file_name().and_then(|n| n.to_str()).ok_or_else(|| not("it has no name"))?;
    let name = name
        .strip_suffix(".partial")
        .filter(|n| !n.is_empty())
        .ok_or_else(|| not("its name does not end in .partial"))?;
    if !folder.join("journal/journal.jsonl").is_file() {
        return Err(not("it has no journal/journal.jsonl"));
    }
    let target = folder.with_file_name(name);
    if fs::symlink_metadata(&target).is_ok() {
        return Err(SealError::Exists { folder: target });
    }
    Ok(target)
}

/// The journal's lock, which a running run holds too: two who sealed at once would write into each other's pack.
fn alone(folder: &Path) -> Result<File, SealError> {
    let path = folder.join("journal/journal.jsonl");
    let io = |source| SealError::Io { what: "opening", path: path.clone(), source };
    let journal = File::open(&path).map_err(io)?;
    match journal.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(SealError::Busy { folder: folder.to_owned() }),
        Err(TryLockError::Error(source)) => return Err(io(source)),
    }
    // Whoever had it before may have sealed and renamed the folder.
    let same = fs::metadata(&path).is_ok_and(|m| journal.metadata().is_ok_and(|j| j.ino() == m.ino()));
    if same { Ok(journal) } else { Err(SealError::Busy { folder: folder.to_owned() }) }
}

/// A pack whose results are not of its journal would verify as broken later; say so now, while the run can be looked at.
fn check_journal(folder: &Path, results: &Results) -> Result<(), SealError> {
    let path = folder.join("journal/journal.jsonl");
    let io = |source| SealError::Io { what: "reading", path: path.clone(), source };
    let chain = chain::check(BufReader::new(File::open(&path).map_err(io)?)).map_err(io)?;
    if let Some(Finding { text, .. }) = chain.findings.first() {
        return Err(SealError::Journal(text.clone()));
    }
    if chain.head != results.journal_head || chain.records != results.journal_records {
        return Err(SealError::Journal(format!(
            "it has {} lines and head {}, the results say {} and {}",
            chain.records, chain.head, results.journal_records, results.journal_head
        )));
    }
    Ok(())
}

/// Files below the root that belong under the sums, without pack.json (not written yet, or stale), by path and size.
fn files(root: &Path) -> Result<Vec<(String, u64)>, SealError> {
    let found =
        paths::walk(root).map_err(|(path, source)| SealError::Io { what: "listing", path: root.join(path), source })?;
    let mut files = Vec::with_capacity(found.len());
    for (path, what) in &found {
        let refuse = |why: &str| Err(SealError::Path { path: path.clone(), why: why.to_owned() });
        match what {
            _ if paths::outside_sums(path) || path == "pack.json" => continue,
            Found::File(size) => files.push((path.clone(), *size)),
            Found::Link => return refuse("is a symbolic link"),
            Found::Special | Found::Unreadable => return refuse("is no regular file with a readable name"),
        }
        if let Some(problem) = paths::path_problem(path) {
            return refuse(problem);
        }
        if paths::overlooked(path) {
            return refuse("starts with SHA256SUMS, which stock tools would overlook");
        }
    }
    if let Some((a, b)) = paths::case_clashes(found.keys()).into_iter().next() {
        return Err(SealError::Path { path: b, why: format!("differs from `{a}` by case only") });
    }
    Ok(files)
}

struct Writer<'a> {
    root: &'a Path,
}

impl Writer<'_> {
    /// Whole or not at all, mode 0644, on disk when it returns.
    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), SealError> {
        let full = self.root.join(path);
        write::whole(&full, bytes).map_err(|source| SealError::Io { what: "writing", path: full, source })
    }

    fn streamed(&self, path: &str, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), SealError> {
        let full = self.root.join(path);
        write::streamed(&full, content).map_err(|source| SealError::Io { what: "writing", path: full, source })
    }

    fn digests(&self, files: &[(String, u64)]) -> Result<Sums, SealError> {
        let read = |(path, digest): (String, io::Result<String>)| match digest {
            Ok(digest) => Ok((path, digest)),
            Err(source) => Err(SealError::Io { what: "reading", path: self.root.join(path), source }),
        };
        sums::digest_all(self.root, files).into_iter().map(read).collect()
    }
}

fn publish(folder: &Path, target: &Path) -> Result<(), SealError> {
    let rename = || {
        File::open(folder)?.sync_all()?;
        fs::rename(folder, target)?;
        match target.parent().filter(|p| !p.as_os_str().is_empty()) {
            Some(parent) => File::open(parent)?.sync_all(),
            None => File::open(".")?.sync_all(),
        }
    };
    rename().map_err(|source| SealError::Io { what: "renaming", path: target.to_owned(), source })
}
