use assay_model::catalogue::UnitPlace;

use super::*;

fn rule(id: &str, mandatory: bool) -> ClaimRule {
    ClaimRule {
        id: id.into(),
        title: "A provision".into(),
        status: if mandatory { "M" } else { "R" }.into(),
        mandatory,
        conditions: Vec::new(),
        tests: Vec::new(),
        units: vec![UnitPlace { id: format!("{id}-1 a"), case: format!("{id}-1"), group: id.into() }],
    }
}

fn claim(support: Option<Support>, reason: &str, applies: Option<bool>) -> Claim {
    Claim {
        provision: "1-1".into(),
        support,
        reason: reason.into(),
        applies,
        excused: applies == Some(false),
        because: if applies == Some(false) { "It is dry.".into() } else { String::new() },
    }
}

/// Every cell of the table: status, claim, reason, applicability, verdict of the groups; what it comes to, and whether the
/// statement is invalid for it.
#[test]
fn every_cell_of_the_table() {
    use Conclusion as C;
    use Support::{No, NotApplicable as Na, Yes};
    use Verdict as V;
    let holds = Some(true);
    let broken = Some(false);
    #[rustfmt::skip]
    let table = [
        // mandatory, claimed
        (true, Some(Yes), "", holds, V::Pass, C::Conforms, false),
        (true, Some(Yes), "", holds, V::Fail, C::DoesNotConform, false),
        (true, Some(Yes), "", holds, V::Inconclusive, C::Undetermined, false),
        (true, Some(Yes), "", holds, V::Error, C::Undetermined, false),
        (true, Some(Yes), "", holds, V::NotRun, C::Undetermined, false),
        (true, Some(Yes), "", holds, V::NotApplicable, C::Undetermined, false),
        (true, Some(Yes), "", None, V::Pass, C::Conforms, false),
        (true, Some(Yes), "", broken, V::Pass, C::Conforms, true),
        (true, Some(Yes), "", broken, V::Fail, C::DoesNotConform, true),
        // mandatory, declared not met: what was tested does not matter
        (true, Some(No), "why", holds, V::Pass, C::DoesNotConform, true),
        (true, Some(No), "", holds, V::NotRun, C::DoesNotConform, true),
        (true, Some(No), "why", None, V::NotRun, C::DoesNotConform, true),
        (true, Some(No), "why", broken, V::NotRun, C::DoesNotConform, true),
        // a recommendation, claimed
        (false, Some(Yes), "", holds, V::Pass, C::Fulfilled, false),
        (false, Some(Yes), "", holds, V::Fail, C::NotFulfilled, false),
        (false, Some(Yes), "", holds, V::Inconclusive, C::Undetermined, false),
        (false, Some(Yes), "", holds, V::Error, C::Undetermined, false),
        (false, Some(Yes), "", holds, V::NotRun, C::Undetermined, false),
        (false, Some(Yes), "", holds, V::NotApplicable, C::Undetermined, false),
        (false, Some(Yes), "", broken, V::Pass, C::Fulfilled, true),
        // a recommendation, not met
        (false, Some(No), "why", holds, V::NotRun, C::NotFulfilledJustified, false),
        (false, Some(No), "why", holds, V::Fail, C::NotFulfilledJustified, false),
        (false, Some(No), " ", holds, V::NotRun, C::Unjustified, true),
        // not applicable
        (true, Some(Na), "why", broken, V::NotRun, C::NotApplicable, false),
        (false, Some(Na), "why", broken, V::NotRun, C::NotApplicable, false),
        (true, Some(Na), "", broken, V::NotRun, C::Unjustified, true),
        (false, Some(Na), "", broken, V::NotRun, C::Unjustified, true),
        (true, Some(Na), "why", holds, V::NotRun, C::DoesNotConform, true),
        (false, Some(Na), "why", holds, V::NotRun, C::Unjustified, true),
        (true, Some(Na), "why", None, V::NotRun, C::Undetermined, false),
        (false, Some(Na), "why", None, V::NotRun, C::Undetermined, false),
        // undeclared: never taken for N
        (true, None, "", holds, V::Pass, C::Undeclared, false),
        (false, None, "", holds, V::NotRun, C::Undeclared, false),
    ];
    for (mandatory, support, reason, applies, tested, conclusion, invalid) in table {
        let row = format!("{mandatory} {support:?} `{reason}` {applies:?} {tested}");
        let decided = conclude(&rule("1-1", mandatory), Some(&claim(support, reason, applies)), tested);
        assert_eq!(decided.conclusion, conclusion, "{row}");
        assert_eq!(decided.problem.is_some(), invalid, "{row}");
        let verdict = if support == Some(Support::Yes) { tested } else { Verdict::NotApplicable };
        assert_eq!(decided.verdict, verdict, "{row}: what is not claimed is not counted");
        assert!(!decided.text.is_empty(), "{row}");
    }
    assert_eq!(conclude(&rule("1-1", true), None, Verdict::Pass).conclusion, Conclusion::Undeclared);

    // What a further test of applicability excuses may be claimed all the same; then there is nothing to test.
    let excused = Claim { excused: true, ..claim(Some(Yes), "", Some(true)) };
    let over = |tested| conclude(&rule("1-1", true), Some(&excused), tested);
    assert_eq!(over(Verdict::NotApplicable).conclusion, C::NotApplicable);
    assert_eq!(over(Verdict::Pass).conclusion, C::Conforms);
    assert_eq!(over(Verdict::Fail).conclusion, C::DoesNotConform);
}

