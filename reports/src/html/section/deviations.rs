//! Deviations: whatever in this run was not as planned.

use askama::Template;
use assay_model::results::Results;

use super::{Built, Section, Source};
use crate::entry::Entry;
use crate::html::value::{cap_at, offset};

/// Lines of one kind; a run with more than these has worse problems.
const LINES: usize = 100;

#[derive(Template)]
#[template(path = "section/deviations.html")]
struct Body {
    lines: Vec<String>,
    /// What the laboratory states of its method; `None` where it states nothing, empty where there are none.
    stated: Option<Vec<String>>,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let mut lines = of_results(source.results);
    let happenings = source.trace.happenings.iter().take(LINES);
    lines.extend(happenings.map(|h| format!("{} {} {}: {}", offset(h.at_ms), h.sample, h.what, cap_at(&h.text, 300))));
    let stated = source.results.lab.as_ref().and_then(|lab| lab.deviations.clone());
    Section::of("deviations", "Deviations", &Body { lines, stated })
}

fn of_results(results: &Results) -> Vec<String> {
    let mut lines = Vec::new();
    if results.partial {
        lines.push("The run ended before every selected unit had.".to_owned());
    }
    let all = || Entry::all(results);
    let repeated = all().filter_map(|e| Some((e.result.filter(|r| r.attempts > 1)?.attempts, e)));
    lines.extend(repeated.take(LINES).map(|(n, e)| format!("{} on {} took {n} attempts.", e.id, e.samples(results))));
    let waived = all().filter_map(|e| Some((e.waiver()?, e.id)));
    lines.extend(waived.take(LINES).map(|(w, id)| format!("{id} is waived by {} until {}.", w.id, w.expires)));
    let changed = results.units.iter().filter_map(|(id, u)| Some((id, u.overridden.as_ref()?)));
    lines.extend(
        changed.take(LINES).map(|(id, o)| format!("{id} was changed from {} to {} by {}.", o.old, o.new, o.authority)),
    );
    let lost = results.evidence.iter().filter(|item| item.dropped > 0);
    lines.extend(
        lost.take(LINES).map(|item| format!("{} lost {} bytes or packets: {}.", item.id, item.dropped, item.title)),
    );
    lines.dedup();
    lines
}
