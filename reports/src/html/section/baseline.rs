//! What became of each unit since the baseline, in a run that had one.

use askama::Template;
use assay_model::comparison::Comparison;
use assay_model::{Transition, Verdict};

use super::{Built, Section, Source};
use crate::html::value::moment;

/// Rows of the table; results/results.json has them all.
const ROWS: usize = 300;

#[derive(Template)]
#[template(path = "section/baseline.html")]
struct Body<'a> {
    compared: &'a Comparison,
    when: String,
    rows: Vec<Row<'a>>,
    left_out: usize,
}

struct Row<'a> {
    unit: &'a str,
    sample: &'a str,
    word: &'static str,
    old: &'static str,
    new: &'static str,
    details: &'a [String],
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let Some(compared) = &source.results.baseline else { return Ok(None) };
    let word = |verdict: Option<Verdict>| verdict.map_or("none", Verdict::word);
    let samples = compared.units.iter().flat_map(|unit| unit.samples.iter().map(move |sample| (unit, sample)));
    let mut changed =
        samples.filter(|(_, sample)| sample.transition != Transition::Unchanged).map(|(unit, sample)| Row {
            unit: &unit.unit,
            sample: &sample.sample,
            word: sample.transition.word(),
            old: word(sample.old),
            new: word(sample.new),
            details: &sample.details,
        });
    let rows: Vec<_> = changed.by_ref().take(ROWS).collect();
    let left_out = changed.count();
    let body = Body { compared, when: moment(&compared.old.started), rows, left_out };
    Section::counted("baseline", "Since the baseline", body.rows.len() + left_out, &body)
}
