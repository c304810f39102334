//! One unit on one sample, or over all samples: what comes before the first attempt, the attempts, the verdict.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use assay_model::journal::{Ref, kind};
use assay_model::{Deadline, Fault, Reason, ReasonClass, Verdict};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::attempt::{Attempt, Log, RunCx, Sample};
use super::event::RunEvent;
use super::step::note;
use super::template::fill;
use crate::judge::{Decision, Judgement, Rule, applies, judge, step_name, step_uses};
use crate::plan::{Plan, Scope as UnitScope, Unit};

/// A unit on a sample, or over all.
pub(super) struct Case {
    pub(super) cx: Arc<RunCx>,
    pub(super) plan: Arc<Plan>,
    pub(super) unit: Arc<Unit>,
    pub(super) rule: Arc<Rule>,
    pub(super) sample: Option<Arc<Sample>>,
    /// Attempts of an earlier part of the run.
    pub(super) attempted: u32,
}

impl Case {
    /// Runs it to its verdict. Every way out sets one.
    pub(super) async fn run(self) -> Verdict {
        let about = Ref { unit: Some(self.unit.id.clone()), sample: self.sample_id(), ..Ref::default() };
        let log = Log::new(&self.cx, about.clone());
        self.cx.tell(RunEvent::UnitStarted {
            unit: self.unit.id.clone(),
            title: self.unit.title.clone(),
            sample: self.sample_id(),
        });
        let need = self.least_samples();
        let (have, least) = (self.cx.samples.len() as u64, need.as_ref().ok().copied().flatten());
        let start = json!({"plan": self.plan.name, "samples": have, "least_samples": least});
        log.put(kind::CASE_START, about.clone(), start);
        let too_few = least.filter(|least| have < *least).map(|least| (have, least));

        let mut attempts = self.attempted;
        let verdict = match self.before(need, too_few).await {
            Err(decision) => self.conclude(&log, &without_attempt(decision)),
            Ok(()) => loop {
                attempts += 1;
                let why = match attempts - self.attempted {
                    1 if self.attempted > 0 => "the run was resumed",
                    1 => "first",
                    _ => "the attempt before ended ERROR",
                };
                let about = Ref { attempt: Some(attempts), ..about.clone() };
                let log = Log::new(&self.cx, about.clone());
                log.put(kind::ATTEMPT_START, about, json!({"why": why}));
                let verdict = self.attempt(&log, too_few).await;
                let again = verdict == Verdict::Error && attempts - self.attempted <= self.unit.retries;
                if !again || self.cx.cancel.is_cancelled() || self.unusable().is_some() {
                    break verdict;
                }
            },
        };
        log.put(kind::CASE_END, about, json!({"verdict": verdict, "attempts": attempts}));
        verdict
    }

    fn sample_id(&self) -> Option<String> {
        self.sample.as_ref().map(|s| s.id.clone())
    }

    /// Samples that the unit touches.
    fn samples(&self) -> Vec<Arc<Sample>> {
        self.sample.as_ref().map_or_else(|| self.cx.samples.clone(), |sample| vec![sample.clone()])
    }

    fn unusable(&self) -> Option<Fault> {
        self.samples().iter().find_map(|sample| sample.unusable.get().cloned())
    }

    fn scope(&self) -> crate::expr::Scope {
        let sample = self.sample_id();
        self.cx.scope(|scopes| scopes.of(&self.plan.name, &self.plan.params, sample.as_deref(), self.rule.over_samples))
    }

    fn least_samples(&self) -> Result<Option<u64>, Fault> {
        let Some(template) = &self.unit.min_samples else { return Ok(None) };
        let value =
            fill(template, &self.scope()).map_err(|e| Fault::plan("not-evaluated", format!("`samples`: {e}")))?;
        let least = value.as_u64().or_else(|| value.as_f64().filter(|f| *f >= 0.0).map(|f| f.ceil() as u64));
        least.map(Some).ok_or_else(|| Fault::plan("not-evaluated", format!("`samples` gives {value}, not a number")))
    }

    /// Everything that decides without an attempt.
    async fn before(&self, need: Result<Option<u64>, Fault>, too_few: Option<(u64, u64)>) -> Result<(), Decision> {
        if let Some(fault) = self.unusable() {
            return Err(Decision::fault(&fault));
        }
        need.map_err(|fault| Decision::fault(&fault))?;
        if let Some(when) = &self.unit.when {
            self.share(&when.names().into_iter().collect()).await?;
            let applies = applies(when, &self.scope()).map_err(|fault| Decision::fault(&fault))?;
            applies.map_err(|reason| Decision::of(Verdict::NotApplicable, "applicability", reason))?;
        }
        if let (UnitScope::Samples, Some((have, least))) = (self.unit.scope, too_few) {
            let text = format!("{have} of at least {least} samples were available");
            let reason = Reason::new(ReasonClass::Evidence, "too-few-samples", text);
            return Err(Decision::of(Verdict::Inconclusive, "samples", reason));
        }
        self.share(&self.rule.uses).await
    }

