//! Cases as the journal tells them: a unit on a sample, or over all.

use std::collections::BTreeMap;

use assay_model::journal::{Line, Ref, kind};
use assay_model::results::{ControlResult, ExpectationResult, SampleResult, StepResult};
use assay_model::{Fault, Reason, ReasonClass, Verdict};
use serde_json::Value;

/// Unit and sample.
pub(super) type Key = (String, Option<String>);

/// Every case that began.
#[derive(Debug, Default)]
pub(super) struct Cases {
    pub(super) by_key: BTreeMap<Key, Case>,
}

/// One case, as far as it is told.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) result: SampleResult,
    /// It has a verdict that stands; an interrupted one does not.
    pub(super) ended: bool,
    started_ns: u64,
}

impl Case {
    fn begun(line: &Line) -> Self {
        let text = "the unit began and was not finished";
        Self {
            result: unfinished(Reason::new(ReasonClass::Selection, "interrupted", text), &line.t),
            ended: false,
            started_ns: line.mono_ns,
        }
    }
}

/// A result without an attempt.
pub(super) fn unfinished(reason: Reason, at: &str) -> SampleResult {
    SampleResult {
        verdict: Verdict::NotRun,
        attempts: 0,
        reasons: vec![reason],
        expectations: Vec::new(),
        controls: Vec::new(),
        steps: Vec::new(),
        remarks: Vec::new(),
        manual: None,
        started: at.to_owned(),
        ended: at.to_owned(),
        duration_ms: 0,
    }
}

pub(super) fn key_of(about: &Ref) -> Option<Key> {
    Some((about.unit.clone()?, about.sample.clone()))
}

impl Cases {
    pub(super) fn take(&mut self, line: &Line) {
        let Some(key) = self.owner(&line.about) else { return };
        if line.kind == kind::CASE_START {
            let mut case = Case::begun(line);
            case.result.attempts = self.by_key.get(&key).map_or(0, |before| before.result.attempts);
            self.by_key.insert(key, case);
            return;
        }
        let Some(case) = self.by_key.get_mut(&key) else { return };
        let data = &line.data;
        let result = &mut case.result;
        result.ended.clone_from(&line.t);
        match line.kind.as_str() {
            kind::ATTEMPT_START => {
                result.attempts = line.about.attempt.unwrap_or(result.attempts + 1);
                result.steps.clear();
                result.controls.clear();
                result.expectations.clear();
                result.remarks.clear();
            }
            kind::STEP_START if data.get("params").is_some() || data.get("skipped").is_some() => {
                result.steps.push(step(line));
            }
            // The reference target's one answer stands with the case that asked for it, and in the journal with each.
            kind::OBSERVATION if data["asked_before"] == true => {}
            kind::OBSERVATION | kind::PROMPT_ANSWERED => {
                let step = last_step(result, line);
                step.observation = Some(data["observation"].clone());
                finish(step, data);
            }
            kind::INFRA_FAULT if data["tolerated"] != true => {
                let fault = fault_text(data);
                let step = last_step(result, line);
                step.fault = Some(fault);
                finish(step, data);
            }
            kind::PROMPT_TIMEOUT => {
                let text = data["text"].as_str().unwrap_or("nobody answered").to_owned();
                last_step(result, line).fault = Some(text);
            }
            kind::CONTROL_RESULT => {
                if let Ok(control) = serde_json::from_value::<ControlResult>(data["control"].clone()) {
                    result.controls.push(control);
                }
            }
            kind::ASSERT_EVALUATED => {
                if let Ok(one) = serde_json::from_value::<ExpectationResult>(data["expectation"].clone()) {
                    result.expectations.push(one);
                }
            }
            kind::VERDICT_SET => {
                result.verdict = serde_json::from_value(data["verdict"].clone()).unwrap_or(Verdict::Error);
                result.reasons = serde_json::from_value(data["reasons"].clone()).unwrap_or_default();
                result.remarks = serde_json::from_value(data["remarks"].clone()).unwrap_or_default();
                result.manual = serde_json::from_value(data["manual"].clone()).unwrap_or_default();
            }
            kind::CASE_END => {
                let interrupted = |r: &Reason| r.class == ReasonClass::Selection && r.code == "interrupted";
                case.ended = !(result.verdict == Verdict::NotRun && result.reasons.iter().any(interrupted));
                result.duration_ms = line.mono_ns.saturating_sub(case.started_ns) / 1_000_000;
            }
            _ => {}
        }
    }

