//! From units to a product verdict and to the exit code.

use assay_model::Verdict;
use assay_model::catalogue::Profile;
use assay_model::results::{Conformance, Counts};

/// A profile's verdict. `unit` gives a unit's verdict and whether it counts; `None` where it is not in the run.
///
/// Any FAIL: it does not conform. Every unit there, each PASS or NOT_APPLICABLE and at least one PASS: it conforms.
pub fn conformance(profile: &Profile, unit: impl Fn(&str) -> Option<(Verdict, bool)>) -> Conformance {
    let mut complete = true;
    let mut passed = false;
    for id in &profile.units {
        match unit(id) {
            Some((_, false)) => {}
            Some((Verdict::Fail, true)) => return Conformance::DoesNotConform,
            Some((Verdict::Pass, true)) => passed = true,
            Some((Verdict::NotApplicable, true)) => {}
            Some(_) | None => complete = false,
        }
    }
    if complete && passed { Conformance::Conforms } else { Conformance::Undetermined }
}

/// The exit code of a run that was neither interrupted nor lost evidence. `waived` FAILs are among `counts.fail`.
/// An empty run is as good as one that did not run.
#[must_use]
pub const fn exit_code(counts: &Counts, waived: u64) -> u8 {
    if counts.fail > waived {
        1
    } else if counts.error > 0 {
        4
    } else if counts.inconclusive > 0 || counts.not_run > 0 || counts.pass + counts.not_applicable + counts.fail == 0 {
        3
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(units: &[&str]) -> Profile {
        Profile { id: "p".into(), title: "P".into(), units: units.iter().map(|&u| u.into()).collect(), claims: None }
    }

    #[test]
    fn a_profile_conforms_only_when_complete() {
        let table = |id: &str| match id {
            "pass" => Some((Verdict::Pass, true)),
            "na" => Some((Verdict::NotApplicable, true)),
            "fail" => Some((Verdict::Fail, true)),
            "ours" => Some((Verdict::Fail, false)),
            "error" => Some((Verdict::Error, true)),
            _ => None,
        };
        let word = |units: &[&str]| conformance(&profile(units), table);
        assert_eq!(word(&["pass", "na", "ours"]), Conformance::Conforms);
        assert_eq!(word(&["pass", "absent"]), Conformance::Undetermined);
        assert_eq!(word(&["pass", "error"]), Conformance::Undetermined);
        assert_eq!(word(&["absent", "fail"]), Conformance::DoesNotConform);
        assert_eq!(word(&["na"]), Conformance::Undetermined);
        assert_eq!(word(&[]), Conformance::Undetermined);
    }

    #[test]
    fn exit_codes_are_strongest_first() {
        let counts = |fail, error, inconclusive, pass| Counts { fail, error, inconclusive, pass, ..Counts::default() };
        assert_eq!(exit_code(&counts(1, 1, 1, 1), 0), 1);
        assert_eq!(exit_code(&counts(1, 1, 1, 1), 1), 4);
        assert_eq!(exit_code(&counts(0, 0, 1, 1), 0), 3);
        assert_eq!(exit_code(&counts(1, 0, 0, 1), 1), 0);
        assert_eq!(exit_code(&counts(0, 0, 0, 0), 0), 3);
    }
}
