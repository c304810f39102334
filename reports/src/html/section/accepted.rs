//! What was accepted from others: documents that cover groups, and waivers of FAILs. Neither is a PASS of this run.

use askama::Template;
use assay_model::results::Results;

use super::{Built, Section, Source};

#[derive(Template)]
#[template(path = "section/accepted.html")]
struct Body<'a> {
    results: &'a Results,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let results = source.results;
    if results.external.is_empty() && results.waivers.is_empty() {
        return Ok(None);
    }
    Section::of("accepted", "Accepted from others", &Body { results })
}
