use assay_model::Blame;
use proptest::prelude::*;

use super::*;

fn good() -> Facts {
    Facts {
        ended: Ended::Completed,
        children: vec![Child::Held],
        controls_failed: Vec::new(),
        controls_faulted: Vec::new(),
        controls: 1,
        absence: true,
        dropped: 0,
        faults_in_window: Vec::new(),
        too_few: None,
    }
}

fn refuted(polarity: Polarity) -> Child {
    Child::Refuted { polarity, reason: Reason::new(ReasonClass::Requirement, "refuted", "seen") }
}

fn code(facts: &Facts) -> (Verdict, String) {
    let decision = decide(facts);
    (decision.verdict, decision.reasons.first().map(|r| r.code.clone()).unwrap_or_default())
}

#[test]
fn the_table_of_the_verdict_model() {
    let plain = |children| Facts { children, ..good() };
    let dead = |children| Facts { controls_failed: vec!["dead".into()], ..plain(children) };
    let cases = [
        (good(), Verdict::Pass, ""),
        (plain(vec![]), Verdict::Error, "vacuous"),
        (plain(vec![Child::Held, refuted(Polarity::Absence)]), Verdict::Fail, "refuted"),
        (dead(vec![Child::Held]), Verdict::Inconclusive, "not-held"),
        (dead(vec![refuted(Polarity::Absence)]), Verdict::Inconclusive, "not-held"),
        (dead(vec![refuted(Polarity::Presence)]), Verdict::Fail, "refuted"),
        (Facts { dropped: 9, ..good() }, Verdict::Inconclusive, "dropped"),
        (Facts { dropped: 9, ..plain(vec![refuted(Polarity::Absence)]) }, Verdict::Inconclusive, "dropped"),
        (Facts { dropped: 9, ..plain(vec![refuted(Polarity::Presence)]) }, Verdict::Fail, "refuted"),
        (Facts { controls: 0, ..good() }, Verdict::Inconclusive, "missing"),
        (Facts { controls: 0, absence: false, ..good() }, Verdict::Pass, ""),
        (Facts { controls: 0, ..plain(vec![refuted(Polarity::Absence)]) }, Verdict::Fail, "refuted"),
        (Facts { too_few: Some((1, 2)), ..good() }, Verdict::Inconclusive, "too-few-samples"),
        (Facts { ended: Ended::Faulted(Fault::bench("gone", "x")), ..good() }, Verdict::Error, "gone"),
        (Facts { ended: Ended::Interrupted, ..good() }, Verdict::NotRun, "interrupted"),
        (
            Facts { faults_in_window: vec![Fault::bench("drop", "x")], ..plain(vec![refuted(Polarity::Presence)]) },
            Verdict::Error,
            "drop",
        ),
        (Facts { faults_in_window: vec![Fault::bench("drop", "x")], ..good() }, Verdict::Inconclusive, "drop"),
        (Facts { controls_faulted: vec![Fault::timeout("x")], ..good() }, Verdict::Error, "deadline"),
        (Facts { ended: Ended::ControlsFailed, ..dead(vec![]) }, Verdict::Inconclusive, "not-held"),
    ];
    for (facts, verdict, reason) in cases {
        assert_eq!(code(&facts), (verdict, reason.to_owned()), "{facts:?}");
    }
}

fn any_reason() -> impl Strategy<Value = Reason> {
    Just(Reason::new(ReasonClass::Requirement, "r", "text"))
}

fn any_fault() -> impl Strategy<Value = Fault> {
    prop::sample::select(vec![Blame::Bench, Blame::Adapter, Blame::Plan, Blame::Timeout])
        .prop_map(|blame| Fault::new(blame, "f", "text"))
}

fn any_child() -> impl Strategy<Value = Child> {
    prop_oneof![
        3 => Just(Child::Held),
        1 => (any::<bool>(), any_reason()).prop_map(|(presence, reason)| Child::Refuted {
            polarity: if presence { Polarity::Presence } else { Polarity::Absence },
            reason,
        }),
        1 => any_reason().prop_map(Child::Broken),
        1 => any_reason().prop_map(Child::Undecided),
    ]
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let ended = prop_oneof![
        6 => Just(Ended::Completed),
        1 => Just(Ended::ControlsFailed),
        1 => any_fault().prop_map(Ended::Faulted),
        1 => any_reason().prop_map(Ended::Unanswered),
        1 => any_reason().prop_map(Ended::Stopped),
        1 => Just(Ended::Interrupted),
    ];
    let lists = (
        prop::collection::vec(any_child(), 0..5),
        prop::collection::vec(Just("control".to_owned()), 0..2),
        prop::collection::vec(any_fault(), 0..2),
        prop::collection::vec(any_fault(), 0..2),
    );
    (ended, lists, 0usize..3, any::<bool>(), 0u64..2, prop::option::of(Just((1, 2)))).prop_map(
        |(
            ended,
            (children, controls_failed, controls_faulted, faults_in_window),
            controls,
            absence,
            dropped,
            too_few,
        )| {
            Facts {
                ended,
                children,
                controls_failed,
                controls_faulted,
                controls,
                absence,
                dropped,
                faults_in_window,
                too_few,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_pass_is_deserved_in_every_respect(facts in any_facts()) {
        let deserved = facts.ended == Ended::Completed
            && !facts.children.is_empty()
            && facts.children.iter().all(|c| *c == Child::Held)
            && facts.controls_failed.is_empty()
            && facts.controls_faulted.is_empty()
            && facts.faults_in_window.is_empty()
            && facts.dropped == 0
            && facts.too_few.is_none()
            && (!facts.absence || facts.controls > 0);
        prop_assert_eq!(decide(&facts).verdict == Verdict::Pass, deserved);
    }

    #[test]
    fn a_proven_violation_is_never_hidden(mut facts in any_facts(), at in 0usize..5) {
        facts.ended = Ended::Completed;
        facts.faults_in_window.clear();
        let at = at.min(facts.children.len());
        facts.children.insert(at, refuted(Polarity::Presence));
        prop_assert_eq!(decide(&facts).verdict, Verdict::Fail);
    }

    #[test]
    fn absence_needs_controls_and_whole_captures(mut facts in any_facts()) {
        facts.children.retain(|c| !matches!(c, Child::Refuted { polarity: Polarity::Presence, .. }));
        if !facts.controls_failed.is_empty() || facts.dropped > 0 {
            let verdict = decide(&facts).verdict;
            prop_assert!(!matches!(verdict, Verdict::Pass | Verdict::Fail), "{:?}", verdict);
        }
    }

    #[test]
    fn all_but_pass_say_why_and_the_first_reason_decides(facts in any_facts()) {
        let decision = decide(&facts);
        prop_assert!(decision.verdict == Verdict::Pass || !decision.reasons.is_empty());
        if decision.verdict == Verdict::Pass { prop_assert!(decision.reasons.is_empty()); }
    }

    #[test]
    fn a_lab_fault_is_never_a_fail(mut facts in any_facts(), fault in any_fault()) {
        facts.faults_in_window.push(fault);
        prop_assert!(decide(&facts).verdict != Verdict::Fail);
    }
}
