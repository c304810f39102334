//! Controls: how often each held, over the whole run.

use std::collections::HashMap;

use askama::Template;
use assay_model::results::Results;

use super::{Built, Section, Source};

#[derive(Template)]
#[template(path = "section/controls.html")]
struct Body {
    controls: Vec<ControlTally>,
}

struct ControlTally {
    name: String,
    held: usize,
    failed: usize,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    Section::of("controls", "Controls", &Body { controls: controls(source.results) })
}

fn controls(results: &Results) -> Vec<ControlTally> {
    let mut tally: Vec<ControlTally> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    let samples = results.units.values().flat_map(|u| u.samples.values().chain(&u.cross_sample));
    for control in samples.flat_map(|s| &s.controls) {
        let place = *places.entry((&control.name, &control.expect)).or_insert_with(|| {
            tally.push(ControlTally { name: format!("{}: {}", control.name, control.expect), held: 0, failed: 0 });
            tally.len() - 1
        });
        if control.held == Some(true) {
            tally[place].held += 1;
        } else {
            tally[place].failed += 1;
        }
    }
    tally
}
