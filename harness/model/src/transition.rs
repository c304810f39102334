//! What became of a verdict between two runs: nine words, the same for a comparison, a baseline and a new judgement.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Verdict;

/// From an older verdict to a newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transition {
    /// FAIL now, and not before.
    Regressed,
    /// ERROR now, and not before: the bench needs a look.
    Malfunctioned,
    /// Decided before (PASS or FAIL), undecided now (INCONCLUSIVE or NOT_RUN): coverage is lost.
    Weakened,
    /// In the older run only: coverage is lost.
    Absent,
    /// NOT_APPLICABLE in one of the two.
    ApplicabilityChanged,
    /// In the newer run only.
    New,
    /// PASS now, and not before.
    Fixed,
    /// The same verdict on other observations; or undecided both times, in another way.
    EvidenceChanged,
    /// The same verdict on the same observations.
    Unchanged,
}

impl Transition {
    /// All nine, gravest first.
    pub const ALL: [Self; 9] = [
        Self::Regressed,
        Self::Malfunctioned,
        Self::Weakened,
        Self::Absent,
        Self::ApplicabilityChanged,
        Self::New,
        Self::Fixed,
        Self::EvidenceChanged,
        Self::Unchanged,
    ];

    /// The word in reports and for scripts.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Regressed => "regressed",
            Self::Malfunctioned => "malfunctioned",
            Self::Weakened => "weakened",
            Self::Absent => "absent",
            Self::ApplicabilityChanged => "applicability-changed",
            Self::New => "new",
            Self::Fixed => "fixed",
            Self::EvidenceChanged => "evidence-changed",
            Self::Unchanged => "unchanged",
        }
    }

    /// What became of `old`. `None`: that run does not have it, and a pair of `None` counts as unchanged.
    /// `same_evidence` is asked only where the verdict is the same.
    #[must_use]
    pub fn of(old: Option<Verdict>, new: Option<Verdict>, same_evidence: bool) -> Self {
        use Verdict::{Error, Fail, Inconclusive, NotApplicable, NotRun, Pass};
        let (old, new) = match (old, new) {
            (None, None) => return Self::Unchanged,
            (None, Some(_)) => return Self::New,
            (Some(_), None) => return Self::Absent,
            (Some(old), Some(new)) => (old, new),
        };
        if old == new {
            return if same_evidence { Self::Unchanged } else { Self::EvidenceChanged };
        }
        match (old, new) {
            (_, Error) => Self::Malfunctioned,
            (NotApplicable, _) | (_, NotApplicable) => Self::ApplicabilityChanged,
            (_, Fail) => Self::Regressed,
            (_, Pass) => Self::Fixed,
            (Pass | Fail, Inconclusive | NotRun) => Self::Weakened,
            (Error | Inconclusive | NotRun, Inconclusive | NotRun) => Self::EvidenceChanged,
        }
    }

    /// A regression, or coverage that is lost: with `--baseline` the run ends with 6.
    #[must_use]
    pub const fn is_loss(self) -> bool {
        matches!(self, Self::Regressed | Self::Weakened | Self::Absent)
    }
}

impl std::fmt::Display for Transition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Error, Fail, Inconclusive, NotApplicable, NotRun, Pass};

    #[test]
    fn every_pair_of_verdicts_has_the_word_of_its_row() {
        let all = [Pass, Fail, Inconclusive, Error, NotApplicable, NotRun];
        // Rows: old; columns: new, in the order above. Letters: first of the word, M malfunctioned, A applicability.
        let table = ["=RWMAW", "F=WMAW", "FR=MAE", "FRE=AE", "AAAM=A", "FREMA="];
        for (old, row) in all.into_iter().zip(table) {
            for (new, letter) in all.into_iter().zip(row.chars()) {
                let expected = match letter {
                    '=' => Transition::Unchanged,
                    'R' => Transition::Regressed,
                    'W' => Transition::Weakened,
                    'M' => Transition::Malfunctioned,
                    'A' => Transition::ApplicabilityChanged,
                    'F' => Transition::Fixed,
                    _ => Transition::EvidenceChanged,
                };
                assert_eq!(Transition::of(Some(old), Some(new), true), expected, "{old} -> {new}");
            }
        }
        assert_eq!(Transition::of(Some(Pass), Some(Pass), false), Transition::EvidenceChanged);
        assert_eq!(Transition::of(None, Some(Fail), true), Transition::New);
        assert_eq!(Transition::of(Some(Pass), None, true), Transition::Absent);
    }

    #[test]
    fn the_order_is_by_gravity_and_the_list_is_whole() {
        assert!(Transition::ALL.is_sorted());
        let words: std::collections::BTreeSet<_> = Transition::ALL.map(Transition::word).into_iter().collect();
        assert_eq!(words.len(), 9);
        for t in Transition::ALL {
            assert_eq!(serde_json::to_value(t).expect("json"), t.word());
        }
    }
}
