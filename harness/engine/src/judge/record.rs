//! What an attempt left in the journal, gathered line by line. The runner and every later reader use the same code, so
//! a verdict rests on what is written and on nothing else.

use std::collections::{BTreeMap, BTreeSet};

use assay_model::journal::{Ref, kind};
use assay_model::{Fault, Reason, ReasonClass};
use serde_json::{Map, Value};

use crate::expr::Scope;

/// How an attempt's steps ended.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Ended {
    /// Every step returned.
    #[default]
    Completed,
    /// The controls failed before, so the steps were left out.
    ControlsFailed,
    /// A step failed through no act of the DUT.
    Faulted(Fault),
    /// Nobody answered a question.
    Unanswered(Reason),
    /// The operator stopped the run.
    Stopped(Reason),
    /// The run was interrupted.
    Interrupted,
}

/// Samples of one run at most, in a record that may be hostile.
const MOST_SAMPLES: usize = 10_000;

/// A control as it was observed.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlRecord {
    /// Which of the unit's controls, from 0.
    pub index: usize,
    /// `before` or `after`.
    pub when: &'static str,
    /// The observation, or why there is none.
    pub seen: Result<Value, Fault>,
}

/// An operator's answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The step's name.
    pub name: String,
    /// Offered answers.
    pub offered: Vec<String>,
    /// The observation of the step.
    pub answer: Value,
    /// Whether an attachment that the plan requires is missing.
    pub lacks_evidence: bool,
}

/// One turn of a loop.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Which loop of the unit, counted in the order of the plan, from 0.
    pub of: usize,
    /// Names bound in this turn and in the turns around it.
    pub bindings: Scope,
}

/// One attempt as it is recorded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AttemptRecord {
    /// Controls, before and after.
    pub controls: Vec<ControlRecord>,
    /// Names bound outside loops.
    pub bindings: Scope,
    /// Turns of loops.
    pub rows: Vec<Row>,
    /// Loops that their `unless` left out.
    pub left_out: BTreeSet<usize>,
    /// Operator's answers.
    pub asked: Vec<Asked>,
    /// How the steps ended.
    pub ended: Ended,
    /// The lab's trouble inside steps that returned all the same.
    pub faults_in_window: Vec<Fault>,
    /// Bytes or packets lost.
    pub dropped: u64,
    /// Evidence of the steps.
    pub evidence: Vec<String>,
    /// What went wrong in the clean-up: never moves the verdict.
    pub remarks: Vec<String>,
}

/// Gathers an attempt from its journal lines.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    record: AttemptRecord,
    /// Own bindings of each turn, by the path of loops and turns.
    turns: BTreeMap<Vec<(usize, usize)>, Scope>,
    order: Vec<Vec<(usize, usize)>>,
}

/// `data.phase` of step lines.
pub(crate) mod phase {
    pub(crate) const BEFORE: &str = "control-before";
    pub(crate) const STEP: &str = "step";
    pub(crate) const AFTER: &str = "control-after";
    pub(crate) const FINALLY: &str = "finally";
    pub(crate) const SHARED: &str = "shared";
}

/// Whether a step was left out by its `unless`.
fn skipped(data: &Value) -> bool {
    data.get("skipped").is_some()
}

impl Collector {
    /// Takes one line of the attempt. Lines that say nothing about it are passed over.
    pub fn take(&mut self, kind: &str, about: &Ref, data: &Value) {
        match (kind, data["phase"].as_str().unwrap_or_default()) {
            (kind::STEP_START, phase::STEP) => self.step(data),
            (kind::OBSERVATION, phase::STEP) => {
                self.evidence(data);
                self.bind(data, data["observation"].clone());
            }
            // Left out by its `unless`: what the plan expects of it says whether that will do.
            (kind::STEP_START, phase::BEFORE) if skipped(data) => self.control(data, "before", Ok(Value::Null)),
            (kind::STEP_START, phase::AFTER) if skipped(data) => self.control(data, "after", Ok(Value::Null)),
            (kind::OBSERVATION, phase::BEFORE) => self.control(data, "before", Ok(data["observation"].clone())),
            (kind::OBSERVATION, phase::AFTER) => self.control(data, "after", Ok(data["observation"].clone())),
            (kind::INFRA_FAULT, phase) => self.fault(phase, data),
            (kind::PROMPT_ANSWERED, _) => self.answered(about, data),
            (kind::PROMPT_TIMEOUT, _) => self.end(Ended::Unanswered(unanswered(data))),
            (kind::ATTEMPT_START, _) => *self = Self::default(),
            _ => {}
        }
    }

