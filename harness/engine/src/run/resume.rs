//! Going on with a run that a crash or a power cut ended: finished cases stay, the others run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use assay_model::journal::{Ref, kind};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::broadcast;

use super::dispatcher::journal_path;
use super::event::RunEvent;
use super::folder::{commitment, write_up};
use super::options::{RunError, RunOptions, RunOutcome};
use super::session::{Dossier, Session, vault_path};
use super::step::note;
use crate::fold;
use crate::journal::{Clock, Journal};
use crate::plan::ResolvedRun;
use crate::redact::Vault;

/// Completes the run in `folder`: what was not reached, and questions that nobody answered. `resolved` must come from the
/// inputs that the run sealed.
///
/// Shared observations are made again, because the DUT's state is not known any more. Tags of secrets stay equal where
/// the vault's key was kept (`RunOptions::keys`).
///
/// # Errors
/// The journal does not verify or is being written, or the inputs are others; otherwise as [`super::run`].
pub async fn resume(
    folder: &Path,
    resolved: ResolvedRun,
    options: RunOptions,
    events: broadcast::Sender<RunEvent>,
) -> Result<RunOutcome, RunError> {
    let refused = |text: String| RunError::Resume { folder: folder.to_owned(), text };
    let path = journal_path(folder);
    let clock = Clock::start();
    let (journal, found) = Journal::reopen(&path, clock)?;
    let folded = fold::results(&path)?;
    if !folded.start.is_object() {
        return Err(refused("it was cut off before its plan was recorded; run it anew".into()));
    }
    if !folded.results.partial && !folded.progressed.waits() {
        return Err(refused("every selected unit has its verdict, and no question waits".into()));
    }
    let known = u32::try_from(folded.register.len()).unwrap_or(u32::MAX - 1);
    let kept = options.vaults.as_ref().and_then(|vaults| Vault::reopen(&vault_path(vaults, journal.run())).ok());
    let have_key = kept.is_some();
    let vault = match kept {
        Some(vault) => vault,
        None => {
            let fresh = Vault::new().map_err(|source| RunError::Folder { path: folder.to_owned(), source })?;
            // Ids go on, so that no id stands for two secrets; equal secrets cannot be told any more.
            Vault::with_key(*fresh.key(), known + 1)
        }
    };
    let vault = Arc::new(vault);
    let known: BTreeSet<String> = vault.register_entries().into_iter().map(|entry| entry.id).collect();
    let dossier = Dossier::seal(&resolved, &vault)?;
    same_inputs(&folded.sealed, &resolved, &vault, have_key).map_err(refused)?;

    let closed: BTreeSet<&str> = folded.results.evidence.iter().map(|e| e.id.as_str()).collect();
    let (lost, on_disk) = recovered_evidence(&folder.join("evidence"), &closed)
        .map_err(|source| RunError::Folder { path: folder.to_owned(), source })?;
    let next = folded.next_evidence.max(on_disk + 1);
    let session =
        Session::open(folder.to_owned(), options.for_bench_of(&resolved), vault, journal, clock, next, events)?;
    let start = dossier.run_start(&resolved, &session.options);
    let data = json!({
        "scope": start["scope"], // with the tokens of this part
        "torn_bytes": found.torn.map(|t| t.bytes),
        "tags_go_on": have_key,
        "tool": session.options.tool,
        "operator": session.options.operator,
    });
    session.sender.append(note(kind::RUN_RESUME, Ref::default(), data));
    for entry in session.vault.register_entries().into_iter().filter(|entry| !known.contains(&entry.id)) {
        let data = serde_json::to_value(entry).unwrap_or_default();
        session.sender.append(note(kind::REDACTION_APPLIED, Ref::default(), data));
    }
    for data in lost {
        session.sender.append(note(kind::EVIDENCE_CLOSE, Ref::default(), data));
    }
    session.sender.settled().await;
    session.go(resolved, &dossier, start, &folded.progressed).await
}

/// A run that has ended and was never sealed: the disk was full, or a leak was found. Nothing is run; what is derived from
/// the journal is written again. `None` where units are missing, so that it must be resumed.
///
/// # Errors
/// The journal does not verify, or the folder cannot be written.
pub fn unsealed(folder: &Path, vaults: Option<&Path>) -> Result<Option<RunOutcome>, RunError> {
    let folded = fold::results(&journal_path(folder))?;
    if folded.results.partial {
        return Ok(None);
    }
    let here = |source| RunError::Folder { path: folder.to_owned(), source };
    let vault = match vaults.and_then(|vaults| Vault::read(&vault_path(vaults, &folded.results.run_id)).ok()) {
        Some(vault) => vault,
        None => Vault::new().map_err(here)?,
    };
    write_up(folder, &folded, &vault).map_err(here)?;
    let (results, vault) = (folded.results, Arc::new(vault));
    Ok(Some(RunOutcome { folder: folder.to_owned(), exit_code: results.exit_code, results, vault }))
}

/// Every input must be the one that was sealed. A redacted one can be compared only with the key.
fn same_inputs(sealed: &Value, resolved: &ResolvedRun, vault: &Vault, have_key: bool) -> Result<(), String> {
    let files: Vec<&Value> = sealed["files"].as_array().into_iter().flatten().collect();
    if files.len() != resolved.inputs.len() {
        return Err(format!("it was sealed with {} inputs, and now there are {}", files.len(), resolved.inputs.len()));
    }
    for (file, input) in files.into_iter().zip(&resolved.inputs) {
        let same = match file["commitment"].as_str() {
            Some(_) if !have_key => true,
            Some(said) => said == commitment(vault, &input.file.text),
            None => file["sha256"] == crate::journal::digest(input.file.text.as_bytes()).as_str(),
        };
        if !same || file["role"] != input.role {
            return Err(format!("{} is not the file that was sealed", input.file.path.display()));
        }
    }
    Ok(())
}

/// Evidence that was being written when the process ended: what is on disk is kept, as it is, and closed. An item may be
/// on disk whose line never reached the journal. Also gives the highest number in use.
fn recovered_evidence(root: &Path, closed: &BTreeSet<&str>) -> io::Result<(Vec<Value>, u32)> {
    let mut recovered = BTreeMap::new();
    let mut highest = 0;
    for item in fs::read_dir(root)? {
        let item = item?.path();
        let id = item.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(number) = id.strip_prefix("E-").and_then(|n| n.parse::<u32>().ok()) else { continue };
        highest = highest.max(number);
        if !closed.contains(id.as_str()) {
            let files = cut_off(&item, &id)?;
            let data = json!({"id": id, "kind": "partial", "title": "cut off by a crash", "files": files});
            recovered.insert(number, data);
        }
    }
    Ok((recovered.into_values().collect(), highest))
}

fn cut_off(item: &Path, id: &str) -> io::Result<Vec<Value>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(item)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".tmp") {
            fs::remove_file(entry.path())?; // a copy that was not finished; its original is there
            continue;
        }
        let mut hash = Sha256::new();
        let size = io::copy(&mut fs::File::open(entry.path())?, &mut hash)?;
        let path = format!("evidence/{id}/{name}");
        files.insert(name, json!({"path": path, "size": size, "sha256": hex::encode(hash.finalize())}));
    }
    Ok(files.into_values().collect())
}
