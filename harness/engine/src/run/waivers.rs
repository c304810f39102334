//! Waivers at the end of a run: which FAILs they cover. The verdict stays; the flag and the exit code change.

use assay_model::Verdict;
use assay_model::journal::{Ref, kind};
use assay_model::results::{Results, UnitResult, Waived, WaiverResult};
use serde_json::json;

use crate::journal::Entry;
use crate::plan::{Covers, Waiver};

/// A line for each unit that is FAIL, is not waived yet and is covered by a waiver that counts.
pub(super) fn applied(results: &Results, waivers: &[Waiver]) -> Vec<Entry> {
    let mut lines = Vec::new();
    for (id, unit) in results.units.iter().filter(|(_, u)| u.verdict == Verdict::Fail && u.waived.is_none()) {
        let Some(waiver) = waivers.iter().find(|waiver| covers(waiver, id, unit)) else { continue };
        let waived = Waived {
            id: waiver.id.clone(),
            expires: waiver.expires.clone(),
            reason: waiver.reason.clone(),
            approver: waiver.approver.clone(),
        };
        let about = Ref { unit: Some(id.clone()), ..Ref::default() };
        let data = json!({"waived": waived, "verdict": unit.verdict});
        lines.push(Entry::tool(kind::WAIVER_APPLIED, about, data));
    }
    lines
}

/// Every FAIL of the unit must be on a sample that the waiver is for. One over all samples is on all of them.
fn covers(waiver: &Waiver, id: &str, unit: &UnitResult) -> bool {
    let about = match &waiver.covers {
        Covers::Unit(unit) => unit == id,
        Covers::Group(group) => *group == unit.group,
        Covers::Provision(provision) => *provision == unit.provision,
    };
    let failed = |result: &assay_model::results::SampleResult| result.verdict == Verdict::Fail;
    let over_all = unit.cross_sample.as_ref().is_some_and(failed);
    let mut on = unit.samples.iter().filter(|(_, result)| failed(result)).map(|(sample, _)| sample);
    waiver.void.is_none()
        && about
        && (waiver.samples.is_empty() || !over_all && on.all(|sample| waiver.samples.contains(sample)))
}

/// For `run.start`.
pub(super) fn stated(waivers: &[Waiver]) -> Vec<WaiverResult> {
    let one = |waiver: &Waiver| WaiverResult {
        id: waiver.id.clone(),
        scope: scope(waiver),
        reason: waiver.reason.clone(),
        approver: waiver.approver.clone(),
        start: waiver.start.clone(),
        expires: waiver.expires.clone(),
        state: waiver.void.unwrap_or("not needed").to_owned(),
        units: Vec::new(),
    };
    waivers.iter().map(one).collect()
}

fn scope(waiver: &Waiver) -> String {
    let mut text = match &waiver.covers {
        Covers::Unit(id) => format!("unit {id}"),
        Covers::Group(id) => format!("group {id}"),
        Covers::Provision(id) => format!("provision {id}"),
    };
    for (key, value) in &waiver.product {
        text.push_str(&format!(", {key} {value}"));
    }
    if !waiver.samples.is_empty() {
        text.push_str(&format!(", on {}", waiver.samples.join(", ")));
    }
    text
}
