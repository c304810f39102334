//! One step: a check called with clear values, its observation recorded without them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_model::journal::{Ref, kind};
use assay_model::{Blame, Check, CheckContext, Deadline, Dut, Fault, Progress, SecretSink};
use serde_json::{Value, json};
use tokio::task::JoinError;

use super::attempt::{Log, RunCx, Sample};
use super::event::RunEvent;
use super::evidence::{Left, StepRecorder};
use super::template::fill;
use crate::expr::Scope;
use crate::journal::Entry;
use crate::judge::{phase, step_check, step_name};
use crate::plan::{Step, Template};

/// A check may use its whole deadline; one that does not come back by then is ended this much later.
const GRACE: Duration = Duration::from_secs(1);
/// Longest observation, as JSON.
const LARGEST_OBSERVATION_BYTES: usize = 8 << 20;

/// How a step ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum StepEnd {
    /// With an observation, redacted.
    Seen(Value),
    /// Through the lab's fault.
    Faulted(Fault),
    /// Nobody answered.
    Unanswered,
    /// The operator stopped the run.
    Stopped,
    /// By a signal.
    Interrupted,
}

/// Where a step stands in its unit: what its journal lines carry beside its reference.
#[derive(Clone, Default)]
pub(super) struct Site {
    pub(super) phase: &'static str,
    /// Which control.
    pub(super) control: Option<usize>,
    /// Loops and turns around it.
    pub(super) turn: Vec<(usize, usize)>,
    /// Place and length where it is one of a list over samples.
    pub(super) of_samples: Option<(usize, usize)>,
    /// The plan, for shared steps.
    pub(super) plan: Option<String>,
}

impl Site {
    /// The fields that every line of the step carries, and `more`.
    pub(super) fn data(&self, step: &Step, more: Value) -> Value {
        let mut data = json!({"phase": self.phase});
        if let Some(name) = &step.name {
            data["name"] = json!(name);
        }
        if let Some(control) = self.control {
            data["control"] = json!(control);
        }
        if !self.turn.is_empty() {
            data["turn"] = json!(self.turn);
        }
        if let Some((at, of)) = self.of_samples {
            data["sample_index"] = json!(at);
            data["sample_count"] = json!(of);
        }
        if let Some(plan) = &self.plan {
            data["plan"] = json!(plan);
        }
        if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
            data.extend(more);
        }
        data
    }
}

/// The reference of a step's lines.
pub(super) fn about(log: &Log, step: &Step, sample: Option<&Sample>) -> Ref {
    Ref {
        step: Some(step_name(step)),
        check: Some(step_check(step).to_owned()),
        sample: sample.map(|s| s.id.clone()).or_else(|| log.about.sample.clone()),
        ..log.about.clone()
    }
}

struct Secrets {
    cx: Arc<RunCx>,
}

impl SecretSink for Secrets {
    fn register(&self, kind: &str, value: &str) {
        self.cx.register(kind, value);
    }
}

struct Live {
    cx: Arc<RunCx>,
    about: Ref,
}

impl Progress for Live {
    fn step(&self, done: u64, total: u64, text: &str) {
        self.cx.tell(RunEvent::Progress {
            unit: self.about.unit.clone(),
            sample: self.about.sample.clone(),
            step: self.about.step.clone().unwrap_or_default(),
            done,
            total,
            text: self.cx.vault.redact_str(text).into_owned(),
        });
    }
}

/// Runs a check once and records it.
pub(super) async fn run_check(
    log: &Log,
    site: &Site,
    step: &Step,
    (check, with): (&Arc<dyn Check>, &Template),
    scope: &Scope,
    sample: Option<&Arc<Sample>>,
    until: Deadline,
) -> StepEnd {
    let cx = &log.cx;
    let about = about(log, step, sample.map(AsRef::as_ref));
    cx.tell(RunEvent::Step {
        unit: about.unit.clone(),
        sample: about.sample.clone(),
        step: about.step.clone().unwrap_or_default(),
        check: check.info().name.to_owned(),
    });
    let (params, unfilled) = match fill(with, scope) {
        Ok(params) => (cx.vault.redact_json(params), None),
        Err(error) => (Value::Null, Some(Fault::plan("not-evaluated", format!("parameters: {error}")))),
    };
    log.put(kind::STEP_START, about.clone(), site.data(step, json!({"params": params})));

    let recorder = StepRecorder::new(cx.store.clone(), about.clone());
    let (started_ns, started) = (cx.store.clock.now_ns(), Instant::now());
    let lost_before = sample.map_or(0, |s| s.recorder.dropped());
    let until = step.deadline.map_or(until, |own| until.capped(own));
    let result = match unfilled {
        Some(fault) => Ok(Err(fault)),
        None => call(cx, check, params, &about, sample, &recorder, until).await,
    };
    let mut left = recorder.finish();
    left.dropped += sample.map_or(0, |s| s.recorder.dropped()) - lost_before;
    record(cx, log, site, step, about, result, left, started_ns, started.elapsed())
}

