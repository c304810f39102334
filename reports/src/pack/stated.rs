//! The parts of pack.json that people state: report, laboratory, customer, items, equipment, who did what
//! (ISO/IEC 17025:2017, 7.8.2). What nobody stated is left out.

use assay_model::lab::Particulars;
use assay_model::report::SignOff;
use assay_model::results::{Results, SampleInfo};
use serde_json::{Value, json};

pub(super) fn report(results: &Results) -> Value {
    let mut report = json!({
        "number": results.report_number(),
        "revision": results.report.revision,
        "status": results.report.status,
        "pages_end_marker": "End of report",
    });
    if let Some(before) = &results.report.supersedes {
        report["supersedes"] = json!(before);
    }
    if let Some(at) = &results.report.issued_at {
        report["issued_at"] = json!(at);
    }
    report
}

/// The lab as stated; its bare name where that alone is known.
pub(super) fn lab(results: &Results, name: Option<&str>) -> Value {
    match results.lab.as_ref().and_then(|l| l.lab.as_ref()) {
        Some(lab) => json!(lab),
        None => name.map_or(Value::Null, |name| json!({"name": name})),
    }
}

/// Out of a lab file, or out of the dossier.
pub(super) fn customer(results: &Results) -> Value {
    let stated = results.lab.as_ref().and_then(|l| l.customer.as_ref()).map(|c| json!(c));
    stated.or_else(|| results.product.get("customer").cloned()).unwrap_or_default()
}

pub(super) fn decision_rule(results: &Results) -> Value {
    stated(results, |lab| lab.decision_rule.as_ref().map(|rule| json!(rule)))
}

pub(super) fn deviations(results: &Results) -> Value {
    stated(results, |lab| lab.deviations.as_ref().map(|list| json!(list)))
}

fn stated(results: &Results, of: impl Fn(&Particulars) -> Option<Value>) -> Value {
    results.lab.as_ref().and_then(of).unwrap_or_default()
}

pub(super) fn sampling(results: &Results) -> Value {
    let mut sampling = stated(results, |lab| lab.sampling.as_ref().map(|s| json!(s)));
    if sampling.is_null() {
        sampling = json!({});
    }
    sampling["n"] = json!(results.samples.len());
    sampling
}

/// What the lab states of a sample's receipt, its label first where both say something.
pub(super) fn receipt(results: &Results, sample: &SampleInfo, item: &mut Value) {
    let received = results.lab.as_ref().and_then(|lab| lab.item(&sample.id));
    let custody = sample.label.get("custody");
    let of = |key: &str| custody.and_then(|c| c.get(key)).cloned();
    let label = |key: &str| sample.label.get(key).cloned();
    let text = |text: &str| (!text.is_empty()).then(|| json!(text));
    let fields = [
        ("received_at", received.and_then(|r| text(&r.received)).or_else(|| of("received"))),
        ("condition", received.and_then(|r| text(&r.condition)).or_else(|| of("condition"))),
        ("serial", label("serial").or_else(|| received.and_then(|r| text(&r.serial)))),
        ("batch", label("batch").or_else(|| received.and_then(|r| text(&r.batch)))),
    ];
    for (key, value) in fields {
        if let Some(value) = value {
            item[key] = value;
        }
    }
}

/// The bench's equipment and the lab's, each with what is past its date on the day of the run.
pub(super) fn equipment(results: &Results) -> Value {
    let day = results.started.get(..10).unwrap_or_default();
    let one = |item: &assay_model::Equipment| {
        let overdue: Vec<&str> = item.overdue(day).into_iter().map(|(what, _)| what).collect();
        let mut value = json!(item);
        if !overdue.is_empty() {
            value["overdue"] = json!(overdue);
        }
        value
    };
    results.all_equipment().map(one).collect()
}

pub(super) fn environment(results: &Results) -> Value {
    let mut environment = stated(results, |lab| lab.environment.as_ref().map(|e| json!(e)));
    if environment.is_null() {
        environment = json!({});
    }
    if !results.bench.is_empty() {
        environment["bench_id"] = json!(results.bench);
    }
    if let Some(host) = &results.host {
        environment["host_os"] = json!(host.os);
        environment["kernel"] = json!(host.kernel);
        environment["arch"] = json!(host.arch);
        environment["clock"] = json!(host.clock);
    }
    environment
}

pub(super) fn performed_by(results: &Results) -> Value {
    let Some(operator) = &results.operator else { return Value::Null };
    let mut person = json!({"operator_id": operator, "activities": ["run"]});
    if let Some(name) = name(results, operator) {
        person["name"] = json!(name);
    }
    json!([person])
}

pub(super) fn signed_off(results: &Results, people: &[SignOff]) -> Value {
    let one = |person: &SignOff| {
        let mut value = json!(person);
        if let Some(name) = name(results, &person.id) {
            value["name"] = json!(name);
        }
        value
    };
    people.iter().map(one).collect()
}

fn name<'a>(results: &'a Results, id: &str) -> Option<&'a str> {
    let people = &results.lab.as_ref()?.people;
    people.iter().find(|p| p.id == id).map(|p| p.name.as_str())
}
