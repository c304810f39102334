//! Equipment: the bench's list and the laboratory's register, with what was past its date when the run began.

use askama::Template;
use assay_model::Equipment;

use super::{Built, Section, Source};

#[derive(Template)]
#[template(path = "section/equipment.html")]
struct Body<'a> {
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    item: &'a Equipment,
    overdue: String,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let results = source.results;
    let day = results.started.get(..10).unwrap_or_default();
    let registered = results.lab.as_ref().map_or(&[][..], |lab| &lab.equipment);
    let more = registered.iter().filter(|item| results.equipment.iter().all(|own| own.id != item.id));
    let rows = results.equipment.iter().chain(more).map(|item| {
        let passed = item.overdue(day).into_iter().map(|(what, due)| format!("{what} was due {due}"));
        Row { item, overdue: passed.collect::<Vec<_>>().join("; ") }
    });
    Section::of("equipment", "Equipment", &Body { rows: rows.collect() })
}