fn product(claims: &[(&str, bool, Option<Support>, &str, Verdict)]) -> Assessment {
    let rules = Claims {
        statement: Some("4-1".into()),
        undetermined: None,
        provisions: claims.iter().map(|(id, mandatory, ..)| rule(id, *mandatory)).collect(),
    };
    let said: Vec<Claim> = claims
        .iter()
        .map(|(id, _, support, reason, _)| Claim {
            provision: (*id).into(),
            ..claim(*support, reason, (*support != Some(Support::NotApplicable)).then_some(true).or(Some(false)))
        })
        .collect();
    let provisions =
        claims.iter().map(|(id, .., verdict)| ((*id).to_owned(), GroupResult::of(*verdict, Vec::new()))).collect();
    let profile = Profile { id: "p".into(), title: "P".into(), units: Vec::new(), claims: None };
    let (units, groups) = (indexed::Map::default(), indexed::Map::default());
    let said = Said { claims: &said, provisions: &provisions, units: &units, groups: &groups, undetermined: "fail" };
    assess(&profile, &rules, &said)
}

#[test]
fn the_product_by_its_provisions() {
    use Support::{No, NotApplicable as Na, Yes};
    use Verdict::{Fail, Inconclusive, NotRun, Pass};
    let statement = ("4-1", true, Some(Yes), "", Pass);
    let good = [
        statement,
        ("1-1", true, Some(Yes), "", Pass),
        ("1-2", false, Some(Yes), "", Pass),
        ("1-3", false, Some(No), "no hardware for it", NotRun),
        ("1-4", true, Some(Na), "no passwords", NotRun),
    ];
    let with = |more| good.iter().copied().chain([more]).collect::<Vec<_>>();
    let word = |claims: &[_]| product(claims).conformance;
    assert_eq!(word(&good), Conformance::Conforms);
    assert_eq!(product(&good).why, Vec::<String>::new());
    assert_eq!(word(&with(("2-1", true, Some(Yes), "", Fail))), Conformance::DoesNotConform);
    assert_eq!(word(&with(("2-1", false, Some(Yes), "", Fail))), Conformance::DoesNotConform, "a claim that is wrong");
    assert_eq!(word(&with(("2-1", true, Some(No), "why", NotRun))), Conformance::DoesNotConform, "declared");
    assert_eq!(word(&with(("2-1", false, Some(No), "", NotRun))), Conformance::DoesNotConform, "no reason");
    assert_eq!(word(&with(("2-1", true, Some(Yes), "", Inconclusive))), Conformance::Undetermined);
    assert_eq!(word(&with(("2-1", false, Some(Yes), "", NotRun))), Conformance::Undetermined);
    assert_eq!(word(&with(("2-1", true, None, "", Pass))), Conformance::Undetermined, "undeclared is no claim");
    assert_eq!(word(&good[3..]), Conformance::Undetermined, "nothing was shown");
    assert_eq!(word(&[]), Conformance::Undetermined);

    let both = product(&[("4-1", true, Some(Yes), "", Fail), ("1-1", true, Some(Yes), "", Inconclusive)]);
    assert_eq!(both.conformance, Conformance::DoesNotConform);
    assert_eq!(
        both.why,
        ["the statement is invalid: 4-1: claimed, and a case failed", "1-1: claimed, and a case is inconclusive"]
    );
}

#[test]
fn an_invalid_statement_fails_what_passed_everywhere_and_says_why() {
    let assessment = product(&[
        ("4-1", true, Some(Support::Yes), "", Verdict::Pass),
        ("1-1", true, Some(Support::Yes), "", Verdict::Pass),
        ("1-2", false, Some(Support::No), "", Verdict::NotRun),
    ]);
    assert_eq!(assessment.conformance, Conformance::DoesNotConform);
    assert_eq!(assessment.statement_problems.len(), 1);
    assert_eq!(assessment.statement_problems[0].code, "reason-missing");
    assert!(assessment.why[0].starts_with("the statement is invalid: 1-2: "), "{:?}", assessment.why);
}

#[test]
fn coverage_counts_what_was_claimed_and_shown() {
    let assessment = product(&[
        ("1-1", true, Some(Support::Yes), "", Verdict::Pass),
        ("1-2", true, Some(Support::Yes), "", Verdict::NotRun),
        ("1-3", true, Some(Support::NotApplicable), "why", Verdict::NotRun),
        ("1-4", false, Some(Support::No), "why", Verdict::NotRun),
    ]);
    let coverage = Coverage { provisions: 4, applicable: 3, claimed: 2, covered: 1, units: 4, ..Coverage::default() };
    assert_eq!(assessment.coverage, coverage);
    assert_eq!(assessment.provisions.get("1-2").expect("there").missing, ["1-2-1 a"]);
}
