//! What is left for a person to do: questions that nobody answered, and units by hand that the run did not reach.

use assay_model::assessment::ToDo;
use assay_model::results::{SampleResult, UnitResult, indexed};
use assay_model::{ReasonClass, Verdict};

/// Codes of reasons that leave a question open.
const OPEN: [&str; 3] = ["nobody", "timeout", "stopped"];

/// Whether a result waits for a person's answer. A later part of the run asks again.
pub(super) fn waits(result: &SampleResult) -> bool {
    let of_a_person = |class| matches!(class, ReasonClass::Operator | ReasonClass::Timeout);
    result.verdict == Verdict::NotRun
        && result.reasons.iter().any(|r| of_a_person(r.class) && OPEN.contains(&r.code.as_str()))
}

/// In the order of the plans.
pub(super) fn of(units: &indexed::Map<UnitResult>) -> Vec<ToDo> {
    let mut all = Vec::new();
    for (id, unit) in units.iter().filter(|(_, unit)| unit.decided_with.is_none()) {
        let by_sample = unit.samples.iter().map(|(sample, result)| (Some(sample), result));
        for (sample, result) in by_sample.chain(unit.cross_sample.iter().map(|result| (None, result))) {
            let not_reached = result.verdict == Verdict::NotRun && unit.class != "automated";
            if waits(result) || not_reached {
                all.push(ToDo {
                    unit: id.clone(),
                    sample: sample.cloned(),
                    text: asked(result),
                    why: result.reasons.first().map(|r| r.text.clone()).unwrap_or_default(),
                });
            }
        }
    }
    all
}

/// The question that the result ended at.
fn asked(result: &SampleResult) -> String {
    let last = result.steps.iter().rev().find(|step| step.check == "ask");
    last.and_then(|step| step.params["text"].as_str()).unwrap_or_default().to_owned()
}
