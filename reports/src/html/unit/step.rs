//! Steps of a unit: what was asked, what was observed, and the evidence of it.

use assay_model::results::StepResult;

use super::part::refs;
use crate::entry::Entry;
use crate::html::value::{self, cap, cap_at, duration};

/// Bytes of parameters; results.json has all of them.
const ASKED: usize = 240;
/// Bytes of an observation that decides nothing against the DUT; likewise.
const SHORT: usize = 400;

pub(in crate::html) struct StepView {
    pub(in crate::html) name: String,
    pub(in crate::html) check: String,
    pub(in crate::html) scope: String,
    pub(in crate::html) params: String,
    pub(in crate::html) observation: String,
    pub(in crate::html) fault: String,
    pub(in crate::html) refs: Vec<(String, String)>,
    pub(in crate::html) duration: String,
}

/// By step first, then by sample, so that samples can be compared.
pub(super) fn build(entries: &[Entry<'_>], names: &[String], finding: bool) -> Vec<StepView> {
    let mut steps: Vec<(usize, usize, StepView)> = Vec::new();
    for (column, (entry, name)) in entries.iter().zip(names).enumerate() {
        let all = entry.result.map_or(&[][..], |r| &r.steps);
        for (n, s) in all.iter().enumerate() {
            steps.push((n, column, view(s, s.sample.as_ref().unwrap_or(name), finding)));
        }
    }
    steps.sort_by_key(|(n, column, _)| (*n, *column));
    steps.into_iter().map(|(_, _, view)| view).collect()
}

fn view(s: &StepResult, scope: &str, finding: bool) -> StepView {
    let observation = s.observation.as_ref().map(value::compact).unwrap_or_default();
    StepView {
        name: s.name.clone(),
        check: s.check.clone(),
        scope: scope.to_owned(),
        params: if s.params.is_null() { String::new() } else { cap_at(&value::compact(&s.params), ASKED) },
        observation: if finding { cap(&observation) } else { cap_at(&observation, SHORT) },
        fault: s.fault.as_deref().map(cap).unwrap_or_default(),
        refs: refs(&s.evidence),
        duration: duration(s.duration_ms),
    }
}
