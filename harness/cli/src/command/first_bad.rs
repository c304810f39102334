//! `assay diff --first-bad FOLDER`: where in a series of packs each unit went bad.

use std::path::{Path, PathBuf};

use assay_engine::compare::{Build, first_bad};
use assay_model::results::Results;
use assay_reports::pack::open;
use assay_reports::visible;
use serde::Serialize;
use serde_json::json;

use crate::args::Diff;
use crate::{exit, say};

/// A pack that was not looked at, and why.
#[derive(Debug, Serialize)]
struct Skipped {
    pack: String,
    why: String,
}

/// Exit 1 where a unit is bad now, 0 where none is, 2 where the folder holds no pack that can be relied on.
pub(super) fn run(folder: &Path, args: &Diff) -> u8 {
    let candidates = match candidates(folder) {
        Ok(candidates) => candidates,
        Err(e) => {
            let text = format!("{} could not be listed: {e}", folder.display());
            say::error("folder", text, Some("name the folder in which `assay run` leaves its packs"));
            return exit::INVALID;
        }
    };
    let (mut builds, mut skipped) = (Vec::new(), Vec::new());
    for path in candidates {
        let pack = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        match open(&path, args.allowed_signers.as_deref()) {
            Ok(open) => builds.push((pack, open.results)),
            Err(error) => skipped.push(Skipped { pack, why: error.to_string() }),
        }
    }
    let builds = one_of_each_run(series(builds, &mut skipped));
    for pack in &skipped {
        say::note(format!("skipped {}: {}", visible(&pack.pack), visible(&pack.why)));
    }
    if builds.is_empty() {
        let text = format!("{} holds no pack that verifies", folder.display());
        say::error("folder", text, Some("name the folder in which `assay run` leaves its packs"));
        return exit::INVALID;
    }
    let mut turns = first_bad(&builds);
    if let Some(unknown) = args.units.iter().find(|id| builds.iter().all(|(_, r)| r.units.get(id).is_none())) {
        say::error("unknown-unit", format!("no pack of {} has a unit `{unknown}`", folder.display()), None);
        return exit::INVALID;
    }
    turns.retain(|turn| args.units.is_empty() || args.units.contains(&turn.unit));
    if args.json {
        let packs: Vec<&String> = builds.iter().map(|(pack, _)| pack).collect();
        say::json(&json!({"schema": "assay-first-bad/1", "packs": packs, "units": turns, "skipped": skipped}));
    } else {
        for turn in &turns {
            let good = turn
                .last_good
                .as_ref()
                .map_or_else(|| "never good before".into(), |b| format!("last good {}", told(b)));
            let between = match turn.undecided_between {
                0 => String::new(),
                n => format!(", {n} undecided between them"),
            };
            let fixed = turn.fixed_in.as_ref().map(|b| format!("; fixed in {}", told(b))).unwrap_or_default();
            say::result(format!(
                "{}: first bad {}, {good}{between}{fixed}",
                visible(&turn.unit),
                told(&turn.first_bad)
            ));
        }
        say::note(format!("{} packs looked at, {} skipped", builds.len(), skipped.len()));
    }
    if turns.iter().any(|turn| turn.fixed_in.is_none()) { exit::CHANGED } else { exit::OK }
}

fn told(build: &Build) -> String {
    let firmware = if build.firmware.is_empty() { String::new() } else { format!(" (firmware {})", build.firmware) };
    visible(&format!("{}{firmware}", build.pack)).into_owned()
}

/// Folders that hold a journal or sums, and zips; all else in the folder is none of ours.
fn candidates(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        let zip = path.is_file() && path.to_string_lossy().ends_with(".evp.zip");
        let pack = path.is_dir() && (path.join("SHA256SUMS").exists() || path.join("journal/journal.jsonl").exists());
        if !hidden && (zip || pack) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Packs of the newest one's product, by start of their run.
fn series(mut builds: Vec<(String, Results)>, skipped: &mut Vec<Skipped>) -> Vec<(String, Results)> {
    builds.sort_by(|a, b| a.1.started.cmp(&b.1.started));
    let product = |r: &Results| (r.product.get("name").cloned(), r.product.get("model").cloned());
    let Some(newest) = builds.last().map(|(_, r)| product(r)) else { return builds };
    let (same, other): (Vec<_>, Vec<_>) = builds.into_iter().partition(|(_, r)| product(r) == newest);
    let why = "it is about another product than the newest pack";
    skipped.extend(other.into_iter().map(|(pack, _)| Skipped { pack, why: why.into() }));
    same
}

/// Of a run that is there several times, as folder and zip or in revisions, the newest revision.
fn one_of_each_run(builds: Vec<(String, Results)>) -> Vec<(String, Results)> {
    let mut one: Vec<(String, Results)> = Vec::new();
    for (pack, results) in builds {
        match one.iter_mut().find(|(_, r)| r.run_id == results.run_id) {
            Some(known) if known.1.report.revision < results.report.revision => *known = (pack, results),
            Some(_) => {}
            None => one.push((pack, results)),
        }
    }
    one
}
