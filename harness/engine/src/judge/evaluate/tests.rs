use assay_model::Verdict;
use serde_json::json;

use super::*;

fn expr(source: &str) -> Expr {
    Expr::standalone(source, "t").expect("compiles")
}

fn scope() -> Scope {
    let ics = json!({"5.1-1": {"support": "Y"}, "5.4-2": {"support": "N/A", "detail": "no fixed identity"}});
    json!({"ics": ics, "rows": []}).as_object().cloned().expect("an object")
}

fn verdict(levels: &[(Level, &str)]) -> (Verdict, String) {
    let expect = levels.iter().map(|(level, that)| Expectation {
        that: expr(that),
        why: Some(format!("why of {}", level.word())),
        show: None,
        polarity: Polarity::Absence,
        level: *level,
        span: expr(that).span,
    });
    let rule = Rule { expect: expect.collect(), ..Rule::default() };
    let decision = judge(&rule, &scope(), &AttemptRecord::default(), None).decision;
    let reason = decision.reasons.first().map(|r| format!("{}: {}", r.code, r.text)).unwrap_or_default();
    (decision.verdict, reason)
}

#[test]
fn what_a_judgement_needs_and_is_missing_leaves_it_open_and_a_violation_goes_before() {
    let missing = (Level::Needed, "rows.size() > 0");
    let held = (Level::Must, "rows.size() == 0");
    let refuted = (Level::Must, "rows.size() == 1");
    assert_eq!(verdict(&[missing, held]), (Verdict::Inconclusive, "missing: why of needed".into()));
    assert_eq!(verdict(&[missing, refuted]), (Verdict::Fail, "refuted: why of must".into()));
    assert_eq!(verdict(&[(Level::Needed, "rows.size() == 0"), held]).0, Verdict::Pass);
    assert_eq!(verdict(&[(Level::May, "rows.size() > 0"), held]).0, Verdict::Pass);
}

#[test]
fn a_rule_of_applicability_shows_the_keys_that_it_read_and_no_others() {
    let reason =
        applies(&expr("ics['5.4-2'].support == 'Y'"), &scope()).expect("evaluates").expect_err("does not apply");
    assert!(reason.text.contains(r#"ics["5.4-2"] = "#) && reason.text.contains("no fixed identity"), "{}", reason.text);
    assert!(!reason.text.contains("5.1-1"), "{}", reason.text);
    let whole = applies(&expr("size(rows) > 0"), &scope()).expect("evaluates").expect_err("does not apply");
    assert!(whole.text.contains("rows = []"), "{}", whole.text);
}
