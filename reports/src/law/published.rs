//! What checks read in the documents that the maker published.

use assay_model::results::UnitResult;
use serde_json::Value;

/// What `check` saw in these units of documents that have an address. Positive controls read texts of the plan, which say
/// nothing about the product.
pub(crate) fn published<'a>(
    units: impl IntoIterator<Item = &'a UnitResult>,
    check: &str,
) -> impl Iterator<Item = &'a Value> {
    let parts = units.into_iter().flat_map(|unit| unit.cross_sample.iter().chain(unit.samples.values()));
    let steps = parts.flat_map(|part| &part.steps).filter(move |step| step.check == check);
    steps.filter(|step| step.params["source"].is_string()).filter_map(|step| step.observation.as_ref())
}
