//! Judging a pack again: the recorded observations against the same plan, or against a newer one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use assay_model::journal::{Line, kind};
use assay_model::{Transition, Verdict};
use serde::Serialize;
use serde_json::{Map, Value};

use super::cases::{Key, key_of};
use crate::expr::{Expr, Scope};
use crate::journal::{JournalError, read};
use crate::judge::{Collector, Decision, Rule, applies, judge, rebuild_expressions};
use crate::plan::ResolvedRun;
use crate::run::Scopes;

/// A pack could not be judged again.
#[derive(Debug, thiserror::Error)]
pub enum RejudgeError {
    /// Its journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An expression of the recorded plan cannot be compiled by this version.
    #[error("unit {unit}: the recorded expression `{source_text}` cannot be compiled by this version")]
    Expression {
        /// The unit.
        unit: String,
        /// The expression.
        source_text: String,
    },
}

/// A verdict that comes out differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The unit.
    pub unit: String,
    /// The sample; absent over all.
    pub sample: Option<String>,
    /// As recorded.
    pub old: Option<Verdict>,
    /// As judged now; absent where it cannot be: the newer plan does not have the unit, or nothing was observed.
    pub new: Option<Verdict>,
    /// What that is called: the words of a comparison of two packs.
    pub transition: Transition,
    /// Why it is so now.
    pub text: String,
}

struct Judged {
    rule: Arc<Rule>,
    plan: String,
    params: Arc<Map<String, Value>>,
}

/// What was recorded of a case, kept only until its verdict is judged again.
struct Open {
    scopes: Arc<Scopes>,
    collector: Collector,
    attempted: bool,
    too_few: Option<(u64, u64)>,
    verdict: Option<Verdict>,
    /// The verdict rests on something that no plan can change: a fault before the first attempt.
    fixed: bool,
}

/// Judges every finished case of a run's folder again. Empty where nothing changes.
///
/// Without `newer` the plan is the recorded one: then nothing may change, or the record and this version disagree.
///
/// # Errors
/// See [`RejudgeError`].
pub fn rejudge(folder: &Path, newer: Option<&ResolvedRun>) -> Result<Vec<Change>, RejudgeError> {
    let mut again = Again { newer: newer.map(rules_of), ..Again::default() };
    let mut failed = None;
    read(&folder.join("journal").join("journal.jsonl"), |line| {
        if failed.is_none() {
            failed = again.take(&line).err();
        }
    })?;
    failed.map_or(Ok(()), Err)?;
    let unseen = again.unseen();
    Ok(again.done.into_values().filter(|change| change.old != change.new).chain(unseen).collect())
}

#[derive(Default)]
struct Again {
    newer: Option<BTreeMap<String, Judged>>,
    recorded: BTreeMap<String, Judged>,
    scopes: Arc<Scopes>,
    /// What only one product of a survey can name, by product.
    products: BTreeMap<String, Arc<Scopes>>,
    open: BTreeMap<Key, Open>,
    /// The last word on each case.
    done: BTreeMap<Key, Change>,
}

