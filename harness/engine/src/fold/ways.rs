//! Requirements that can be met in several ways: what each way came to, and which one counts.

use std::collections::BTreeMap;

use assay_model::Verdict;
use assay_model::catalogue::Way;
use assay_model::results::{RequirementResult, UnitResult, WayResult, indexed};
use serde_json::Value;

/// The way that is taken where the dossier says nothing: the requirement's own items.
pub(super) const OWN: &str = "own";

/// Every requirement of which the run has an item of its own. `ways` and `product` are as `run.start` has them.
pub(super) fn requirements(
    ways: &[Way],
    product: &Value,
    units: &indexed::Map<UnitResult>,
) -> indexed::Map<RequirementResult> {
    let mut found: indexed::Map<RequirementResult> = indexed::Map::default();
    for way in ways {
        let own = ways.iter().find(|w| w.requirement == way.requirement && w.route == OWN);
        if !own.is_some_and(|own| own.units.iter().any(|id| units.get(id).is_some())) {
            continue;
        }
        let taken = product["routes"][&way.choice].as_str().unwrap_or(OWN);
        let result = looked_at(way, way.route == taken, units);
        match found.get_mut(&way.requirement) {
            Some(known) => {
                if result.taken {
                    known.verdict = result.verdict;
                }
                known.ways.push(result);
            }
            None => {
                // A way that the catalogue does not have is met by nothing.
                let verdict = if result.taken { result.verdict } else { Verdict::NotRun };
                let first = RequirementResult { taken: taken.to_owned(), verdict, ways: vec![result] };
                found.insert(way.requirement.clone(), first);
            }
        }
    }
    found
}

fn looked_at(way: &Way, taken: bool, units: &indexed::Map<UnitResult>) -> WayResult {
    let verdict_of = |id: &String| units.get(id).map_or(Verdict::NotRun, |unit| unit.verdict);
    let verdict = Verdict::fold(way.units.iter().map(verdict_of)).unwrap_or(Verdict::NotRun);
    let with = |wanted: &[Verdict]| {
        let ids = way.units.iter().filter(|id| wanted.contains(&verdict_of(id)));
        ids.cloned().collect::<Vec<_>>().join(", ")
    };
    let text = match verdict {
        Verdict::Pass => "met: every unit that applies PASSes".to_owned(),
        Verdict::Fail => format!("not met: {} FAIL", with(&[Verdict::Fail])),
        Verdict::NotApplicable => {
            "does not apply: the dossier has nothing that it could rest on, or the product is out of scope".to_owned()
        }
        _ => {
            let open = with(&[Verdict::Error, Verdict::Inconclusive, Verdict::NotRun]);
            format!("not established: {open} undecided, or not in this run")
        }
    };
    WayResult {
        route: way.route.clone(),
        title: way.title.clone(),
        conditions: way.conditions.clone(),
        taken,
        verdict,
        text,
        units: way.units.clone(),
        confidence: way.confidence.clone(),
    }
}

/// Items that count by another way than their own, with what that way came to.
pub(super) fn counted_elsewhere(requirements: &indexed::Map<RequirementResult>) -> BTreeMap<&str, Verdict> {
    let elsewhere = requirements.values().filter(|r| r.taken != OWN);
    let items = elsewhere.flat_map(|r| {
        let own = r.ways.iter().filter(|w| w.route == OWN);
        own.flat_map(move |w| w.units.iter().map(move |id| (id.as_str(), r.verdict)))
    });
    items.collect()
}
