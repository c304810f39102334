//! What keeps a report from being issued, and who may review it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fixture;

use assay_model::Equipment;
use assay_model::lab::{
    ClockState, DecisionRule, Environment, HostFacts, Laboratory, Overdue, Particulars, Party, Person, ReceivedItem,
    Sampling,
};
use assay_model::report::SignOff;
use assay_model::results::Results;
use assay_reports::review::{Refusal, may_review, missing};

fn stated() -> Particulars {
    let text = String::from;
    let person = |id: &str, name: &str, roles: &[&str]| Person {
        id: id.into(),
        name: name.into(),
        roles: roles.iter().map(|r| (*r).to_owned()).collect(),
    };
    Particulars {
        lab: Some(Laboratory {
            name: text("L"),
            address: text("A"),
            location_of_activity: text("here"),
            accreditation: text("none"),
            ..Laboratory::default()
        }),
        customer: Some(Party { name: text("C"), contact: text("c") }),
        decision_rule: Some(DecisionRule { id: text("r"), text: text("yes or no") }),
        sampling: Some(Sampling { plan: text("p"), chosen_by: text("customer"), ..Sampling::default() }),
        items: vec![ReceivedItem {
            sample: text("*"),
            received: text("2026-11-18"),
            condition: text("new"),
            batch: text("b"),
            ..ReceivedItem::default()
        }],
        deviations: Some(Vec::new()),
        environment: Some(Environment {
            temperature: text("23 °C"),
            humidity: text("not controlled"),
            network: text(""),
        }),
        equipment: Vec::new(),
        people: vec![
            person("op-1", "Olive Operator", &["operator"]),
            person("rev-1", "Rhea Reviewer", &["reviewer"]),
            person("auth-1", "Ari Authoriser", &["reviewer", "authoriser"]),
        ],
        overdue: Overdue::Block,
    }
}

/// A report that says everything.
fn whole() -> Results {
    let clock =
        ClockState { source: "unknown".into(), checked_at: "2026-11-22T08:59:59Z".into(), ..ClockState::default() };
    let mut results = fixture::results();
    results.lab = Some(stated());
    results.host = Some(HostFacts { clock, ..HostFacts::default() });
    results.report.reviewed_by = vec![SignOff { id: "rev-1".into(), ..SignOff::default() }];
    results
}

fn fields(results: &Results) -> Vec<String> {
    missing(results).into_iter().map(|gap| gap.field).collect()
}

#[test]
fn a_whole_report_passes_and_each_missing_field_is_named() {
    assert_eq!(fields(&whole()), [""; 0], "an unknown clock source is said, and is no gap");
    let miss = |take: &dyn Fn(&mut Results)| {
        let mut results = whole();
        take(&mut results);
        fields(&results)
    };
    assert_eq!(miss(&|r| r.lab.as_mut().unwrap().lab.as_mut().unwrap().address = " ".into()), ["lab.address"]);
    assert_eq!(miss(&|r| r.lab.as_mut().unwrap().deviations = None), ["method.deviations"]);
    assert_eq!(miss(&|r| r.lab.as_mut().unwrap().items[0].condition.clear()).len(), r_samples());
    assert_eq!(miss(&|r| r.partial = true), ["run"]);
    assert_eq!(miss(&|r| r.operator = None), ["performed_by"]);
    assert_eq!(miss(&|r| r.operator = Some("rev-1".into())), ["performed_by"], "no operator of this lab");
    assert_eq!(miss(&|r| r.report.reviewed_by.clear()), ["reviewed_by"]);
    assert_eq!(miss(&|r| r.host = None), ["environment.clock"]);
    assert_eq!(miss(&|r| r.started = "1970-01-01T00:00:07.000000Z".into()), ["environment.clock"]);
    assert_eq!(miss(&|r| r.equipment.clear()), ["equipment"]);
    assert_eq!(miss(&|r| drop(r.product.remove("manufacturer"))), ["manufacturer"]);
    let all = miss(&|r| r.lab = None);
    assert!(all.len() > 15, "everything at once: {all:?}");
}

fn r_samples() -> usize {
    whole().samples.len()
}

#[test]
fn equipment_past_its_date_blocks_or_is_only_said() {
    let mut results = whole();
    results.equipment.push(Equipment {
        id: "DMM-1".into(),
        kind: "meter".into(),
        serial: Some("1".into()),
        calibration_due: Some("2026-11-21".into()),
        ..Equipment::default()
    });
    assert_eq!(fields(&results), ["equipment[DMM-1].calibration_due"]);
    results.lab.as_mut().unwrap().overdue = Overdue::Flag;
    assert_eq!(fields(&results), [""; 0]);
}

#[test]
fn a_reviewer_is_another_person_with_the_role_and_a_key_of_their_own() {
    let results = whole();
    let keys = ["SHA256:bench".to_owned()];
    let may = |id: &str, issue: bool, key: &str| may_review(&results, id, issue, key, &keys);
    assert_eq!(may("rev-1", false, "SHA256:own"), Ok(()));
    assert_eq!(may("auth-1", true, "SHA256:own"), Ok(()));
    let role = Refusal::Role { id: "rev-1".into(), role: "authoriser" };
    assert_eq!(may("rev-1", true, "SHA256:own"), Err(role));
    for same in ["op-1", "OP-1 ", "Olive  operator"] {
        assert!(matches!(may(same, false, "SHA256:own"), Err(Refusal::SamePerson(_))), "{same}");
    }
    assert_eq!(may("rev-1", false, "SHA256:bench"), Err(Refusal::SameKey("SHA256:bench".into())));
    let nobody = Results { operator: None, ..whole() };
    assert_eq!(may_review(&nobody, "rev-1", false, "k", &[]), Err(Refusal::NoOperator));
}
