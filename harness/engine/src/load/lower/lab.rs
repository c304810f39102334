//! Lab files: what a report must say beside its results. A lab keeps one for itself and one for each order; the blocks of
//! all of them are put together.

use assay_model::lab::{
    DecisionRule, Environment, Laboratory, Overdue, Particulars, Party, Person, ReceivedItem, Sampling,
};
use assay_model::{Diagnostic, Equipment, Severity, Span};

use super::Mistakes;
use super::bench;
use super::fields::{Fields, date, header};
use super::suite::{Seen, unique};
use crate::load::tree::Node;

pub(crate) const KEYS: [&str; 11] = [
    "assay",
    "lab",
    "customer",
    "decision_rule",
    "sampling",
    "items",
    "deviations",
    "environment",
    "equipment",
    "people",
    "overdue",
];
pub(crate) const LAB: [&str; 6] =
    ["name", "address", "location_of_activity", "accreditation", "accredited_for", "contact"];
pub(crate) const PARTY: [&str; 2] = ["name", "contact"];
pub(crate) const RULE: [&str; 2] = ["id", "text"];
pub(crate) const SAMPLING: [&str; 4] = ["plan", "chosen_by", "population", "limits"];
pub(crate) const ITEM: [&str; 5] = ["sample", "received", "condition", "serial", "batch"];
pub(crate) const ENVIRONMENT: [&str; 3] = ["temperature", "humidity", "network"];
pub(crate) const PERSON: [&str; 3] = ["id", "name", "roles"];
pub(crate) const ROLES: [&str; 3] = ["operator", "reviewer", "authoriser"];
pub(crate) const OVERDUE: [&str; 2] = ["flag", "block"];

/// A lab file's statements, and where each of its equipment's entries begins.
pub(crate) fn lower(node: &Node, mistakes: &Mistakes) -> Option<(Particulars, Vec<Span>)> {
    let fields = Fields::open("a lab file", node, &KEYS, mistakes)?;
    header(&fields, "lab/1");
    let block = |key: &str, what: &'static str, keys: &[&str]| {
        fields.get(key).and_then(|n| Fields::open(what, n, keys, mistakes))
    };
    let stated = Particulars {
        lab: block("lab", "`lab`", &LAB).map(|b| Laboratory {
            name: required(&b, "name"),
            address: optional(&b, "address"),
            location_of_activity: optional(&b, "location_of_activity"),
            accreditation: optional(&b, "accreditation"),
            accredited_for: b.texts("accredited_for"),
            contact: optional(&b, "contact"),
        }),
        customer: block("customer", "`customer`", &PARTY)
            .map(|b| Party { name: required(&b, "name"), contact: optional(&b, "contact") }),
        decision_rule: block("decision_rule", "`decision_rule`", &RULE)
            .map(|b| DecisionRule { id: required(&b, "id"), text: required(&b, "text") }),
        sampling: block("sampling", "`sampling`", &SAMPLING).map(|b| Sampling {
            plan: required(&b, "plan"),
            chosen_by: required(&b, "chosen_by"),
            population: optional(&b, "population"),
            limits: optional(&b, "limits"),
        }),
        items: items(&fields, mistakes),
        deviations: fields.get("deviations").map(|_| fields.texts("deviations")),
        environment: block("environment", "`environment`", &ENVIRONMENT).map(|b| Environment {
            temperature: required(&b, "temperature"),
            humidity: required(&b, "humidity"),
            network: optional(&b, "network"),
        }),
        equipment: Vec::new(),
        people: people(&fields, mistakes),
        overdue: match fields.word("overdue", &OVERDUE).as_deref() {
            Some("block") => Overdue::Block,
            _ => Overdue::Flag,
        },
    };
    let (equipment, spans) = equipment(&fields, mistakes);
    Some((Particulars { equipment, ..stated }, spans))
}

fn required(fields: &Fields<'_>, key: &str) -> String {
    fields.require_text(key).unwrap_or_default()
}

fn optional(fields: &Fields<'_>, key: &str) -> String {
    fields.text(key).unwrap_or_default()
}

fn items(fields: &Fields<'_>, mistakes: &Mistakes) -> Vec<ReceivedItem> {
    let mut seen = Seen::new();
    let open = |node| Fields::open("an item", node, &ITEM, mistakes);
    let item = |one: Fields<'_>| {
        let sample = required(&one, "sample");
        if let Some(node) = one.get("sample") {
            unique("lab::duplicate-item", "the sample", &sample, &node.span, &mut seen, mistakes);
        }
        one.require("received");
        ReceivedItem {
            sample,
            received: date(&one, "received").unwrap_or_default(),
            condition: required(&one, "condition"),
            serial: optional(&one, "serial"),
            batch: optional(&one, "batch"),
        }
    };
    fields.list("items").iter().filter_map(open).map(item).collect()
}

fn people(fields: &Fields<'_>, mistakes: &Mistakes) -> Vec<Person> {
    let mut seen = Seen::new();
    let open = |node| Fields::open("a person", node, &PERSON, mistakes);
    let person = |one: Fields<'_>| {
        let id = required(&one, "id");
        if let Some(node) = one.get("id") {
            unique("lab::duplicate-person", "the person", &id, &node.span, &mut seen, mistakes);
        }
        one.require("roles");
        let roles = one.words("roles", &ROLES).into_iter().map(|(word, _)| word).collect();
        Person { id, name: required(&one, "name"), roles }
    };
    fields.list("people").iter().filter_map(open).map(person).collect()
}

/// The register, and where each entry stands.
pub(super) fn equipment(fields: &Fields<'_>, mistakes: &Mistakes) -> (Vec<Equipment>, Vec<Span>) {
    let mut seen = Seen::new();
    let items = fields.list("equipment").iter().filter_map(|node| {
        let item = bench::equipment(node, mistakes)?;
        let span = node.get("id").map_or_else(|| node.span.clone(), |n| n.span.clone());
        unique("lab::duplicate-equipment", "the equipment", &item.id, &span, &mut seen, mistakes);
        Some((item, span))
    });
    items.unzip()
}

/// Equipment whose dates have passed: an error under `overdue: block`, else a warning.
pub(crate) fn overdue(equipment: &[Equipment], spans: &[Span], rule: Overdue, today: &str, mistakes: &Mistakes) {
    let severity = if rule == Overdue::Block { Severity::Error } else { Severity::Warning };
    for (item, span) in equipment.iter().zip(spans) {
        for (what, due) in item.overdue(today) {
            let text = format!("the {what} of `{}` was due on {due}", item.id);
            let help = match rule {
                Overdue::Block => "have it done and enter the new date, or take the item off this bench",
                Overdue::Flag => "the run goes on and the report will say so; `overdue: block` in a lab file stops it",
            };
            let found = Diagnostic { severity, ..Diagnostic::error("lab::overdue", text, Some(span.clone())) };
            mistakes.add(found.help(help));
        }
    }
}

/// Today's date in UTC, `2026-11-22`.
pub(crate) fn today() -> String {
    let day = time::OffsetDateTime::now_utc().date();
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}
