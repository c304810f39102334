//! All units, with the filter over them.

use askama::Template;

use super::verdict::{Tally, tally};
use super::{Built, Section, Source};
use crate::html::unit::UnitView;

#[derive(Template)]
#[template(path = "section/units.html")]
struct Body<'a> {
    units: &'a [UnitView],
    tally: Vec<Tally>,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let body = Body { units: source.units, tally: tally(source.results) };
    Section::counted("units", "All units", source.units.len(), &body)
}
