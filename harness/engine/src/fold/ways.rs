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
    let verdict_of = |id: &String| units.get(id).map_or(Verdict::NotRun, UnitResult::effective);
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ways() -> Vec<Way> {
        let way = |route: &str, units: &[&str]| Way {
            requirement: "R-1".into(),
            choice: "passwords".into(),
            route: route.into(),
            title: route.into(),
            conditions: Vec::new(),
            units: units.iter().map(|&u| u.to_owned()).collect(),
            confidence: "primary".into(),
        };
        vec![way(OWN, &["R-1.1", "R-1.2"]), way("etsi", &["5.1-1-1 a"]), way("label", &["label"])]
    }

    fn units(verdicts: &[(&str, &str)]) -> indexed::Map<UnitResult> {
        let unit = |verdict: &str| {
            let unit = json!({"verdict": verdict, "title": "", "question": "", "plan": "p", "class": "automated",
                              "effect": "passive", "samples": {}});
            serde_json::from_value(unit).expect("a unit")
        };
        verdicts.iter().map(|(id, verdict)| ((*id).to_owned(), unit(verdict))).collect()
    }

    fn routes(requirement: &RequirementResult) -> Vec<(&str, Verdict, bool)> {
        requirement.ways.iter().map(|w| (w.route.as_str(), w.verdict, w.taken)).collect()
    }

    #[test]
    fn every_way_is_looked_at_and_the_items_count_where_the_dossier_takes_none() {
        let units = units(&[("R-1.1", "PASS"), ("R-1.2", "FAIL"), ("label", "PASS")]);
        let found = requirements(&ways(), &json!({}), &units);
        let one = found.get("R-1").expect("it has an item in the run");
        assert_eq!((one.taken.as_str(), one.verdict), (OWN, Verdict::Fail));
        let expected = [(OWN, Verdict::Fail, true), ("etsi", Verdict::NotRun, false), ("label", Verdict::Pass, false)];
        assert_eq!(routes(one), expected);
        assert!(one.ways[0].text.contains("R-1.2") && one.ways[1].text.contains("5.1-1-1 a"), "{one:?}");
        assert!(counted_elsewhere(&found).is_empty());
    }

    #[test]
    fn a_way_that_is_taken_carries_the_items_and_none_passes_by_accident() {
        let product = json!({"routes": {"passwords": "label"}});
        let of = |label: &str| {
            let units = units(&[("R-1.1", "PASS"), ("R-1.2", "FAIL"), ("label", label)]);
            requirements(&ways(), &product, &units)
        };
        let met = of("PASS");
        assert_eq!(counted_elsewhere(&met), BTreeMap::from([("R-1.1", Verdict::Pass), ("R-1.2", Verdict::Pass)]));
        for bad in ["FAIL", "INCONCLUSIVE", "ERROR", "NOT_RUN", "NOT_APPLICABLE"] {
            let found = of(bad);
            assert!(counted_elsewhere(&found).values().all(|v| *v != Verdict::Pass), "{bad}");
        }
        // A way that no catalogue has is met by nothing.
        let units = units(&[("R-1.1", "PASS"), ("R-1.2", "PASS")]);
        let found = requirements(&ways(), &json!({"routes": {"passwords": "hearsay"}}), &units);
        assert_eq!(found.get("R-1").expect("there").verdict, Verdict::NotRun);
    }

    #[test]
    fn a_run_without_an_item_of_a_requirement_says_nothing_of_it() {
        assert!(requirements(&ways(), &json!({}), &units(&[("label", "PASS")])).is_empty());
    }
}
