//! What a report must say before it is issued (ISO/IEC 17025:2017, 7.8.2 and 7.8.6): everything that is missing, at once.

use assay_model::lab::{Overdue, Particulars};
use assay_model::results::{Results, SampleInfo};
use serde::Serialize;

/// Before this no clock that is right has ever shown a run of Assay.
const EARLIEST: &str = "2025-01-01";

/// One thing that keeps a report from being issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The field as pack.json has it: `lab.address`, `items[s1].received_at`.
    pub field: String,
    /// The clause that asks for it.
    pub clause: &'static str,
    /// What to do about it.
    pub help: String,
}

/// Everything that is missing; empty where the report may be issued. The reviewer's sign-off is asked for too.
#[must_use]
pub fn missing(results: &Results) -> Vec<Missing> {
    let mut gate = Gate::default();
    let stated = results.lab.clone().unwrap_or_default();
    laboratory(&mut gate, &stated);
    parties(&mut gate, results, &stated);
    if results.samples.is_empty() {
        gate.miss("items", "7.8.2.1 g", "no sample was bound: there is nothing that the results could relate to");
    }
    results.samples.iter().for_each(|sample| item(&mut gate, results, &stated, sample));
    method(&mut gate, results, &stated);
    equipment(&mut gate, results, &stated);
    clock(&mut gate, results);
    people(&mut gate, results);
    gate.0
}

#[derive(Default)]
struct Gate(Vec<Missing>);

impl Gate {
    fn miss(&mut self, field: impl Into<String>, clause: &'static str, help: impl Into<String>) {
        self.0.push(Missing { field: field.into(), clause, help: help.into() });
    }

    /// Misses a field that is empty; `block` is where a lab file states it.
    fn need(&mut self, field: &str, clause: &'static str, value: Option<&str>, block: &str) {
        if value.is_none_or(|v| v.trim().is_empty()) {
            self.miss(field, clause, format!("state `{block}` in a lab file and name it by `--lab`"));
        }
    }
}

fn laboratory(gate: &mut Gate, stated: &Particulars) {
    let lab = stated.lab.as_ref();
    gate.need("lab.name", "7.8.2.1 b", lab.map(|l| l.name.as_str()), "lab.name");
    gate.need("lab.address", "7.8.2.1 b", lab.map(|l| l.address.as_str()), "lab.address");
    let place = lab.map(|l| l.location_of_activity.as_str());
    gate.need("lab.location_of_activity", "7.8.2.1 c", place, "lab.location_of_activity");
    let accreditation = lab.map(|l| l.accreditation.as_str());
    gate.need("lab.accreditation", "7.8.2.1", accreditation, "lab.accreditation (`none` is an answer)");
}

fn parties(gate: &mut Gate, results: &Results, stated: &Particulars) {
    let text = |key: &str, inner: &str| {
        results.product.get(key).and_then(|c| if inner.is_empty() { Some(c) } else { c.get(inner) })?.as_str()
    };
    let customer = stated.customer.as_ref();
    let name = customer.map(|c| c.name.as_str()).or_else(|| text("customer", "name"));
    let contact = customer.map(|c| c.contact.as_str()).or_else(|| text("customer", "contact"));
    gate.need("customer.name", "7.8.2.1 e", name, "customer.name");
    gate.need("customer.contact", "7.8.2.1 e", contact, "customer.contact");
    if text("manufacturer", "").is_none_or(str::is_empty) {
        gate.miss("manufacturer", "7.8.2.1 g", "name the manufacturer in the dossier and run again");
    }
}

