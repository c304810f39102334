//! `assay rejudge PACK`: the recorded observations, judged again.

use assay_engine::fold::rejudge;
use assay_engine::load;
use assay_model::Verdict;

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
    let changes = match rejudge(&args.pack, newer.as_ref()) {
        Ok(changes) => changes,
        Err(error) => {
            say::error("rejudge", error.to_string(), Some("`assay verify` says what is wrong with the pack"));
            return exit::INTEGRITY;
        }
    };
    if args.json {
        say::json(&changes);
    } else {
        for change in &changes {
            let sample = change.sample.as_deref().unwrap_or("all samples");
            let word = |verdict: Option<Verdict>| verdict.map_or("-", Verdict::word);
            let text = assay_reports::visible(&change.text);
            say::result(format!("{} -> {}  {} [{sample}]  {text}", word(change.old), word(change.new), change.unit));
        }
        say::note(if changes.is_empty() {
            "nothing changes".into()
        } else {
            format!("{} verdicts change", changes.len())
        });
    }
    if changes.is_empty() { exit::OK } else { exit::CHANGED }
}