    /// Runs the shared steps that are named and have not run yet, on every sample at once.
    async fn share(&self, uses: &BTreeSet<String>) -> Result<(), Decision> {
        let needed = needed(&self.plan, uses);
        let mut tasks = JoinSet::new();
        let samples: Vec<Option<Arc<Sample>>> =
            if self.cx.samples.is_empty() { vec![None] } else { self.samples().into_iter().map(Some).collect() };
        for sample in samples {
            let (cx, plan, needed) = (self.cx.clone(), self.plan.clone(), needed.clone());
            let limit = self.unit.deadline;
            tasks.spawn(async move {
                let id = sample.as_ref().map(|s| s.id.clone());
                let log = Log::new(&cx, Ref { sample: id.clone(), ..Ref::default() });
                for at in needed {
                    let step = &plan.shared[at];
                    let known = cx.scopes.read().unwrap_or_else(PoisonError::into_inner).has_shared(
                        &plan.name,
                        &step_name(step),
                        id.as_deref().unwrap_or_default(),
                    );
                    if known || cx.cancel.is_cancelled() {
                        continue;
                    }
                    let scope = cx.scope(|scopes| scopes.of(&plan.name, &plan.params, id.as_deref(), false));
                    let attempt = Attempt { cx: cx.clone(), log: log.clone(), sample: sample.clone() };
                    let until = Deadline::after(step.deadline.unwrap_or(limit));
                    attempt.shared(&plan.name, step, &scope, until).await;
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            if let Err(error) = done {
                let fault = Fault::adapter("step-panicked", format!("a shared step: {error}"));
                return Err(Decision::fault(&fault));
            }
        }
        let sample = self.sample_id();
        let scopes = self.cx.scopes.read().unwrap_or_else(PoisonError::into_inner);
        match scopes.shared_fault(&self.plan.name, uses, sample.as_deref()) {
            Some(fault) => Err(Decision::fault(&fault)),
            None => Ok(()),
        }
    }

    async fn attempt(&self, log: &Arc<Log>, too_few: Option<(u64, u64)>) -> Verdict {
        let scope = self.scope();
        let attempt = Attempt { cx: self.cx.clone(), log: log.clone(), sample: self.sample.clone() };
        if let Some(fault) = attempt.run(&self.unit, &scope).await {
            self.quarantine(&fault);
        }
        let mut record = log.attempt();
        let sample = self.sample_id();
        self.cx.scopes.read().unwrap_or_else(PoisonError::into_inner).inherit(
            &mut record,
            &self.plan.name,
            &self.rule.uses,
            sample.as_deref(),
        );
        let rule = self.rule.clone();
        let judged = tokio::task::spawn_blocking(move || judge(&rule, &scope, &record, too_few));
        let judgement = judged.await.unwrap_or_else(|error| {
            let fault = Fault::adapter("judge-panicked", error.to_string());
            without_attempt(Decision::fault(&fault))
        });
        self.conclude(log, &judgement)
    }

    /// A DUT that cannot be brought back is not used again.
    fn quarantine(&self, fault: &Fault) {
        for sample in self.samples() {
            let text =
                format!("{} was not brought back to its state after {}: {}", sample.id, self.unit.id, fault.text);
            let fault = Fault::bench("quarantined", text.clone())
                .with_help("bring the DUT to its initial state by hand and resume the run");
            if sample.unusable.set(fault).is_ok() {
                let about = Ref { sample: Some(sample.id.clone()), unit: Some(self.unit.id.clone()), ..Ref::default() };
                self.cx.sender.append(note(kind::BENCH_QUARANTINED, about, json!({"why": text})));
                self.cx.tell(RunEvent::Note { text: self.cx.vault.redact_str(&text).into_owned() });
            }
        }
    }

    fn conclude(&self, log: &Log, judgement: &Judgement) -> Verdict {
        for control in &judgement.controls {
            log.put(kind::CONTROL_RESULT, log.about.clone(), json!({"control": control}));
        }
        for expectation in &judgement.expectations {
            log.put(kind::ASSERT_EVALUATED, log.about.clone(), json!({"expectation": expectation}));
        }
        let decision = &judgement.decision;
        let data = json!({
            "verdict": decision.verdict,
            "rule": decision.rule,
            "reasons": decision.reasons,
            "remarks": judgement.remarks,
            "manual": judgement.manual,
        });
        log.put(kind::VERDICT_SET, log.about.clone(), data);
        let redacted =
            |reason: &Reason| Reason { text: self.cx.vault.redact_str(&reason.text).into_owned(), ..reason.clone() };
        self.cx.tell(RunEvent::UnitEnded {
            unit: self.unit.id.clone(),
            sample: self.sample_id(),
            verdict: decision.verdict,
            reasons: decision.reasons.iter().map(redacted).collect(),
            attempts: log.about.attempt.unwrap_or(0),
        });
        decision.verdict
    }
}

fn without_attempt(decision: Decision) -> Judgement {
    Judgement { decision, controls: Vec::new(), expectations: Vec::new(), remarks: Vec::new(), manual: None }
}

/// Which shared steps a unit rests on, in the order of the plan: those it names, and those that these name.
fn needed(plan: &Plan, uses: &BTreeSet<String>) -> Vec<usize> {
    let mut uses = uses.clone();
    let mut wanted = Vec::new();
    for (at, step) in plan.shared.iter().enumerate().rev() {
        if step.name.as_ref().is_some_and(|name| uses.contains(name)) {
            let mut more = Vec::new();
            step_uses(step, &mut more);
            uses.extend(more);
            wanted.push(at);
        }
    }
    wanted.reverse();
    wanted
}

/// What `run.start` says of a unit: enough to report it, and to judge it again without the plan's file.
pub(super) fn unit_facts(unit: &Unit, plan: &Plan, rule: &Rule) -> Value {
    json!({
        "id": unit.id,
        "plan": plan.name,
        "title": unit.title,
        "question": unit.question,
        "class": unit.class.word(),
        "effect": unit.effect,
        "scope": if unit.scope == UnitScope::Samples { "samples" } else { "each" },
        "catalogue": unit.catalogue,
        "also": unit.also.iter().map(|(id, entry)| json!({"id": id, "catalogue": entry})).collect::<Vec<_>>(),
        "deselected": unit.deselected,
        "rule": rule.to_json(),
    })
}
