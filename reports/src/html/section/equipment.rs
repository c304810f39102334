//! Equipment: the bench's register.

use askama::Template;
use assay_model::results::Results;

use super::{Built, Section, Source};

#[derive(Template)]
#[template(path = "section/equipment.html")]
struct Body<'a> {
    results: &'a Results,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    Section::of("equipment", "Equipment", &Body { results: source.results })
}
