//! `assay rejudge PACK`: the recorded observations, judged again.

use std::path::Path;

use assay_engine::fold::{self, rejudge};
use assay_engine::load;
use assay_model::{Transition, Verdict};
use assay_reports::Format;

use crate::args::Rejudge;
use crate::registry::registry;
use crate::{exit, say};

/// Exit 0 where nothing changes, 1 where something does.
pub(super) fn run(args: &Rejudge) -> u8 {
    let newer = match &args.plan {
        None => None,
        Some(plan) => match load::load_plans(std::slice::from_ref(plan), &registry()) {
            Ok(resolved) => Some(resolved),
            Err(mistakes) => {
                say::diagnostics(&mistakes);
                return exit::INVALID;
            }
        },
    };
    let mut changes = match rejudge(&args.pack, newer.as_ref()) {
        Ok(changes) => changes,
        Err(error) => {
            say::error("rejudge", error.to_string(), Some("`assay verify` says what is wrong with the pack"));
            return exit::INTEGRITY;
        }
    };
    changes.sort_by_key(|change| change.transition);
    if args.json {
        say::json(&changes);
    } else {
        for change in &changes {
            let sample = change.sample.as_deref().unwrap_or("all samples");
            let word = |verdict: Option<Verdict>| verdict.map_or("-", Verdict::word);
            let text = assay_reports::visible(&change.text);
            let verdicts = format!("{} -> {}", word(change.old), word(change.new));
            say::result(format!("{:<21} {} [{sample}]  {verdicts}  {text}", change.transition, change.unit));
        }
        say::note(if changes.is_empty() { "nothing changes".into() } else { tally(&changes) });
    }
    let same = args.plan.is_some() || same_bytes(&args.pack);
    if changes.is_empty() && same { exit::OK } else { exit::CHANGED }
}

fn tally(changes: &[fold::Change]) -> String {
    let count = |word| changes.iter().filter(|c| c.transition == word).count();
    let counted = Transition::ALL.into_iter().map(|word| (word, count(word))).filter(|(_, n)| *n > 0);
    counted.map(|(word, n)| format!("{n} {word}")).collect::<Vec<_>>().join(", ")
}

/// Whether the record still gives the results that the pack holds, byte for byte. Another version of the tool may write
/// them otherwise: that is said, and is no change of a verdict.
fn same_bytes(pack: &Path) -> bool {
    let path = pack.join(Format::Json.path());
    let Ok(kept) = std::fs::read(&path) else { return true }; // not sealed yet
    let again = fold::of_pack(pack).map_err(|e| e.to_string());
    let again =
        again.and_then(|f| Ok((Format::Json.render(&f.results).map_err(|e| e.to_string())?, f.results.tool.version)));
    match again {
        Ok((bytes, _)) if bytes == kept => true,
        Ok((_, version)) if version != env!("CARGO_PKG_VERSION") => {
            say::note(format!(
                "results.json was written by version {version} and reads otherwise now; the verdicts are the same"
            ));
            true
        }
        Ok(_) => {
            say::error("rejudge", format!("the journal gives other results than {}", path.display()), None);
            false
        }
        Err(text) => {
            say::error("rejudge", text, Some("`assay verify` says what is wrong with the pack"));
            false
        }
    }
}
