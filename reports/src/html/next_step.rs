//! What to do about a verdict: one sentence per class of reason.

use assay_model::{Reason, ReasonClass, Verdict};

/// The next step for a finding, by the class of its first reason.
pub(super) fn next_step(verdict: Verdict, reasons: &[Reason]) -> &'static str {
    let class = reasons.first().map(|r| r.class);
    match (verdict, class) {
        (Verdict::Pass | Verdict::NotApplicable, _) => "",
        (Verdict::Fail, Some(ReasonClass::Operator)) => {
            "Read the operator's statement and the evidence with it. If it is right, the product needs the change; if not, have a reviewer correct it."
        }
        (Verdict::Fail, _) => {
            "Look at what was observed and at the evidence. If the dossier is wrong, correct it; otherwise the product needs a change. Then run this unit again."
        }
        (_, Some(ReasonClass::Control)) => {
            "Make the control hold first: is the DUT powered, reachable, and in the state that the unit expects? Then run this unit again."
        }
        (_, Some(ReasonClass::Evidence)) => {
            "More or better evidence is needed: more samples, or a run without lost data. Then run this unit again."
        }
        (_, Some(ReasonClass::Operator)) => {
            "A person has to look again, with what the reason asks for, and answer pass or fail."
        }
        (_, Some(ReasonClass::Timeout)) => {
            "Find out whether the DUT was slow or silent. Raise the deadline only if the DUT may be that slow; then run this unit again."
        }
        (_, Some(ReasonClass::Bench | ReasonClass::Adapter)) => {
            "This is the laboratory's side: check cables, power, adapters and addresses (`assay doctor`), then run this unit again."
        }
        (_, Some(ReasonClass::Plan)) => {
            "The plan could not judge what was observed: correct the expression or the parameters; `assay rejudge` needs no device."
        }
        (_, Some(ReasonClass::Selection)) => {
            "Run this unit: select it, permit its effect on the bench, or let the run end."
        }
        (_, Some(ReasonClass::Applicability)) => {
            "Complete the ICS or IXIT so that the rule can be decided, then run this unit again."
        }
        (_, _) => "Read the reason and the evidence, then run this unit again.",
    }
}
