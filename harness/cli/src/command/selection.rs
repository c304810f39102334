//! What `run`, `resume` and `explain` are given, resolved: plans, bench, dossier and what goes with them.

use assay_engine::load::{self, LoadRequest};
use assay_engine::plan::{Registry, ResolvedRun};

use super::answers;
use crate::args::Selection;
use crate::{exit, say};

/// Loads and resolves; prints every mistake. Nothing is opened.
pub(super) fn resolve(selection: &Selection, registry: &Registry, explaining: bool) -> Result<ResolvedRun, u8> {
    let request = LoadRequest {
        plans: selection.plans.clone(),
        bench: selection.bench.clone(),
        product: selection.product.clone(),
        answers: selection.answers.clone(),
        lab: selection.lab.clone(),
        waivers: selection.waivers.clone(),
        set: selection.set.clone(),
        select: selection.select.clone(),
        samples: selection.samples,
        defects: selection.defects.clone(),
        explaining,
    };
    match load::load(&request, registry) {
        Ok(mut resolved) => {
            say::diagnostics(&resolved.warnings);
            answers::verified(&mut resolved, selection.answer_signers.as_deref())?;
            Ok(resolved)
        }
        Err(mistakes) => {
            say::diagnostics(&mistakes);
            Err(exit::INVALID)
        }
    }
}