fn item(gate: &mut Gate, results: &Results, stated: &Particulars, sample: &SampleInfo) {
    let received = stated.item(&sample.id);
    let label = |key: &str| sample.label.get(key).and_then(|v| v.as_str());
    let custody = |key: &str| sample.label.get("custody")?.get(key)?.as_str();
    let fields = [
        ("received_at", "7.8.2.1 h", received.map(|r| r.received.as_str()).or_else(|| custody("received")), "received"),
        (
            "condition",
            "7.8.2.1 g",
            received.map(|r| r.condition.as_str()).or_else(|| custody("condition")),
            "condition",
        ),
        ("serial", "7.8.2.1 g", label("serial").or_else(|| received.map(|r| r.serial.as_str())), "serial"),
        ("batch", "7.8.2.1 g", label("batch").or_else(|| received.map(|r| r.batch.as_str())), "batch"),
    ];
    for (field, clause, value, key) in fields {
        gate.need(&format!("items[{}].{field}", sample.id), clause, value, &format!("items: {key}"));
    }
    let model = results.product.get("model").and_then(|v| v.as_str()).or_else(|| label("model"));
    if model.is_none_or(str::is_empty) {
        let field = format!("items[{}].model", sample.id);
        gate.miss(field, "7.8.2.1 g", "name the model in the dossier and run again");
    }
}

fn method(gate: &mut Gate, results: &Results, stated: &Particulars) {
    let sampling = stated.sampling.as_ref();
    gate.need("sampling.plan", "7.8.2.1 k", sampling.map(|s| s.plan.as_str()), "sampling.plan");
    gate.need("sampling.chosen_by", "7.8.2.1 k", sampling.map(|s| s.chosen_by.as_str()), "sampling.chosen_by");
    gate.need("decision_rule", "7.8.6.1", stated.decision_rule.as_ref().map(|r| r.text.as_str()), "decision_rule");
    if stated.deviations.is_none() {
        let help = "state `deviations` in a lab file; `deviations: []` says that there are none";
        gate.miss("method.deviations", "7.8.2.1 n", help);
    }
    let environment = stated.environment.as_ref();
    let temperature = environment.map(|e| e.temperature.as_str());
    let humidity = environment.map(|e| e.humidity.as_str());
    gate.need(
        "environment.temperature",
        "7.8.3.1 a",
        temperature,
        "environment.temperature (`not controlled` is an answer)",
    );
    gate.need("environment.humidity", "7.8.3.1 a", humidity, "environment.humidity (`not controlled` is an answer)");
    if results.partial {
        gate.miss("run", "7.8.1.2", "the run was interrupted: complete it with `assay resume`, or run again");
    }
}

fn equipment(gate: &mut Gate, results: &Results, stated: &Particulars) {
    let mut listed = results.all_equipment().peekable();
    if listed.peek().is_none() {
        gate.miss("equipment", "7.5.1", "list the equipment in the bench or in a lab file: id, kind, serial");
    }
    let day = results.started.get(..10).unwrap_or_default();
    for item in listed {
        if item.serial.as_ref().is_none_or(String::is_empty) {
            gate.miss(format!("equipment[{}].serial", item.id), "6.4.13", "enter its serial number in the register");
        }
        for (what, due) in item.overdue(day).into_iter().filter(|_| stated.overdue == Overdue::Block) {
            let help =
                format!("the {what} was due on {due}, before the run on {day}: test again with equipment in date");
            gate.miss(format!("equipment[{}].{what}_due", item.id), "6.4.7", help);
        }
    }
}

fn clock(gate: &mut Gate, results: &Results) {
    let Some(host) = &results.host else {
        return gate.miss(
            "environment.clock",
            "7.5.1",
            "the run did not ask its host's clock: run again with this version",
        );
    };
    let early = |moment: &str| moment.get(..10).is_none_or(|day| day < EARLIEST);
    if early(&results.started) || early(&results.ended) || early(&host.clock.checked_at) {
        let help = format!("the clock showed {} during the run: set it, then run again", results.started);
        gate.miss("environment.clock", "7.5.1", help);
    }
}

fn people(gate: &mut Gate, results: &Results) {
    let operator = results.operator.as_deref().unwrap_or_default();
    if operator.trim().is_empty() {
        gate.miss("performed_by", "7.5.1", "run again with `--operator NAME`: nobody can say afterwards who tested");
    } else if let Some(false) = results.lab.as_ref().and_then(|lab| lab.may(operator, "operator")) {
        let help =
            format!("the lab's people have no operator `{operator}`; enter them, or run again under a known name");
        gate.miss("performed_by", "6.2.6", help);
    }
    if results.report.reviewed_by.is_empty() {
        gate.miss("reviewed_by", "7.8.1.1", "have another person review it: `assay review PACK --by NAME`");
    }
}
