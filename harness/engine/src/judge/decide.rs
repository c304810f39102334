//! The rules of the verdict model, over facts that are already evaluated.

use assay_model::{Fault, Reason, ReasonClass, Verdict};

use super::record::Ended;
use crate::plan::Polarity;

/// What one mandatory demand on the DUT came to: an expectation (on one row), or an operator's answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Child {
    /// It held.
    Held,
    /// It was refuted.
    Refuted {
        /// Whether the violation needs working controls.
        polarity: Polarity,
        /// What to say of it.
        reason: Reason,
    },
    /// It could not be evaluated, or there was nothing to evaluate it on.
    Broken(Reason),
    /// A person could not tell, or did not say why.
    Undecided(Reason),
}

/// Everything that decides an attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// How the steps ended.
    pub ended: Ended,
    /// Mandatory demands.
    pub children: Vec<Child>,
    /// Controls that did not hold: what to say of each.
    pub controls_failed: Vec<String>,
    /// Controls that could not be asked or judged.
    pub controls_faulted: Vec<Fault>,
    /// How many controls the unit has.
    pub controls: usize,
    /// Whether any of the unit's checks concludes from what it does not find.
    pub absence: bool,
    /// Bytes or packets lost in the evidence that the attempt rests on.
    pub dropped: u64,
    /// The lab's trouble while the DUT was observed, although every step returned.
    pub faults_in_window: Vec<Fault>,
    /// Fewer samples than the unit asks for: have and need.
    pub too_few: Option<(u64, u64)>,
}

/// A verdict and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// Why; never empty unless PASS.
    pub reasons: Vec<Reason>,
    /// The rule that set it, for `verdict.set`.
    pub rule: &'static str,
}

impl Decision {
    /// A decision by one reason.
    #[must_use]
    pub fn of(verdict: Verdict, rule: &'static str, reason: Reason) -> Self {
        Self { verdict, reasons: vec![reason], rule }
    }

    /// ERROR, blamed as the fault says.
    #[must_use]
    pub fn fault(fault: &Fault) -> Self {
        Self::of(Verdict::Error, "fault", fault_reason(fault))
    }
}

pub(crate) fn fault_reason(fault: &Fault) -> Reason {
    let text = if fault.help.is_empty() { fault.text.clone() } else { format!("{}; {}", fault.text, fault.help) };
    Reason::new(fault.blame.into(), fault.code.clone(), text)
}

/// Decides one attempt.
#[must_use]
pub fn decide(facts: &Facts) -> Decision {
    match &facts.ended {
        Ended::Faulted(fault) => return Decision::fault(fault),
        Ended::Interrupted => {
            let text = "the run was interrupted before the unit ended";
            return Decision::of(
                Verdict::NotRun,
                "interrupted",
                Reason::new(ReasonClass::Selection, "interrupted", text),
            );
        }
        Ended::Stopped(reason) => {
            return Decision::of(Verdict::NotRun, "stopped", reason.clone());
        }
        Ended::Completed | Ended::Unanswered(_) | Ended::ControlsFailed => {}
    }

    let mut judged: Vec<(Verdict, &'static str, Reason)> = Vec::new();
    let mut held = 0usize;
    for child in &facts.children {
        match child {
            Child::Held => held += 1,
            Child::Refuted { polarity, reason } => judged.push(refuted(facts, *polarity, reason)),
            Child::Broken(reason) => judged.push((Verdict::Error, "expectation", reason.clone())),
            Child::Undecided(reason) => judged.push((Verdict::Inconclusive, "operator", reason.clone())),
        }
    }
    for fault in &facts.controls_faulted {
        judged.push((Verdict::Error, "control", fault_reason(fault)));
    }
    match &facts.ended {
        Ended::Unanswered(reason) => judged.push((Verdict::NotRun, "unanswered", reason.clone())),
        // Nothing was observed because the controls failed; that is no empty plan.
        Ended::ControlsFailed => {
            let text = "the controls did not hold before the steps, so the DUT was not observed";
            judged.extend(doubts(facts));
            judged.push((Verdict::Inconclusive, "control", Reason::new(ReasonClass::Control, "not-held", text)));
        }
        _ if facts.children.is_empty() => {
            let text = "nothing was evaluated: the unit has no mandatory expectation, or none had anything to look at";
            judged.push((Verdict::Error, "vacuous", Reason::new(ReasonClass::Plan, "vacuous", text)));
        }
        _ if held > 0 => judged.extend(doubts(facts)),
        _ => {}
    }

    let worst = Verdict::fold(judged.iter().map(|(verdict, ..)| *verdict)).unwrap_or(if held > 0 {
        Verdict::Pass
    } else {
        Verdict::Error
    });
    // The deciding reasons first, the lesser ones after them: a reader sees both.
    judged.sort_by_key(|(verdict, ..)| *verdict != worst);
    let rule = judged.first().map_or("expectations held", |(_, rule, _)| rule);
    Decision { verdict: worst, reasons: judged.into_iter().map(|(_, _, reason)| reason).collect(), rule }
}

/// What a refuted expectation is worth.
fn refuted(facts: &Facts, polarity: Polarity, reason: &Reason) -> (Verdict, &'static str, Reason) {
    if let Some(fault) = facts.faults_in_window.first() {
        // Never dress the lab's trouble as the DUT's.
        return (Verdict::Error, "fault in window", fault_reason(fault));
    }
    let doubted = match polarity {
        Polarity::Presence => None,
        Polarity::Absence => doubts(facts).into_iter().find(|(_, rule, _)| *rule != "control missing"),
    };
    match doubted {
        None => (Verdict::Fail, "refuted", reason.clone()),
        Some((verdict, rule, why)) => {
            let text = format!("{} (seen: {})", why.text, reason.text);
            (verdict, rule, Reason { text, ..why })
        }
    }
}

/// Why "not found" proves nothing here. A PASS needs this list to be empty.
fn doubts(facts: &Facts) -> Vec<(Verdict, &'static str, Reason)> {
    let mut doubts = Vec::new();
    for text in &facts.controls_failed {
        doubts.push(("control", Reason::new(ReasonClass::Control, "not-held", text.clone())));
    }
    if facts.dropped > 0 {
        let text = format!("{} bytes or packets were lost while the DUT was observed", facts.dropped);
        doubts.push(("dropped", Reason::new(ReasonClass::Evidence, "dropped", text)));
    }
    for fault in &facts.faults_in_window {
        doubts.push(("fault in window", fault_reason(fault)));
    }
    if let Some((have, need)) = facts.too_few {
        let text = format!("{have} of at least {need} samples were available");
        doubts.push(("samples", Reason::new(ReasonClass::Evidence, "too-few-samples", text)));
    }
    if facts.absence && facts.controls == 0 {
        let text = "the unit concludes from what was not found, and has no control that shows the check can find it";
        doubts.push(("control missing", Reason::new(ReasonClass::Control, "missing", text)));
    }
    doubts.into_iter().map(|(rule, reason)| (Verdict::Inconclusive, rule, reason)).collect()
}

#[cfg(test)]
mod tests;
