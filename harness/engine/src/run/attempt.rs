//! One attempt of a unit: controls, steps, controls again, clean-up.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use assay_model::journal::{Ref, kind};
use assay_model::{AddressBook, Deadline, Dut, Effect, Fault, Limits, OpenBench, Recorder, Touches};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use super::ask::run_ask;
use super::cancel::Cancel;
use super::dispatcher::Sender;
use super::event::RunEvent;
use super::evidence::{StepRecorder, Store};
use super::options::Record;
use super::scope::Scopes;
use super::step::{Site, StepEnd, about, run_check};
use super::template::fill;
use crate::expr::Scope;
use crate::journal::Entry;
use crate::judge::{Collector, control_holds, phase, step_name};
use crate::plan::{Action, Answers, Step, Unit};
use crate::redact::Vault;

/// Longest clean-up, whatever the unit's deadline.
const CLEAN_UP: Duration = Duration::from_secs(60);
/// Most turns of one loop.
const MOST_TURNS: usize = 10_000;

/// What all units of a run share.
pub(super) struct RunCx {
    pub(super) vault: Arc<Vault>,
    pub(super) sender: Sender,
    pub(super) store: Arc<Store>,
    pub(super) events: broadcast::Sender<RunEvent>,
    pub(super) cancel: Cancel,
    pub(super) bench: Option<Arc<dyn OpenBench>>,
    pub(super) addresses: Arc<AddressBook>,
    pub(super) limits: Limits,
    pub(super) samples: Vec<Arc<Sample>>,
    pub(super) scopes: RwLock<Scopes>,
    pub(super) answers: Option<Answers>,
    /// Who runs this.
    pub(super) operator: Option<String>,
    pub(super) ways: Touches,
    pub(super) record: Option<Record>,
    pub(super) prompt: tokio::sync::Mutex<()>,
    /// What `once` controls observed: by check and parameters, the data of their observation.
    pub(super) asked_once: tokio::sync::Mutex<HashMap<String, Value>>,
}

/// A sample on its bench.
pub(super) struct Sample {
    pub(super) id: String,
    pub(super) dut: Arc<Dut>,
    /// Unrecorded.
    pub(super) touches: Touches,
    /// What streams of the whole run are recorded with.
    pub(super) recorder: Arc<StepRecorder>,
    /// Why it cannot be used: its ways could not be opened, or it could not be brought back to its state.
    pub(super) unusable: OnceLock<Fault>,
}

impl RunCx {
    pub(super) fn tell(&self, event: RunEvent) {
        let _ = self.events.send(event); // nobody may be listening
    }

    /// Registers a secret, and says so in the journal where it is new.
    pub(super) fn register(&self, kind: &str, value: &str) {
        if let (_, Some(entry)) = self.vault.register_new(kind, value) {
            let data = serde_json::to_value(entry).unwrap_or_default();
            self.sender.append(Entry::tool(kind::REDACTION_APPLIED, Ref::default(), data));
        }
    }

    /// Ways of touching a sample, behind the recording seam.
    pub(super) fn recorded(&self, sample: Option<&Sample>, recorder: Arc<dyn Recorder>) -> Touches {
        match (sample, &self.bench, self.record) {
            (Some(sample), Some(bench), _) => bench.recorded(&sample.touches, recorder),
            (None, Some(bench), _) => bench.recorded(&self.ways, recorder),
            (_, None, Some(record)) => record(&self.ways, recorder),
            (_, None, None) => Touches::default(),
        }
    }

