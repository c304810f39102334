//! Integrity: the digests, and how to check the pack.

use askama::Template;
use assay_model::results::Results;

use super::{Built, Section, Source};

#[derive(Template)]
#[template(path = "section/integrity.html")]
struct Body<'a> {
    results: &'a Results,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    Section::of("integrity", "Integrity", &Body { results: source.results })
}
