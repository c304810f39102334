//! A run held against an earlier one.

use assay_model::comparison::Comparison;
use assay_model::results::{Results, indexed};

use super::options::Baseline;
use crate::compare::compare;
use crate::load::NOT_SELECTED;

/// What became of each unit of the baseline. What `--select` left out was left out on purpose and is not compared; a unit
/// that the plans or the bench no longer have is absent.
pub(super) fn held_against(baseline: &Baseline, new: &Results) -> Comparison {
    let left_out = |id: &str| new.not_covered.iter().any(|(unit, why)| unit == id && why.starts_with(NOT_SELECTED));
    let kept = baseline.results.units.iter().filter(|(id, _)| !left_out(id));
    let units: indexed::Map<_> = kept.map(|(id, unit)| (id.clone(), unit.clone())).collect();
    let mut comparison = compare(&Results { units, ..baseline.results.clone() }, new);
    comparison.old.sums_sha256.clone_from(&baseline.sums_sha256);
    comparison
}

/// 6 where something regressed or lost its coverage, unless the run's own verdicts weigh more.
pub(super) fn exit_code(judged: u8, comparison: &Comparison) -> u8 {
    if comparison.has_loss() && judged != 1 { 6 } else { judged }
}