    pub(super) fn scope(&self, read: impl FnOnce(&Scopes) -> Scope) -> Scope {
        read(&self.scopes.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Where a unit's lines go: to the journal, and to the collector that the judge reads. Both get the same.
pub(super) struct Log {
    pub(super) cx: Arc<RunCx>,
    pub(super) about: Ref,
    collector: Mutex<Collector>,
}

impl Log {
    pub(super) fn new(cx: &Arc<RunCx>, about: Ref) -> Arc<Self> {
        Arc::new(Self { cx: cx.clone(), about, collector: Mutex::default() })
    }

    pub(super) fn put(&self, kind: &'static str, about: Ref, data: Value) {
        self.put_entry(Entry::tool(kind, about, data));
    }

    pub(super) fn put_entry(&self, entry: Entry) {
        let entry = Entry { data: self.cx.vault.redact_json(entry.data), ..entry };
        self.collector.lock().unwrap_or_else(PoisonError::into_inner).take(entry.kind, &entry.about, &entry.data);
        if entry.data["phase"] == phase::SHARED {
            let mut scopes = self.cx.scopes.write().unwrap_or_else(PoisonError::into_inner);
            scopes.take(entry.kind, &entry.about, &entry.data);
        }
        self.cx.sender.append(entry);
    }

    pub(super) fn attempt(&self) -> crate::judge::AttemptRecord {
        self.collector.lock().unwrap_or_else(PoisonError::into_inner).attempt()
    }
}

/// Runs one attempt; everything that it did is in the log afterwards.
pub(super) struct Attempt {
    pub(super) cx: Arc<RunCx>,
    pub(super) log: Arc<Log>,
    pub(super) sample: Option<Arc<Sample>>,
}

impl Attempt {
    /// Controls, steps, controls, clean-up. Returns the fault of a clean-up that failed.
    pub(super) async fn run(&self, unit: &Unit, scope: &Scope) -> Option<Fault> {
        let until = Deadline::after(unit.deadline);
        if self.controls(unit, scope, until, phase::BEFORE).await {
            let mut scope = scope.clone();
            let site = Site { phase: phase::STEP, ..Site::default() };
            if self.steps(&unit.steps, &mut scope, &site, 0, until).await.is_ok() {
                self.controls(unit, &scope, until, phase::AFTER).await;
            }
        } else if !self.cx.cancel.is_cancelled() {
            let data = json!({"phase": phase::STEP, "left_out": true});
            self.log.put(kind::STEP_START, self.log.about.clone(), data);
        }
        self.clean_up(unit, scope).await
    }

    /// Asks the controls. False where the steps must be left out: nothing they could show would count.
    async fn controls(&self, unit: &Unit, scope: &Scope, until: Deadline, when: &'static str) -> bool {
        let mut all_held = true;
        for (index, control) in unit.control.iter().enumerate() {
            let site = Site { phase: when, control: Some(index), ..Site::default() };
            let end = if control.once {
                self.asked_once(&control.step, scope, &site, until).await
            } else {
                self.step(&control.step, scope, &site, 0, until).await
            };
            let seen = match end {
                Some(StepEnd::Seen(seen)) => seen,
                Some(StepEnd::Interrupted | StepEnd::Stopped) => return false,
                Some(StepEnd::Faulted(_) | StepEnd::Unanswered) => return false,
                None => Value::Null, // left out by its `unless`
            };
            let held = control_holds(&control.expect, &step_name(&control.step), &seen, scope);
            all_held &= held == Ok(true);
        }
        // A violation stands against a control that fails afterwards, because it was recorded while the DUT was alive; of a
        // DUT that was never seen alive nothing is recorded.
        all_held
    }

    /// A control on the reference target: the first answer of the run serves all who ask the same. Waiting askers wait
    /// for that one answer, because two at once could disturb each other on the one target.
    async fn asked_once(&self, step: &Step, scope: &Scope, site: &Site, until: Deadline) -> Option<StepEnd> {
        let Action::Check { check, with } = &step.action else {
            return self.step(step, scope, site, 0, until).await;
        };
        let Ok(params) = fill(with, scope) else { return self.step(step, scope, site, 0, until).await };
        let key = format!("{} {params}", check.info().name);
        let mut asked = self.cx.asked_once.lock().await;
        if let Some(seen) = asked.get(&key) {
            let data = site.data(step, json!({"observation": seen, "asked_before": true}));
            self.log.put(kind::OBSERVATION, about(&self.log, step, self.sample.as_deref()), data);
            return Some(StepEnd::Seen(seen.clone()));
        }
        // The target is the harness's own, so any sample's ways of touching serve.
        let sample = self.sample.clone().or_else(|| self.cx.samples.first().cloned());
        let end = self.once(step, scope, site, 0, sample, until).await;
        if let Some(StepEnd::Seen(seen)) = &end {
            asked.insert(key, seen.clone());
        }
        end
    }

    /// Runs steps in order until one ends otherwise than with an observation. `first_loop` is the number of the first
    /// loop among them, counted over the unit.
    async fn steps(
        &self,
        steps: &[Step],
        scope: &mut Scope,
        site: &Site,
        first_loop: usize,
        until: Deadline,
    ) -> Result<(), StepEnd> {
        let mut next_loop = first_loop;
        for step in steps {
            let this_loop = next_loop;
            next_loop += loops_in(std::slice::from_ref(step));
            match self.inner_step(step, scope, site, this_loop, until).await {
                Some(StepEnd::Seen(seen)) => {
                    if let Some(name) = &step.name {
                        scope.insert(name.clone(), seen);
                    }
                }
                Some(other) => return Err(other),
                None => {
                    if let Some(name) = &step.name {
                        scope.insert(name.clone(), Value::Null);
                    }
                }
            }
        }
        Ok(())
    }

    /// [`Attempt::step`], boxed: steps hold loops, and loops hold steps.
    fn inner_step<'a>(
        &'a self,
        step: &'a Step,
        scope: &'a Scope,
        site: &'a Site,
        this_loop: usize,
        until: Deadline,
    ) -> Pin<Box<dyn Future<Output = Option<StepEnd>> + Send + 'a>> {
        Box::pin(self.step(step, scope, site, this_loop, until))
    }

    /// Runs one step, whatever it is. `None`: skipped by `unless`.
    async fn step(
        &self,
        step: &Step,
        scope: &Scope,
        site: &Site,
        this_loop: usize,
        until: Deadline,
    ) -> Option<StepEnd> {
        if site.phase != phase::FINALLY && self.cx.cancel.is_cancelled() {
            let data = json!({"phase": phase::STEP, "interrupted": true});
            self.log.put(kind::STEP_START, self.log.about.clone(), data);
            return Some(StepEnd::Interrupted);
        }
        let samples: Vec<Option<Arc<Sample>>> = if step.per_sample && self.sample.is_none() {
            self.cx.samples.iter().cloned().map(Some).collect()
        } else {
            return self.once(step, scope, site, this_loop, self.sample.clone(), until).await;
        };
        self.on_each_sample(step, scope, site, samples, until).await
    }

    /// A step of a cross-sample unit on each sample at once; the observation is the list in sample order.
    async fn on_each_sample(
        &self,
        step: &Step,
        scope: &Scope,
        site: &Site,
        samples: Vec<Option<Arc<Sample>>>,
        until: Deadline,
    ) -> Option<StepEnd> {
        let count = samples.len();
        let mut seen = vec![Value::Null; count];
        let mut tasks = JoinSet::new();
        for (at, sample) in samples.into_iter().enumerate() {
            let mut scope = scope.clone();
            if let Some(dut) = sample
                .as_ref()
                .and_then(|s| self.cx.scopes.read().unwrap_or_else(PoisonError::into_inner).dut(&s.id).cloned())
            {
                scope.insert("dut".into(), dut);
            }
            let site = Site { of_samples: Some((at, count)), ..site.clone() };
            let this = Self { cx: self.cx.clone(), log: self.log.clone(), sample: None };
            let step = step.clone();
            tasks.spawn(async move { (at, this.once(&step, &scope, &site, 0, sample, until).await) });
        }
        let mut worst = None;
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok((at, Some(StepEnd::Seen(value)))) => seen[at] = value,
                Ok((_, None)) => {}
                Ok((_, Some(other))) => worst = worst.or(Some(other)),
                Err(error) => {
                    let fault = Fault::adapter("step-panicked", error.to_string());
                    let data = site.data(step, json!({"fault": fault}));
                    self.log.put(kind::INFRA_FAULT, about(&self.log, step, None), data);
                    worst = Some(StepEnd::Faulted(fault));
                }
            }
        }
        Some(worst.unwrap_or(StepEnd::Seen(Value::Array(seen))))
    }

    async fn once(
        &self,
        step: &Step,
        scope: &Scope,
        site: &Site,
        this_loop: usize,
        sample: Option<Arc<Sample>>,
        until: Deadline,
    ) -> Option<StepEnd> {
        if let Some(unless) = &step.unless {
            match unless.eval(scope) {
                Ok(Value::Bool(false)) => {}
                Ok(Value::Bool(true)) => {
                    let what = match &step.action {
                        Action::ForEach { .. } => json!({"skipped": unless.source, "loop": this_loop}),
                        _ => json!({"skipped": unless.source}),
                    };
                    let data = site.data(step, what);
                    self.log.put(kind::STEP_START, about(&self.log, step, sample.as_deref()), data);
                    return None;
                }
                Ok(other) => {
                    let text = format!("`unless: {}` gives {other}, not true or false", unless.source);
                    return Some(self.plan_fault(step, site, sample.as_deref(), text));
                }
                Err(error) => return Some(self.plan_fault(step, site, sample.as_deref(), format!("unless: {error}"))),
            }
        }
        Some(match &step.action {
            Action::Check { check, with } => {
                run_check(&self.log, site, step, (check, with), scope, sample.as_ref(), until).await
            }
            Action::Ask(ask) => run_ask(&self.cx, &self.log, site, (step, ask), scope, sample.as_ref(), until).await,
            Action::ForEach { variable, over, steps } => {
                self.for_each(step, (variable, over, steps), scope, site, this_loop, until).await
            }
        })
    }

    async fn for_each(
        &self,
        step: &Step,
        (variable, over, steps): (&str, &crate::expr::Expr, &[Step]),
        scope: &Scope,
        site: &Site,
        this_loop: usize,
        until: Deadline,
    ) -> StepEnd {
        let rows = match over.eval(scope) {
            Ok(Value::Array(rows)) if rows.len() <= MOST_TURNS => rows,
            Ok(Value::Array(rows)) => {
                let text = format!("`{}` has {} rows; at most {MOST_TURNS} are gone through", over.source, rows.len());
                return self.plan_fault(step, site, None, text);
            }
            Ok(_) => return self.plan_fault(step, site, None, format!("`{}` is no list", over.source)),
            Err(error) => return self.plan_fault(step, site, None, format!("for_each: {error}")),
        };
        let turns = json!({"loop": this_loop, "variable": variable, "rows": rows, "over": over.source});
        self.log.put(kind::STEP_START, about(&self.log, step, None), site.data(step, turns));
        for (turn, row) in rows.into_iter().enumerate() {
            let mut scope = scope.clone();
            scope.insert(variable.to_owned(), row);
            let mut site = site.clone();
            site.turn.push((this_loop, turn));
            if let Err(end) = self.steps(steps, &mut scope, &site, this_loop + 1, until).await {
                return end;
            }
        }
        StepEnd::Seen(Value::Null)
    }

    fn plan_fault(&self, step: &Step, site: &Site, sample: Option<&Sample>, text: String) -> StepEnd {
        let fault = Fault::plan("not-evaluated", text);
        let data = site.data(step, json!({"fault": fault}));
        self.log.put(kind::INFRA_FAULT, about(&self.log, step, sample), data);
        StepEnd::Faulted(fault)
    }

    /// Every step of `finally`, even where one fails; not after a second Ctrl-C.
    async fn clean_up(&self, unit: &Unit, scope: &Scope) -> Option<Fault> {
        let until = Deadline::after(unit.deadline.min(CLEAN_UP));
        let mut scope = scope.clone();
        scope.extend(self.log.attempt().bindings);
        let mut failed = None;
        for step in &unit.finally {
            if self.cx.cancel.is_aborted() {
                break;
            }
            let site = Site { phase: phase::FINALLY, ..Site::default() };
            if let Some(StepEnd::Faulted(fault)) = self.step(step, &scope, &site, 0, until).await {
                failed = failed.or(Some(fault));
            }
        }
        failed.filter(|_| unit.effect >= Effect::Disruptive)
    }

    /// Runs a shared step on the sample.
    pub(super) async fn shared(&self, plan: &str, step: &Step, scope: &Scope, until: Deadline) {
        let site = Site { phase: phase::SHARED, plan: Some(plan.to_owned()), ..Site::default() };
        self.step(step, scope, &site, 0, until).await;
    }
}

fn loops_in(steps: &[Step]) -> usize {
    let own = |step: &Step| match &step.action {
        Action::ForEach { steps, .. } => 1 + loops_in(steps),
        _ => 0,
    };
    steps.iter().map(own).sum()
}
