//! Evaluates a rule's expressions over a recorded attempt.

use assay_model::results::{ControlResult, ExpectationResult, Manual};
use assay_model::{Fault, Reason, ReasonClass};
use serde_json::Value;

use super::decide::{Child, Decision, Facts, decide};
use super::record::{Asked, AttemptRecord, Ended};
use super::rule::Rule;
use crate::expr::{EvalError, Expr, Scope};
use crate::plan::{Expectation, Level, Polarity};

/// Longest text of a value in a reason, in characters.
const SHOWN_CHARS: usize = 400;

/// An attempt as it was judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The verdict and why.
    pub decision: Decision,
    /// Each control, before and after.
    pub controls: Vec<ControlResult>,
    /// Each expectation; one that is judged per row, once per row.
    pub expectations: Vec<ExpectationResult>,
    /// What never moves a verdict.
    pub remarks: Vec<String>,
    /// A person's part.
    pub manual: Option<Manual>,
}

/// Whether a unit applies. `Err` holds the reason why that cannot be told.
///
/// # Errors
/// `when` cannot be evaluated, or is no truth value: the plan's fault.
pub fn applies(when: &Expr, scope: &Scope) -> Result<Result<(), Reason>, Fault> {
    match truth(when, scope) {
        Ok(true) => Ok(Ok(())),
        Ok(false) => {
            let values: Vec<String> = when.names().into_iter().flat_map(|name| values_of(when, &name, scope)).collect();
            let text = format!("`{}` is false, where {}", when.source, values.join("; "));
            Ok(Err(Reason::new(ReasonClass::Applicability, "rule", text)))
        }
        Err(error) => Err(Fault::plan("not-evaluated", format!("applicability: {error}"))),
    }
}

/// What an expression read from a variable, for a person: the keys that it names, or else the whole of it.
fn values_of(expr: &Expr, name: &str, scope: &Scope) -> Vec<String> {
    let Some(value) = scope.get(name) else { return Vec::new() };
    let mut keys: Vec<String> = Vec::new();
    for key in expr.keys_of(name).into_iter().map(|key| key.name) {
        if value.get(&key).is_some() && !keys.contains(&key) {
            keys.push(key);
        }
    }
    if keys.is_empty() {
        return vec![format!("{name} = {}", shown(value))];
    }
    keys.iter().map(|key| format!("{name}[{key:?}] = {}", shown(&value[key.as_str()]))).collect()
}

/// Whether a control held, given what it observed.
///
/// # Errors
/// Its expression cannot be evaluated: the plan's fault.
pub fn control_holds(expect: &Expr, name: &str, seen: &Value, scope: &Scope) -> Result<bool, Fault> {
    let mut scope = scope.clone();
    scope.insert(name.to_owned(), seen.clone());
    truth(expect, &scope).map_err(|e| Fault::plan("not-evaluated", format!("control `{name}`: {e}")))
}

/// Judges one attempt. `scope` is what the unit could name before its steps bound anything.
#[must_use]
pub fn judge(rule: &Rule, scope: &Scope, attempt: &AttemptRecord, too_few: Option<(u64, u64)>) -> Judgement {
    let mut facts = Facts {
        ended: attempt.ended.clone(),
        children: Vec::new(),
        controls_failed: Vec::new(),
        controls_faulted: Vec::new(),
        controls: rule.controls.len(),
        absence: rule.absence,
        dropped: attempt.dropped,
        faults_in_window: attempt.faults_in_window.clone(),
        too_few,
    };
    let controls = judge_controls(rule, scope, attempt, &mut facts);
    let mut remarks = attempt.remarks.clone();
    let mut expectations = Vec::new();
    if matches!(attempt.ended, Ended::Completed | Ended::Unanswered(_)) {
        for asked in &attempt.asked {
            facts.children.extend(child_of_answer(asked));
        }
        for expectation in &rule.expect {
            let (results, children) = judge_expectation(rule, scope, attempt, expectation);
            if expectation.level == Level::May {
                remarks.extend(children.iter().filter_map(remark));
            } else {
                facts.children.extend(children);
            }
            expectations.extend(results);
        }
    }
    Judgement { decision: decide(&facts), controls, expectations, remarks, manual: manual(attempt) }
}

fn judge_controls(rule: &Rule, scope: &Scope, attempt: &AttemptRecord, facts: &mut Facts) -> Vec<ControlResult> {
    let mut results = Vec::new();
    let missing = |when: &str, name: &str, facts: &mut Facts| {
        facts.controls_failed.push(format!("control `{name}` was not asked {when} the steps"));
    };
    for (index, (name, expect)) in rule.controls.iter().enumerate() {
        for when in ["before", "after"] {
            let Some(record) = attempt.controls.iter().find(|c| c.index == index && c.when == when) else {
                // Left out after a control failed before; in a whole attempt it must be there.
                if attempt.ended == Ended::Completed {
                    missing(when, name, facts);
                }
                continue;
            };
            let judged =
                record.seen.clone().and_then(|seen| control_holds(expect, name, &seen, scope).map(|held| (held, seen)));
            let (held, text) = match judged {
                Ok((true, _)) => (Some(true), None),
                Ok((false, seen)) => {
                    let text = format!("control `{name}` did not hold {when} the steps: saw {}", shown(&seen));
                    facts.controls_failed.push(text.clone());
                    (Some(false), Some(text))
                }
                Err(fault) => {
                    let text = Some(fault.text.clone());
                    facts.controls_faulted.push(fault);
                    (None, text)
                }
            };
            results.push(ControlResult {
                name: name.clone(),
                when: when.into(),
                expect: expect.source.clone(),
                held,
                text,
            });
        }
    }
    results
}

