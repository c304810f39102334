//! What was not covered, before any finding: a reader must know what the verdict leaves out.

use askama::Template;
use assay_model::results::Results;

use super::{Built, Section, Source};

#[derive(Template)]
#[template(path = "section/not-covered.html")]
struct Body<'a> {
    results: &'a Results,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    Section::of("not-covered", "What was not covered", &Body { results: source.results })
}