/// Calls the check on a task of its own, so that a panic is an error of the unit and not of the run.
async fn call(
    cx: &Arc<RunCx>,
    check: &Arc<dyn Check>,
    params: Value,
    about: &Ref,
    sample: Option<&Arc<Sample>>,
    recorder: &Arc<StepRecorder>,
    until: Deadline,
) -> Result<Result<Value, Fault>, Interrupted> {
    let context = CheckContext {
        dut: sample.map_or_else(|| Arc::new(Dut::default()), |s| s.dut.clone()),
        touches: cx.recorded(sample.map(AsRef::as_ref), recorder.clone()),
        addresses: cx.addresses.clone(),
        limits: cx.limits,
        deadline: until,
        secrets: Arc::new(Secrets { cx: cx.clone() }),
        progress: Arc::new(Live { cx: cx.clone(), about: about.clone() }),
    };
    let params = cx.vault.reveal_json(params);
    let name = check.info().name;
    let check = check.clone();
    let mut task = tokio::spawn(async move { check.run(&context, params).await });
    let outcome = tokio::select! {
        outcome = &mut task => outcome.unwrap_or_else(|error| Err(panicked(name, error))),
        () = tokio::time::sleep_until((until.instant() + GRACE).into()) => {
            task.abort();
            Err(Fault::timeout(format!("check `{name}` did not come back by its deadline"))
                .with_help("raise the unit's `deadline`; if the check hangs, this is its fault"))
        }
        () = cx.cancel.aborted() => {
            task.abort();
            return Err(Interrupted);
        }
    };
    Ok(outcome.and_then(small_enough))
}

struct Interrupted;

fn panicked(name: &str, error: JoinError) -> Fault {
    let what = match error.try_into_panic() {
        Ok(payload) => payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "without a text".into()),
        Err(error) => error.to_string(),
    };
    Fault::adapter("check-panicked", format!("check `{name}` panicked: {what}"))
        .with_help("report this as a bug of Assay")
}

fn small_enough(observation: Value) -> Result<Value, Fault> {
    let length = observation.to_string().len();
    if length <= LARGEST_OBSERVATION_BYTES {
        return Ok(observation);
    }
    let text = format!("the observation has {length} bytes as JSON, and at most {LARGEST_OBSERVATION_BYTES} are kept");
    Err(Fault::adapter("observation-too-large", text))
}

#[expect(clippy::too_many_arguments, reason = "one line of the journal needs them all")]
fn record(
    cx: &RunCx,
    log: &Log,
    site: &Site,
    step: &Step,
    about: Ref,
    result: Result<Result<Value, Fault>, Interrupted>,
    left: Left,
    started_ns: u64,
    took: Duration,
) -> StepEnd {
    let facts = json!({
        "duration_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "evidence": left.evidence,
        "dropped": left.dropped,
    });
    let with = |more: Value| {
        let mut data = site.data(step, facts.clone());
        if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
            data.extend(more);
        }
        data
    };
    match result {
        Ok(Ok(observation)) => {
            let observation = cx.vault.redact_json(observation);
            log.put(kind::OBSERVATION, about.clone(), with(json!({"observation": observation})));
            for (fault, from, to) in left.faults {
                if matches!(fault.blame, Blame::Bench | Blame::Adapter) {
                    let window = json!({"start_ns": from, "end_ns": to});
                    let more = json!({"fault": fault, "tolerated": true, "window": window});
                    log.put(kind::INFRA_FAULT, about.clone(), site.data(step, more));
                }
            }
            StepEnd::Seen(observation)
        }
        Ok(Err(fault)) => {
            let window = json!({"start_ns": started_ns, "end_ns": cx.store.clock.now_ns()});
            log.put(kind::INFRA_FAULT, about, with(json!({"fault": fault, "window": window})));
            StepEnd::Faulted(fault)
        }
        Err(Interrupted) => {
            log.put(kind::STEP_START, about, with(json!({"interrupted": true, "phase": phase::STEP})));
            StepEnd::Interrupted
        }
    }
}

/// An entry about a whole sample or the run, outside any unit.
pub(super) fn note(kind: &'static str, about: Ref, data: Value) -> Entry {
    Entry::tool(kind, about, data)
}