fn judge_expectation(
    rule: &Rule,
    scope: &Scope,
    attempt: &AttemptRecord,
    expectation: &Expectation,
) -> (Vec<ExpectationResult>, Vec<Child>) {
    let mut whole = scope.clone();
    whole.extend(attempt.bindings.clone());
    let scopes: Vec<Scope> = match rule.loop_of(expectation) {
        None => vec![whole],
        Some(of) => {
            let rows = attempt.rows.iter().filter(|row| row.of == of);
            rows.map(|row| extended(&whole, &row.bindings)).collect()
        }
    };
    if matches!(attempt.ended, Ended::Unanswered(_)) && !scopes.iter().all(|s| bound(expectation, s)) {
        return (Vec::new(), Vec::new()); // it waits for the answer that nobody gave
    }
    if scopes.is_empty() && rule.loop_of(expectation).is_some_and(|of| rule.is_left_out(of, &attempt.left_out)) {
        return (Vec::new(), Vec::new()); // the plan says itself that there may be nothing to look at
    }
    if scopes.is_empty() {
        let text = format!("`{}` was evaluated on nothing: its list is empty", expectation.that.source);
        let child = Child::Broken(Reason::new(ReasonClass::Plan, "vacuous", text.clone()));
        return (vec![result(expectation, None, None, Some(text))], vec![child]);
    }
    scopes.iter().map(|scope| judge_once(expectation, scope, &attempt.evidence)).unzip()
}

fn judge_once(expectation: &Expectation, scope: &Scope, evidence: &[String]) -> (ExpectationResult, Child) {
    match truth(&expectation.that, scope) {
        Ok(true) => (result(expectation, Some(true), None, None), Child::Held),
        Ok(false) => {
            let show = expectation.show.as_ref().map(|e| {
                e.eval(scope).unwrap_or_else(|error| Value::from(format!("`show` could not be evaluated: {error}")))
            });
            let why = expectation.why.clone().unwrap_or_else(|| format!("`{}` is false", expectation.that.source));
            let text = show.as_ref().map_or_else(|| why.clone(), |show| format!("{why}: {}", shown(show)));
            let reason = Reason::new(ReasonClass::Requirement, "refuted", text).with_refs(evidence.to_vec());
            let child = match expectation.level {
                Level::Needed => {
                    Child::Undecided(Reason { class: ReasonClass::Evidence, code: "missing".into(), ..reason })
                }
                _ => Child::Refuted { polarity: expectation.polarity, reason },
            };
            (result(expectation, Some(false), show, None), child)
        }
        Err(error) => {
            let text = error.to_string();
            let child = Child::Broken(Reason::new(ReasonClass::Plan, "not-evaluated", text.clone()));
            (result(expectation, None, None, Some(text)), child)
        }
    }
}

fn result(
    expectation: &Expectation,
    result: Option<bool>,
    show: Option<Value>,
    error: Option<String>,
) -> ExpectationResult {
    ExpectationResult {
        that: expectation.that.source.clone(),
        result,
        why: expectation.why.clone(),
        show,
        error,
        level: expectation.level.word().into(),
    }
}

/// An answer of a person decides like an expectation, where passing or failing was on offer.
fn child_of_answer(asked: &Asked) -> Option<Child> {
    if !asked.offered.iter().any(|a| a == "pass" || a == "fail") {
        return None;
    }
    let said = asked.answer["reason"].as_str().unwrap_or_default();
    let undecided = |code: &str, text: String| Child::Undecided(Reason::new(ReasonClass::Operator, code, text));
    let answer = asked.answer["answer"].as_str().unwrap_or_default();
    Some(match answer {
        _ if asked.lacks_evidence => {
            undecided("no-evidence", format!("the answer to `{}` lacks a required attachment", asked.name))
        }
        "pass" => Child::Held,
        _ if said.is_empty() => undecided("no-reason", format!("`{answer}` to `{}` came without a reason", asked.name)),
        "fail" => Child::Refuted {
            polarity: Polarity::Presence,
            reason: Reason::new(ReasonClass::Operator, "fail", format!("the operator answered fail: {said}")),
        },
        _ => undecided("cannot-tell", format!("the operator answered {answer}: {said}")),
    })
}

fn manual(attempt: &AttemptRecord) -> Option<Manual> {
    let answer = &attempt.asked.last()?.answer;
    Some(Manual {
        operator: answer["operator"].as_str().unwrap_or_default().to_owned(),
        source: answer["source"].as_str().unwrap_or_default().to_owned(),
        signed: answer["signed"].as_bool(),
    })
}

fn remark(child: &Child) -> Option<String> {
    match child {
        Child::Held => None,
        Child::Refuted { reason, .. } => Some(format!("recommended, not met: {}", reason.text)),
        Child::Broken(reason) | Child::Undecided(reason) => Some(format!("recommended, undecided: {}", reason.text)),
    }
}

fn truth(expr: &Expr, scope: &Scope) -> Result<bool, EvalError> {
    match expr.eval(scope)? {
        Value::Bool(truth) => Ok(truth),
        other => Err(EvalError {
            source_text: expr.source.clone(),
            text: format!("it gives {}, and true or false is expected", shown(&other)),
        }),
    }
}

fn bound(expectation: &Expectation, scope: &Scope) -> bool {
    expectation.that.names().iter().all(|name| scope.contains_key(name))
}

fn extended(scope: &Scope, more: &Scope) -> Scope {
    let mut scope = scope.clone();
    scope.extend(more.clone());
    scope
}

/// A value in a sentence, cut where it is long.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHOWN_CHARS {
        return text;
    }
    let cut: String = text.chars().take(SHOWN_CHARS).collect();
    format!("{cut}…")
}

#[cfg(test)]
mod tests;
