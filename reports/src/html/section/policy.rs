//! Policy parameters: values that a laboratory chooses.

use askama::Template;
use assay_model::results::Results;

use super::{Built, Section, Source};

#[derive(Template)]
#[template(path = "section/policy.html")]
struct Body<'a> {
    results: &'a Results,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    Section::of("policy", "Policy parameters", &Body { results: source.results })
}
