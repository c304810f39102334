//! `assay diff OLD NEW`: what became of each unit.

use std::path::Path;

use assay_engine::compare::compare;
use assay_model::comparison::{Comparison, UnitChange};
use assay_model::{Transition, Verdict};
use assay_reports::pack::{OpenError, OpenPack, open};
use assay_reports::visible;

use crate::args::Diff;
use crate::{exit, say};

/// Exit 0 where nothing changed, 1 where something did, 2 where there is no pack, 5 where one does not verify.
pub(super) fn run(args: &Diff) -> u8 {
    if let Some(folder) = &args.first_bad {
        return super::first_bad::run(folder, args);
    }
    let (Some(old), Some(new)) = (&args.old, &args.new) else { return exit::INVALID };
    let signers = args.allowed_signers.as_deref();
    let (old, new) = match opened(old, signers).and_then(|old| Ok((old, opened(new, signers)?))) {
        Ok(packs) => packs,
        Err(code) => return code,
    };
    let mut comparison = compare(&old.results, &new.results);
    comparison.old.sums_sha256.clone_from(&old.report.sums_sha256);
    comparison.new.sums_sha256.clone_from(&new.report.sums_sha256);
    if !args.units.is_empty() {
        let known = |id: &String| comparison.units.iter().any(|u| u.unit == *id);
        if let Some(id) = args.units.iter().find(|id| !known(id)) {
            let help = "units are named as in summary.json, with their blanks: `5.6-1-2 b`";
            say::error("unknown-unit", format!("neither pack has a unit `{id}`"), Some(help));
            return exit::INVALID;
        }
        comparison.units.retain(|u| args.units.contains(&u.unit));
    }
    if args.json {
        say::json(&comparison);
    } else {
        lines(&comparison).into_iter().for_each(say::result);
    }
    if comparison.changed() { exit::CHANGED } else { exit::OK }
}

/// A pack that verified; says what is wrong where it does not.
pub(super) fn opened(path: &Path, allowed_signers: Option<&Path>) -> Result<OpenPack, u8> {
    open(path, allowed_signers).map_err(|error| {
        let (code, help) = match &error {
            OpenError::Missing(_) => (exit::INVALID, None),
            _ => (exit::INTEGRITY, Some("take the pack from where it was kept safe; a damaged one proves nothing")),
        };
        say::error("pack", visible(&error.to_string()), help);
        code
    })
}

/// Gravest first; unchanged units as a count only.
pub(super) fn lines(comparison: &Comparison) -> Vec<String> {
    let of = |word| comparison.units.iter().filter(move |u| u.transition == word);
    let changed = Transition::ALL.into_iter().filter(|t| *t != Transition::Unchanged);
    let mut lines: Vec<String> = changed.flat_map(of).flat_map(unit_lines).collect();
    let counted = Transition::ALL.into_iter().map(|word| (word, of(word).count())).filter(|(_, n)| *n > 0);
    let counts: Vec<String> = counted.map(|(word, n)| format!("{n} {word}")).collect();
    lines.push(if counts.is_empty() { "no units to compare".to_owned() } else { counts.join(", ") });
    lines
}

fn unit_lines(unit: &UnitChange) -> Vec<String> {
    let mut lines = vec![format!("{:<21} {}  {}", unit.transition, visible(&unit.unit), arrow(unit.old, unit.new))];
    for sample in unit.samples.iter().filter(|s| s.transition != Transition::Unchanged) {
        let name = if sample.sample == "*" { "all samples" } else { &sample.sample };
        let word = if sample.transition == unit.transition { "" } else { sample.transition.word() };
        let text = format!("{:<21} {}: {} {word}", "", visible(name), arrow(sample.old, sample.new));
        lines.push(text.trim_end().to_owned());
        lines.extend(sample.details.iter().map(|detail| format!("{:<23} {}", "", visible(detail))));
    }
    lines
}

fn arrow(old: Option<Verdict>, new: Option<Verdict>) -> String {
    let word = |verdict: Option<Verdict>| verdict.map_or("-", Verdict::word);
    if old == new { word(new).to_owned() } else { format!("{} -> {}", word(old), word(new)) }
}