impl Again {
    fn take(&mut self, line: &Line) -> Result<(), RejudgeError> {
        if line.kind == kind::RUN_START {
            self.recorded = recorded_rules(&line.data)?;
        }
        let Some(key) = self.owner(line) else {
            Arc::make_mut(self.scopes_of(line)).take(&line.kind, &line.about, &line.data);
            return Ok(());
        };
        let scopes = self.scopes_of(line).clone();
        if line.kind == kind::CASE_START {
            let least = line.data["least_samples"].as_u64();
            let have = line.data["samples"].as_u64().unwrap_or(0);
            let open = Open {
                scopes,
                collector: Collector::default(),
                attempted: false,
                too_few: least.filter(|least| have < *least).map(|least| (have, least)),
                verdict: None,
                fixed: false,
            };
            self.open.insert(key, open);
            return Ok(());
        }
        let Some(open) = self.open.get_mut(&key) else { return Ok(()) };
        open.collector.take(&line.kind, &line.about, &line.data);
        match line.kind.as_str() {
            kind::ATTEMPT_START => {
                open.attempted = true;
                open.scopes = scopes; // shared observations stand by now
            }
            kind::VERDICT_SET => {
                open.verdict = serde_json::from_value(line.data["verdict"].clone()).ok();
                open.fixed = !open.attempted && line.data["rule"] != "applicability";
                if !open.attempted {
                    open.scopes = scopes;
                }
            }
            kind::CASE_END => {
                if let Some(open) = self.open.remove(&key) {
                    let change = self.judged(&key, &open);
                    self.done.insert(key, change);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What the line's case can name. A survey's products share nothing, so that each has a scope of its own and none grows
    /// with the list.
    fn scopes_of(&mut self, line: &Line) -> &mut Arc<Scopes> {
        let sample = line.about.sample.as_deref().unwrap_or_default();
        if line.kind == kind::SAMPLE_BIND && line.data.get("product").is_some() {
            let common = self.scopes.clone();
            return self.products.entry(sample.to_owned()).or_insert(common);
        }
        self.products.get_mut(sample).unwrap_or(&mut self.scopes)
    }

    fn owner(&self, line: &Line) -> Option<Key> {
        let key = key_of(&line.about)?;
        let over_all = (key.0.clone(), None);
        if line.kind != kind::CASE_START && !self.open.contains_key(&key) && self.open.contains_key(&over_all) {
            return Some(over_all);
        }
        Some(key)
    }

    /// Units of the newer plan that the recorded one did not have.
    fn unseen(&self) -> Vec<Change> {
        let newer = self.newer.iter().flatten().filter(|(unit, _)| !self.recorded.contains_key(*unit));
        let text = "nothing was observed: the run did not have this unit";
        newer
            .map(|(unit, _)| Change {
                unit: unit.clone(),
                sample: None,
                old: None,
                new: Some(Verdict::NotRun),
                transition: Transition::New,
                text: text.to_owned(),
            })
            .collect()
    }

    fn judged(&self, key: &Key, open: &Open) -> Change {
        let change = |new, text: &str| {
            let (unit, sample) = key.clone();
            let transition = Transition::of(open.verdict, new, true);
            Change { unit, sample, old: open.verdict, new, transition, text: text.to_owned() }
        };
        let Some(judged) = self.newer.as_ref().unwrap_or(&self.recorded).get(&key.0) else {
            return change(None, "the plan no longer has this unit");
        };
        if open.fixed {
            return change(open.verdict, "kept: nothing was observed");
        }
        let sample = key.1.as_deref();
        let scope = open.scopes.of(&judged.plan, &judged.params, sample, judged.rule.over_samples);
        match decide_again(judged, open, &scope, sample) {
            Some(decision) => {
                let text = decision.reasons.first().map_or("every expectation holds", |r| r.text.as_str());
                change(Some(decision.verdict), text)
            }
            None => change(None, "nothing was observed: the unit did not apply when the run was made"),
        }
    }
}

fn decide_again(judged: &Judged, open: &Open, scope: &Scope, sample: Option<&str>) -> Option<Decision> {
    if let Some(when) = &judged.rule.when {
        match applies(when, scope) {
            Err(fault) => return Some(Decision::fault(&fault)),
            Ok(Err(reason)) => return Some(Decision::of(Verdict::NotApplicable, "applicability", reason)),
            Ok(Ok(())) => {}
        }
    }
    if !open.attempted {
        return None;
    }
    let mut attempt = open.collector.attempt();
    open.scopes.inherit(&mut attempt, &judged.plan, &judged.rule.uses, sample);
    Some(judge(&judged.rule, scope, &attempt, open.too_few).decision)
}

fn rules_of(resolved: &ResolvedRun) -> BTreeMap<String, Judged> {
    let of_plan = resolved.plans.iter().flat_map(|plan| {
        let params = Arc::new(plan.params.clone());
        plan.units.iter().map(move |unit| {
            let rule = Arc::new(Rule::of(unit));
            (unit.id.clone(), Judged { rule, plan: plan.name.clone(), params: params.clone() })
        })
    });
    of_plan.collect()
}

/// The rules that `run.start` carries, compiled again.
fn recorded_rules(start: &Value) -> Result<BTreeMap<String, Judged>, RejudgeError> {
    let params_of = |plan: &str| {
        let mut plans = start["plans"].as_array().into_iter().flatten();
        let found = plans.find(|p| p["info"]["plan"] == plan);
        found.and_then(|p| p["params"].as_object().cloned()).unwrap_or_default()
    };
    let mut rules = BTreeMap::new();
    for unit in start["units"].as_array().into_iter().flatten() {
        let id = unit["id"].as_str().unwrap_or_default().to_owned();
        let plan = unit["plan"].as_str().unwrap_or_default().to_owned();
        let rule = rebuild_expressions(&unit["rule"], |source| Expr::standalone(source, "journal").ok())
            .map_err(|source_text| RejudgeError::Expression { unit: id.clone(), source_text })?;
        let params = Arc::new(params_of(&plan));
        rules.insert(id, Judged { rule: Arc::new(rule), plan, params });
    }
    Ok(rules)
}