    /// A line of a per-sample step in a cross-sample unit carries its sample, and belongs to the unit over all.
    fn owner(&self, about: &Ref) -> Option<Key> {
        let key = key_of(about)?;
        let over_all = (key.0.clone(), None);
        if about.step.is_some() && !self.by_key.contains_key(&key) && self.by_key.contains_key(&over_all) {
            return Some(over_all);
        }
        Some(key)
    }
}

fn step(line: &Line) -> StepResult {
    StepResult {
        name: line.about.step.clone().unwrap_or_default(),
        check: line.about.check.clone().unwrap_or_default(),
        sample: line.data.get("sample_index").and(line.about.sample.clone()),
        params: line.data["params"].clone(),
        observation: None,
        fault: line.data["skipped"].as_str().map(|rule| format!("skipped: `{rule}` is true")),
        evidence: Vec::new(),
        duration_ms: 0,
    }
}

/// The step that a line ends: the latest of that name, and of that sample where several run at once.
fn last_step<'a>(result: &'a mut SampleResult, line: &Line) -> &'a mut StepResult {
    let name = line.about.step.as_deref().unwrap_or_default();
    let sample = line.data.get("sample_index").and(line.about.sample.as_ref());
    let found = result.steps.iter().rposition(|s| s.name == name && s.sample.as_ref() == sample);
    let at = found.unwrap_or_else(|| {
        result.steps.push(step(line));
        result.steps.len() - 1
    });
    &mut result.steps[at]
}

fn finish(step: &mut StepResult, data: &Value) {
    step.duration_ms = data["duration_ms"].as_u64().unwrap_or(0);
    step.evidence = serde_json::from_value(data["evidence"].clone()).unwrap_or_default();
}

fn fault_text(data: &Value) -> String {
    serde_json::from_value::<Fault>(data["fault"].clone())
        .map_or_else(|_| data["fault"].to_string(), |fault| fault.text)
}

/// What an earlier part of a run has done.
#[derive(Debug, Default)]
pub struct Progressed {
    cases: BTreeMap<Key, (bool, u32)>,
    waiting: bool,
}

impl Progressed {
    pub(super) fn of(cases: &Cases) -> Self {
        let waits = |case: &Case| case.ended && super::to_do::waits(&case.result);
        let facts = |case: &Case| (case.ended && !waits(case), case.result.attempts);
        let waiting = cases.by_key.values().any(waits);
        Self { cases: cases.by_key.iter().map(|(key, case)| (key.clone(), facts(case))).collect(), waiting }
    }

    /// Whether a question was asked that nobody answered.
    #[must_use]
    pub const fn waits(&self) -> bool {
        self.waiting
    }

    /// Whether a case has a verdict that stands.
    #[must_use]
    pub fn is_done(&self, unit: &str, sample: Option<&str>) -> bool {
        self.case(unit, sample).is_some_and(|(ended, _)| *ended)
    }

    /// Attempts that a case has had, finished or not.
    #[must_use]
    pub fn attempts(&self, unit: &str, sample: Option<&str>) -> u32 {
        self.case(unit, sample).map_or(0, |(_, attempts)| *attempts)
    }

    fn case(&self, unit: &str, sample: Option<&str>) -> Option<&(bool, u32)> {
        self.cases.get(&(unit.to_owned(), sample.map(str::to_owned)))
    }
}
