//! Secrets that a run learned only after they had been written: taken out of evidence and journal before anything is sealed.
//!
//! A key found in a memory dump may stand in the boot log of a unit before. Nothing of a run has left the bench yet when it
//! ends, so what holds the secret is written anew, and the journal says which lines and files.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_model::journal::{Line, Ref, kind};
use serde_json::{Value, json};

use super::dispatcher::journal_path;
use super::evidence::redacted_twin;
use super::folder::write;
use super::original;
use crate::journal::{Entry, Journal, digest};
use crate::redact::{LabKey, Vault, holds_a_secret};

/// Redacts closed evidence and written lines once more. Gives the line that tells of it; none where nothing was left.
pub(super) fn redact(
    folder: &Path,
    vault: &Arc<Vault>,
    lab_key: Option<&LabKey>,
    journal: &mut Journal,
) -> Result<Option<Entry>, String> {
    let files = evidence(&folder.join("evidence"), vault, lab_key).map_err(|e| format!("redacting evidence: {e}"))?;
    journal.flush().map_err(|e| e.to_string())?;
    if files.is_empty()
        && !holds_a_secret(&journal_path(folder), vault).map_err(|e| format!("reading the journal: {e}"))?
    {
        return Ok(None);
    }
    let before = journal.head().to_owned();
    let rewritten = journal.rewrite(|line| edit(line, vault, &files)).map_err(|e| e.to_string())?;
    if files.is_empty() && rewritten.is_empty() {
        return Ok(None);
    }
    let data = json!({
        "late": true,
        "why": "these held a secret that was learned after they had been written",
        "lines": rewritten,
        "files": files.keys().collect::<Vec<_>>(),
        "head_before": before,
    });
    Ok(Some(Entry::tool(kind::REDACTION_APPLIED, Ref::default(), data)))
}

/// Path in the pack → what `evidence.close` says of the file now; also of encrypted originals that came beside.
type Changed = BTreeMap<String, Value>;

fn evidence(root: &Path, vault: &Arc<Vault>, lab_key: Option<&LabKey>) -> io::Result<Changed> {
    let mut changed = Changed::new();
    let mut items: Vec<PathBuf> = fs::read_dir(root)?.map(|item| item.map(|i| i.path())).collect::<Result<_, _>>()?;
    items.sort();
    for item in items.iter().filter(|item| item.is_dir()) {
        let id = item.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let here = |path: &Path| format!("evidence/{id}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        let mut payloads = Changed::new();
        for entry in fs::read_dir(item)? {
            let path = entry?.path();
            if path.ends_with("meta.json") || path.extension().is_some_and(|e| e == "tmp" || e == "age") {
                continue;
            }
            if let Some(twin) = redacted_twin(&path, vault)? {
                let (beside, facts) = twin.seal()?;
                let kept = original::beside(&path);
                if let Some(key) = lab_key.filter(|_| !kept.exists()) {
                    key.encrypt(&path, &kept)?;
                    payloads.insert(here(&kept), original::facts(&kept)?);
                }
                fs::rename(beside, &path)?;
                payloads.insert(here(&path), facts);
            }
        }
        let meta = item.join("meta.json");
        if let Ok(text) = fs::read(&meta) {
            let mut value: Value = serde_json::from_slice(&text)?;
            update(&mut value["files"], &payloads);
            let clean = vault.redact_json(value.clone());
            if !payloads.is_empty() || clean != value {
                let mut bytes = serde_json::to_vec_pretty(&clean)?;
                bytes.push(b'\n');
                write(&meta, &bytes)?;
                payloads.insert(here(&meta), json!({"size": bytes.len(), "sha256": digest(&bytes)}));
            }
        }
        changed.append(&mut payloads);
    }
    Ok(changed)
}

/// Puts new facts over those of the same path, and adds an original after its twin; returns whether any was there.
fn update(files: &mut Value, changed: &Changed) -> bool {
    let mut any = false;
    let mut originals = Vec::new();
    for file in files.as_array_mut().into_iter().flatten() {
        let Some(facts) = file["path"].as_str().and_then(|path| changed.get(path)).and_then(Value::as_object) else {
            continue;
        };
        for (key, value) in facts {
            file[key] = match (key.as_str(), file[key].as_u64(), value.as_u64()) {
                ("redactions", Some(before), Some(now)) => json!(before + now),
                _ => value.clone(),
            };
        }
        any = true;
        let original = file["path"].as_str().map(|path| format!("{path}.age")).unwrap_or_default();
        if let Some(facts) = changed.get(&original) {
            let mut facts = facts.clone();
            facts["path"] = json!(original);
            originals.push(facts);
        }
    }
    if let Some(files) = files.as_array_mut() {
        files.append(&mut originals);
    }
    any
}

fn edit(line: &mut Line, vault: &Vault, changed: &Changed) -> bool {
    let mut edited = line.kind == kind::EVIDENCE_CLOSE && update(&mut line.data["files"], changed);
    let clean = vault.redact_json(line.data.clone());
    if clean != line.data {
        line.data = clean;
        edited = true;
    }
    edited
}