    /// What was gathered.
    #[must_use]
    pub fn attempt(&self) -> AttemptRecord {
        let mut record = self.record.clone();
        record.rows = self
            .order
            .iter()
            .map(|path| {
                let mut bindings = Scope::new();
                for depth in 1..=path.len() {
                    let own = self.turns.get(&path[..depth]);
                    bindings.extend(own.into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())));
                }
                Row { of: path.last().map_or(0, |(of, _)| *of), bindings }
            })
            .collect();
        record
    }

    fn end(&mut self, ended: Ended) {
        if self.record.ended == Ended::Completed {
            self.record.ended = ended;
        }
    }

    fn step(&mut self, data: &Value) {
        if data["interrupted"] == true {
            self.end(Ended::Interrupted);
        } else if data["left_out"] == true {
            self.end(Ended::ControlsFailed);
        } else if let Some(rows) = data["rows"].as_array() {
            let base = path_of(data);
            let of = index(&data["loop"]);
            let variable = data["variable"].as_str().unwrap_or_default();
            for (n, row) in rows.iter().enumerate() {
                let mut path = base.clone();
                path.push((of, n));
                let own = Map::from_iter([(variable.to_owned(), row.clone())]);
                self.turns.insert(path.clone(), own);
                self.order.push(path);
            }
        } else if skipped(data) {
            if data["loop"].is_u64() && path_of(data).is_empty() {
                self.record.left_out.insert(index(&data["loop"]));
            }
            self.bind(data, Value::Null);
        }
    }

    /// Binds the step's name: outside loops, or in its turn; as one place of a list where it ran per sample.
    fn bind(&mut self, data: &Value, value: Value) {
        let Some(name) = data["name"].as_str() else { return };
        let path = path_of(data);
        let scope = if path.is_empty() {
            &mut self.record.bindings
        } else {
            let Some(turn) = self.turns.get_mut(&path) else { return };
            turn
        };
        if let (Some(at), Some(of)) = (data["sample_index"].as_u64(), data["sample_count"].as_u64()) {
            let of = usize::try_from(of).unwrap_or(0).min(100_000);
            let list = scope.entry(name.to_owned()).or_insert_with(|| Value::Array(vec![Value::Null; of]));
            if let Some(place) = usize::try_from(at).ok().and_then(|at| list.get_mut(at)) {
                *place = value;
            }
        } else {
            scope.insert(name.to_owned(), value);
        }
    }

    fn evidence(&mut self, data: &Value) {
        self.record.dropped += data["dropped"].as_u64().unwrap_or(0);
        for id in data["evidence"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            self.record.evidence.push(id.to_owned());
        }
    }

    /// A control on each sample is one control: what it saw is the list in sample order, and one fault is its fault.
    fn control(&mut self, data: &Value, when: &'static str, seen: Result<Value, Fault>) {
        let number = index(&data["control"]);
        let Some(count) = data["sample_count"].as_u64() else {
            self.record.controls.push(ControlRecord { index: number, when, seen });
            return;
        };
        // Never trusted for size: the list is as long as the samples that were heard of.
        let (at, count) = (index(&data["sample_index"]), usize::try_from(count).unwrap_or(0).min(MOST_SAMPLES));
        let known = self.record.controls.iter().position(|c| c.index == number && c.when == when);
        let known = known.unwrap_or_else(|| {
            let seen = Ok(Value::Array(vec![Value::Null; count]));
            self.record.controls.push(ControlRecord { index: number, when, seen });
            self.record.controls.len() - 1
        });
        let whole = &mut self.record.controls[known].seen;
        match (whole.as_mut(), seen) {
            (Ok(Value::Array(list)), Ok(seen)) => {
                if let Some(place) = list.get_mut(at) {
                    *place = seen;
                }
            }
            (Ok(_), Err(fault)) => *whole = Err(fault),
            _ => {}
        }
    }

    fn fault(&mut self, at: &str, data: &Value) {
        let fault: Fault = serde_json::from_value(data["fault"].clone())
            .unwrap_or_else(|_| Fault::adapter("unreadable-fault", data["fault"].to_string()));
        match at {
            phase::BEFORE | phase::AFTER if data["tolerated"] == true => self.record.faults_in_window.push(fault),
            phase::BEFORE => self.control(data, "before", Err(fault)),
            phase::AFTER => self.control(data, "after", Err(fault)),
            phase::FINALLY => self.record.remarks.push(format!("clean-up failed: {}", fault.text)),
            phase::STEP | phase::SHARED if data["tolerated"] == true => self.record.faults_in_window.push(fault),
            phase::STEP => {
                self.evidence(data);
                self.end(Ended::Faulted(fault));
            }
            _ => {}
        }
    }

    fn answered(&mut self, about: &Ref, data: &Value) {
        if data["phase"] == phase::FINALLY {
            return;
        }
        self.evidence(data);
        let answer = data["observation"].clone();
        if answer["answer"] == "stop" {
            let reason = answer["reason"].as_str().filter(|r| !r.is_empty()).unwrap_or("no reason was given");
            let text = format!("the operator stopped the run: {reason}");
            self.end(Ended::Stopped(Reason::new(ReasonClass::Operator, "stopped", text)));
            return;
        }
        let offered = data["offered"].as_array().into_iter().flatten();
        self.record.asked.push(Asked {
            name: about.step.clone().unwrap_or_default(),
            offered: offered.filter_map(Value::as_str).map(str::to_owned).collect(),
            lacks_evidence: data["lacks_evidence"] == true,
            answer: answer.clone(),
        });
        self.bind(data, answer);
    }
}

fn unanswered(data: &Value) -> Reason {
    let code = data["code"].as_str().unwrap_or("nobody");
    let class = if code == "timeout" { ReasonClass::Timeout } else { ReasonClass::Operator };
    Reason::new(class, code, data["text"].as_str().unwrap_or("nobody answered"))
}

fn index(value: &Value) -> usize {
    value.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
}

/// `data.turn`: `[[loop, turn], ...]`, outermost first.
fn path_of(data: &Value) -> Vec<(usize, usize)> {
    data["turn"].as_array().into_iter().flatten().map(|pair| (index(&pair[0]), index(&pair[1]))).collect()
}
