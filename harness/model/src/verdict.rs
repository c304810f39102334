//! Six verdicts, no seventh word, and the one rule by which they combine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a unit, case, group or sample ended with. Flags (waived, overridden) stand beside it, never instead of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// Every mandatory expectation held, at least one was evaluated, every precondition and control held.
    Pass,
    /// At least one mandatory expectation was refuted while its preconditions held.
    Fail,
    /// The check ran; what it observed does not decide.
    Inconclusive,
    /// The harness, bench, adapter, plan or host failed. Says nothing about the DUT.
    Error,
    /// An applicability rule over ICS and IXIT is false.
    NotApplicable,
    /// No attempt completed.
    NotRun,
}

impl Verdict {
    /// All six, in the order that tallies print them.
    pub const ALL: [Self; 6] =
        [Self::Pass, Self::Fail, Self::Inconclusive, Self::Error, Self::NotApplicable, Self::NotRun];

    /// The word that reports, JUnit and scripts see.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Error => "ERROR",
            Self::NotApplicable => "NOT_APPLICABLE",
            Self::NotRun => "NOT_RUN",
        }
    }

    /// How strongly this verdict asserts itself over its siblings: FAIL > ERROR > INCONCLUSIVE > NOT_RUN > PASS.
    /// NOT_APPLICABLE carries no weight.
    const fn weight(self) -> u8 {
        match self {
            Self::Fail => 5,
            Self::Error => 4,
            Self::Inconclusive => 3,
            Self::NotRun => 2,
            Self::Pass => 1,
            Self::NotApplicable => 0,
        }
    }

    /// The worse of two siblings. Associative and commutative; a proven FAIL stays true after a later ERROR.
    #[must_use]
    pub const fn worse(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }

    /// Folds the children that are in scope.
    ///
    /// `None` for an empty set: nothing passes by accident, so the caller must turn that into
    /// ERROR with reason `plan/vacuous`. All children NOT_APPLICABLE gives NOT_APPLICABLE.
    #[must_use]
    pub fn fold(children: impl IntoIterator<Item = Self>) -> Option<Self> {
        children.into_iter().reduce(Self::worse)
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

/// Whose matter a reason is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReasonClass {
    /// An expectation on the DUT was refuted, or held.
    Requirement,
    /// A positive control or a liveness probe did not hold.
    Control,
    /// The evidence does not suffice: dropped data, too few samples, nothing observed.
    Evidence,
    /// A person said so.
    Operator,
    /// The bench: cable, power, host, another process.
    Bench,
    /// One way of touching the DUT failed.
    Adapter,
    /// The plan itself: vacuous expectation, an expression that cannot be evaluated.
    Plan,
    /// A deadline passed.
    Timeout,
    /// A rule over ICS and IXIT.
    Applicability,
    /// Deselected, interrupted, not permitted here.
    Selection,
}

/// Why a verdict is what it is. Each verdict but PASS carries at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// Whose matter it is.
    pub class: ReasonClass,
    /// Stable within its class, for scripts: `vacuous`, `not-permitted`, `too-few-samples`.
    pub code: String,
    /// One sentence for a person. Untrusted text inside it has passed redaction, not escaping: reports escape.
    pub text: String,
    /// Evidence and journal references: `E-0007`, `E-0007#12` (exchange 12).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<String>,
}

impl Reason {
    /// A reason without references.
    pub fn new(class: ReasonClass, code: impl Into<String>, text: impl Into<String>) -> Self {
        Self { class, code: code.into(), text: text.into(), refs: Vec::new() }
    }

    /// The same reason, pointing at evidence.
    #[must_use]
    pub fn with_refs(mut self, refs: impl IntoIterator<Item = String>) -> Self {
        self.refs.extend(refs);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_verdict() -> impl Strategy<Value = Verdict> {
        prop::sample::select(Verdict::ALL.to_vec())
    }

    #[test]
    fn an_empty_set_has_no_verdict() {
        assert_eq!(Verdict::fold([]), None);
    }

    #[test]
    fn all_not_applicable_stays_not_applicable() {
        assert_eq!(Verdict::fold([Verdict::NotApplicable; 3]), Some(Verdict::NotApplicable));
    }

    proptest! {
        #[test]
        fn a_fail_is_never_hidden(mut children in prop::collection::vec(any_verdict(), 0..8), at in 0usize..8) {
            children.insert(at.min(children.len()), Verdict::Fail);
            prop_assert_eq!(Verdict::fold(children), Some(Verdict::Fail));
        }

        #[test]
        fn pass_needs_every_applicable_child_to_pass(children in prop::collection::vec(any_verdict(), 0..8)) {
            let pass = Verdict::fold(children.iter().copied()) == Some(Verdict::Pass);
            let deserved = children.contains(&Verdict::Pass)
                && children.iter().all(|v| matches!(v, Verdict::Pass | Verdict::NotApplicable));
            prop_assert_eq!(pass, deserved);
        }

        #[test]
        fn order_does_not_matter(mut children in prop::collection::vec(any_verdict(), 1..8)) {
            let forward = Verdict::fold(children.iter().copied());
            children.reverse();
            prop_assert_eq!(forward, Verdict::fold(children));
        }

        #[test]
        fn inconclusive_outranks_pass_and_error_outranks_inconclusive(a in any_verdict()) {
            if a == Verdict::Pass { prop_assert_eq!(a.worse(Verdict::Inconclusive), Verdict::Inconclusive); }
            if a == Verdict::Inconclusive { prop_assert_eq!(a.worse(Verdict::Error), Verdict::Error); }
        }
    }
}
