//! `assay leakcheck PACK`, and the same question before a run is sealed.

use std::io::{BufRead as _, Read as _};
use std::path::{Path, PathBuf};

use assay_engine::redact::{Leak, Vault, leaks};
use assay_engine::run::vault_path;
use assay_reports::visible;
use serde_json::json;

use super::pack::vaults;
use crate::args::Leakcheck;
use crate::{exit, say};

/// Exit 0 where no secret of the run stands in the pack, 5 where one does, 2 where nothing can be said.
pub(super) fn run(args: &Leakcheck) -> u8 {
    let searched = vault_of(args).and_then(|path| {
        let vault = Vault::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let found = leaks(&args.pack, &vault, &out_of_question(&args.pack)).map_err(|e| e.to_string())?;
        Ok((vault, found))
    });
    let (vault, found) = match searched {
        Ok(searched) => searched,
        Err(text) => {
            let help = "the vault of a run stays with the lab that made it, in assay/vaults of the user's configuration \
                        folder; name it with --vault FILE";
            say::error("leakcheck", text, Some(help));
            return exit::INVALID;
        }
    };
    let certain = found.iter().filter(|leak| !leak.doubtful).count();
    if args.json {
        let listed = found.iter().map(|leak| {
            json!({
                "path": leak.path, "offset": leak.offset, "places": leak.places, "secret": leak.id,
                "doubtful": leak.doubtful,
            })
        });
        say::json(&json!({"secrets": vault.registered(), "leaks": listed.collect::<Vec<_>>()}));
    } else {
        for leak in &found {
            say::result(sentence(leak));
        }
        let secrets = vault.registered();
        say::result(match certain {
            0 => format!("no leak: none of {secrets} secrets stands in {}", args.pack.display()),
            n => format!("{n} leaks of {secrets} secrets in {}", args.pack.display()),
        });
    }
    if certain == 0 { exit::OK } else { exit::INTEGRITY }
}

/// Whether a revision holds no secret of its run: a reviewer may have typed one. Where the lab's vault of the run is on
/// another machine nobody can tell, and that is said.
pub(super) fn may_be_revised(folder: &Path) -> bool {
    let path = run_of(folder).ok().zip(vaults()).map(|(run, vaults)| vault_path(&vaults, &run));
    match path.filter(|path| path.exists()).map(|path| Vault::read(&path)) {
        Some(Ok(vault)) => places(folder, &vault) == Some(0),
        Some(Err(error)) => {
            say::error("leakcheck", format!("the vault of this run could not be read: {error}"), None);
            false
        }
        None => {
            say::warning(
                "leakcheck",
                "the vault of this run is not on this machine: what the reviewer wrote was not searched for its secrets",
            );
            true
        }
    }
}

/// Whether a finished run's folder holds no secret; says what stands where if it does.
pub(super) fn may_be_sealed(folder: &Path, vault: &Vault) -> bool {
    let places = places(folder, vault);
    if let Some(n @ 1..) = places {
        say::error(
            "leak",
            format!("{} is not sealed: a secret stands in it in clear, {n} times", folder.display()),
            Some(
                "this is a bug of Assay or of a check that makes secrets known too late: keep the folder, report it with the \
                  lines above, and do not pass the folder on",
            ),
        );
    }
    places == Some(0)
}

/// How often secrets stand in a folder, the first places told; `None` after it was said that it cannot be searched.
fn places(folder: &Path, vault: &Vault) -> Option<usize> {
    let found = leaks(folder, vault, &out_of_question(folder))
        .inspect_err(|error| {
            say::error("leakcheck", format!("{} could not be searched for secrets: {error}", folder.display()), None);
        })
        .ok()?;
    let certain: Vec<_> = found.iter().filter(|leak| !leak.doubtful).collect();
    for leak in certain.iter().take(20) {
        say::note(format!("  {}", sentence(leak)));
    }
    Some(certain.len())
}

/// Files where a hit says nothing: originals that are encrypted to the lab's key, and what stood in public before any device
/// was seen. A device whose password is a word of a plan is a finding, not a leak.
fn out_of_question(folder: &Path) -> impl Fn(&str) -> bool {
    const PUBLIC: [&str; 4] = ["plan", "suite", "units", "catalogue"];
    let sealed = first_line(folder).map(|line| line.data["files"].clone()).unwrap_or_default();
    let public = sealed.as_array().into_iter().flatten().filter(|file| PUBLIC.iter().any(|role| file["role"] == *role));
    let public: Vec<String> = public.filter_map(|file| Some(file["path"].as_str()?.to_owned())).collect();
    move |path| (path.starts_with("evidence/") && path.ends_with(".age")) || public.iter().any(|known| known == path)
}

fn sentence(leak: &Leak) -> String {
    let place = leak.offset.map_or_else(|| "in its name".to_owned(), |offset| format!("at byte {offset}"));
    let more = if leak.places > 1 { format!(", {} places", leak.places) } else { String::new() };
    let word = if leak.doubtful { "perhaps" } else { "LEAK   " };
    format!("{word} {} {place}: {}{more}", visible(&leak.path), leak.id)
}

fn vault_of(args: &Leakcheck) -> Result<PathBuf, String> {
    if let Some(path) = &args.vault {
        return Ok(path.clone());
    }
    let run = run_of(&args.pack)?;
    let folder =
        vaults().ok_or("neither HOME nor XDG_CONFIG_HOME is set, so there is no place to look for the vault")?;
    Ok(vault_path(&folder, &run))
}

/// Which run a pack is of, by the first line of its journal.
fn run_of(pack: &Path) -> Result<String, String> {
    let line = first_line(pack)?;
    let plain = !line.run.is_empty() && line.run.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain.then_some(line.run).ok_or_else(|| format!("the run of {} has no usable id", pack.display()))
}

fn first_line(pack: &Path) -> Result<assay_model::journal::Line, String> {
    let path = pack.join("journal/journal.jsonl");
    let unreadable = |e: &dyn std::fmt::Display| format!("{} says of no run: {e}", path.display());
    let file = std::fs::File::open(&path).map_err(|e| unreadable(&e))?;
    let mut first = String::new();
    std::io::BufReader::new(file.take(1 << 20)).read_line(&mut first).map_err(|e| unreadable(&e))?;
    serde_json::from_str(&first).map_err(|e| unreadable(&e))
}
