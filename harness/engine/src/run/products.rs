//! The products of a survey in the place of samples: bound from the list, in work a few at once, one after the other
//! through all units.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError};

use assay_model::journal::{Ref, kind};
use assay_model::results::{Counts, LISTED};
use assay_model::{Dut, Touches};
use serde_json::json;
use tokio::task::JoinSet;

use super::attempt::{RunCx, Sample};
use super::case::Case;
use super::event::RunEvent;
use super::evidence::{StepRecorder, Store};
use super::scope::Scopes;
use super::session::Session;
use super::step::note;
use crate::fold::Progressed;
use crate::judge::Rule;
use crate::plan::{Listed, Plan, Survey};

/// Binds each product under its id.
pub(super) fn bind(survey: &Survey, store: &Arc<Store>, scopes: &mut Scopes) -> Vec<Arc<Sample>> {
    let bound = survey.products.iter().map(|listed| {
        let about = Ref { sample: Some(listed.id.clone()), ..Ref::default() };
        let label = ["manufacturer", "name", "model", "type"]
            .into_iter()
            .filter_map(|key| Some((key.to_owned(), listed.product.get(key)?.clone())))
            .filter(|(_, value)| value != "")
            .collect::<BTreeMap<_, _>>();
        let dut = Dut { id: listed.id.clone(), label, ..Dut::default() };
        let data = store.vault.redact_json(json!({
            "dut": dut,
            "origin": {"kind": LISTED, "line": listed.line},
            "product": listed.product,
        }));
        scopes.take(kind::SAMPLE_BIND, &about, &data);
        store.sender.append(note(kind::SAMPLE_BIND, about.clone(), data));
        let recorder = StepRecorder::new(store.clone(), about);
        let id = listed.id.clone();
        Arc::new(Sample { id, dut: Arc::new(dut), touches: Touches::default(), recorder, unusable: OnceLock::new() })
    });
    bound.collect()
}

/// The order of work: makers in turn, so that one host's pauses do not hold up the others.
fn in_turn(products: &[Listed]) -> Vec<usize> {
    let mut makers: Vec<(&str, Vec<usize>)> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, listed) in products.iter().enumerate() {
        let maker = listed.product["manufacturer"].as_str().unwrap_or_default();
        let group = *known.entry(maker).or_insert_with(|| {
            makers.push((maker, Vec::new()));
            makers.len() - 1
        });
        makers[group].1.push(at);
    }
    let longest = makers.iter().map(|(_, of)| of.len()).max().unwrap_or(0);
    (0..longest).flat_map(|turn| makers.iter().filter_map(move |(_, of)| of.get(turn).copied())).collect()
}

impl Session {
    /// Runs every unit of the plan on each product.
    pub(super) async fn products(&self, cx: &Arc<RunCx>, plan: &Arc<Plan>, survey: &Survey, progressed: &Progressed) {
        let units: Vec<_> = plan
            .units
            .iter()
            .filter(|unit| unit.deselected.is_none())
            .map(|unit| (Arc::new(unit.clone()), Arc::new(Rule::of(unit))))
            .collect();
        let units = Arc::new(units);
        let mut waiting = in_turn(&survey.products).into_iter().filter_map(|at| cx.samples.get(at).cloned());
        let mut working = JoinSet::new();
        loop {
            while working.len() < survey.at_once && !cx.cancel.is_cancelled() {
                let Some(sample) = waiting.next() else { break };
                let cases: Vec<Case> = units
                    .iter()
                    .filter(|(unit, _)| !progressed.is_done(&unit.id, Some(&sample.id)))
                    .map(|(unit, rule)| Case {
                        cx: cx.clone(),
                        plan: plan.clone(),
                        unit: unit.clone(),
                        rule: rule.clone(),
                        sample: Some(sample.clone()),
                        attempted: progressed.attempts(&unit.id, Some(&sample.id)),
                    })
                    .collect();
                let cx = cx.clone();
                working.spawn(async move {
                    let (mut broken, mut counts) = (Vec::new(), Counts::default());
                    for case in cases {
                        if cx.cancel.is_cancelled() {
                            break;
                        }
                        let unit = case.unit.id.clone();
                        match tokio::spawn(case.run()).await {
                            Ok(verdict) => counts.add(verdict),
                            Err(error) => broken.push((unit, error)),
                        }
                    }
                    cx.tell(RunEvent::ProductEnded { product: sample.id.clone(), counts });
                    // What was observed of a product serves no other.
                    cx.scopes.write().unwrap_or_else(PoisonError::into_inner).forget(&sample.id);
                    (sample.id.clone(), broken)
                });
            }
            let Some(done) = working.join_next().await else { break };
            if let Ok((id, broken)) = done {
                for (unit, error) in broken {
                    self.set_panicked(&unit, &plan.name, Some(id.clone()), &error);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_take_turns_and_nobody_is_left_out() {
        let of = |maker: &str| Listed { id: String::new(), line: 0, product: json!({"manufacturer": maker}) };
        let list = ["a", "a", "a", "b", "c", "b"].map(of);
        assert_eq!(in_turn(&list), [0, 3, 4, 1, 5, 2]);
        assert!(in_turn(&[]).is_empty());
    }
}
