//! Ways to meet each requirement: the one that the dossier takes, and what every other one would have said.

use askama::Template;
use assay_model::results::WayResult;

use super::{Built, Section, Source};
use crate::html::unit::Badge;

#[derive(Template)]
#[template(path = "section/ways.html")]
struct Body<'a> {
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    requirement: &'a str,
    badge: Badge,
    way: &'a WayResult,
    conditions: String,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let requirements = source.results.requirements.iter();
    let rows: Vec<Row<'_>> = requirements
        .flat_map(|(id, requirement)| {
            requirement.ways.iter().map(move |way| Row {
                requirement: id,
                badge: Badge::of(way.verdict),
                way,
                conditions: way.conditions.join(" or "),
            })
        })
        .collect();
    if rows.is_empty() {
        return Ok(None);
    }
    Section::of("ways", "Ways to meet each requirement", &Body { rows })
}
