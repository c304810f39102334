//! A sealed pack in which something is left to do: it stays as it is, and a copy of its record goes on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::say;

/// What sealing made: it speaks of the pack as it was.
const SEALS: [&str; 2] = ["SHA256SUMS", "pack.json"];

/// The folder to go on in: `pack` itself where it is not sealed, else a fresh copy beside it.
pub(super) fn reopened(pack: &Path) -> Result<PathBuf, String> {
    let sealed = pack.join("SHA256SUMS").is_file() && pack.extension().is_none_or(|e| e != "partial");
    if !sealed {
        return Ok(pack.to_owned());
    }
    let folded = assay_engine::fold::results(&pack.join("journal/journal.jsonl")).map_err(|e| e.to_string())?;
    if !folded.results.partial && !folded.progressed.waits() {
        return Err(format!("{}: every selected unit has its verdict, and no question waits", pack.display()));
    }
    let copy = free_name(pack).ok_or_else(|| format!("{} has no name to copy it to", pack.display()))?;
    copy_folder(pack, &copy)
        .map_err(|e| format!("{} could not be copied to {}: {e}", pack.display(), copy.display()))?;
    say::note(format!("{} is sealed and stays as it is; its copy goes on in {}", pack.display(), copy.display()));
    Ok(copy)
}

/// `NAME-resumed.partial`, with a number where that is taken.
fn free_name(pack: &Path) -> Option<PathBuf> {
    let name = pack.file_name()?.to_str()?;
    let taken = |number: u32| {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let name = format!("{name}-resumed{number}");
        (pack.with_file_name(&name), pack.with_file_name(format!("{name}.partial")))
    };
    (1..1000).map(taken).find(|(sealed, open)| !sealed.exists() && !open.exists()).map(|(_, open)| open)
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if SEALS.iter().any(|seal| name.to_string_lossy().starts_with(seal)) {
            continue;
        }
        if kind.is_dir() {
            copy_folder(&entry.path(), &to.join(&name))?;
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}
