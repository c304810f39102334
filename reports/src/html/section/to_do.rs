//! Still to do by hand: questions that wait for a person, and units by hand that the run did not reach.

use std::collections::BTreeMap;

use askama::Template;

use super::{Built, Section, Source};
use crate::html::value::cap_at;

/// Rows of the table.
const ROWS: usize = 500;
/// Characters of a question.
const QUESTION: usize = 400;

#[derive(Template)]
#[template(path = "section/to-do.html")]
struct Body<'a> {
    rows: Vec<Row<'a>>,
    more: usize,
}

struct Row<'a> {
    unit: &'a str,
    anchor: &'a str,
    sample: &'a str,
    text: String,
    why: &'a str,
}

/// Only where something is left.
pub(super) fn section(source: &Source<'_>) -> Built {
    let list = &source.results.to_do;
    if list.is_empty() {
        return Ok(None);
    }
    let by_id: BTreeMap<&str, _> = source.units.iter().map(|unit| (unit.id.as_str(), unit)).collect();
    let rows = list.iter().take(ROWS).map(|one| {
        let view = by_id.get(one.unit.as_str());
        let asked = if one.text.is_empty() { view.map_or("", |v| v.question.as_str()) } else { &one.text };
        Row {
            unit: &one.unit,
            anchor: view.map_or("", |v| v.anchor.as_str()),
            sample: one.sample.as_deref().unwrap_or("all samples"),
            text: cap_at(asked, QUESTION),
            why: &one.why,
        }
    });
    let body = Body { rows: rows.collect(), more: list.len().saturating_sub(ROWS) };
    Section::counted("to-do", "Still to do by hand", list.len(), &body)
}
