//! Operator steps: who answered what, when, and where it decides.

use askama::Template;
use assay_model::results::Results;

use super::{Built, Section, Source};
use crate::entry::Entry;
use crate::html::unit::{Badge, UnitView};
use crate::html::value::moment;

#[derive(Template)]
#[template(path = "section/operator.html")]
struct Body {
    manual: Vec<ManualView>,
}

struct ManualView {
    unit: String,
    anchor: String,
    scope: String,
    badge: Badge,
    who: String,
    text: String,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    Section::of("operator", "Operator steps", &Body { manual: manual(source.results, source.units) })
}

fn manual(results: &Results, units: &[UnitView]) -> Vec<ManualView> {
    let mut views = Vec::new();
    for ((id, unit), view) in results.units.iter().zip(units) {
        for entry in Entry::of(id, unit) {
            let Some((result, manual)) = entry.result.and_then(|r| Some((r, r.manual.as_ref()?))) else { continue };
            let signed = match manual.signed {
                Some(true) => ", signed",
                Some(false) => ", not signed",
                None => "",
            };
            let asked = result
                .steps
                .iter()
                .filter(|s| s.check == "ask" || s.check == "answer")
                .find_map(|s| s.params.get("text")?.as_str());
            views.push(ManualView {
                unit: id.clone(),
                anchor: view.anchor.clone(),
                scope: entry.samples(results),
                badge: Badge::of(entry.verdict),
                who: format!("{} ({}{signed}), {}", manual.operator, manual.source, moment(&result.ended)),
                text: [asked.unwrap_or_default(), entry.reason()]
                    .iter()
                    .filter(|t| !t.is_empty())
                    .copied()
                    .collect::<Vec<_>>()
                    .join(" — "),
            });
        }
    }
    views
}
