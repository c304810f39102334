//! Scope and items: the product, the samples, the plans and what they rest on.

use askama::Template;
use assay_model::results::{Results, SampleInfo};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Built, Section, Source};
use crate::html::value::{Pair, duration, moment};

#[derive(Template)]
#[template(path = "section/scope.html")]
struct Body<'a> {
    results: &'a Results,
    product_facts: Vec<Pair>,
    samples: Vec<SampleView>,
    started: String,
    ended: String,
    duration: String,
}

struct SampleView {
    id: String,
    origin: String,
    label: Vec<Pair>,
    host: String,
    defects: String,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let results = source.results;
    let body = Body {
        results,
        product_facts: product_facts(results),
        samples: results.samples.iter().map(sample).collect(),
        started: moment(&results.started),
        ended: moment(&results.ended),
        duration: elapsed(results),
    };
    Section::of("scope", "Scope and items", &body)
}

/// What identifies the product first, the rest by name.
fn product_facts(results: &Results) -> Vec<Pair> {
    const FIRST: [&str; 5] = ["name", "type", "manufacturer", "model", "firmware"];
    let rank = |name: &String| FIRST.iter().position(|f| f == name).unwrap_or(FIRST.len());
    // Nested facts decide applicability; they stand in the sealed dossier and would only drown the identification.
    let mut facts: Vec<_> = results.product.iter().filter(|(_, v)| !v.is_object() && !v.is_array()).collect();
    facts.sort_by_key(|(name, _)| rank(name));
    facts.into_iter().map(Pair::of).collect()
}

fn sample(sample: &SampleInfo) -> SampleView {
    SampleView {
        id: sample.id.clone(),
        origin: sample.origin.clone(),
        label: sample.label.iter().map(Pair::of).collect(),
        host: sample.host.clone().unwrap_or_default(),
        defects: sample.defects.join(", "),
    }
}

fn elapsed(results: &Results) -> String {
    let at = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let ms = at(&results.started)
        .zip(at(&results.ended))
        .and_then(|(a, b)| u64::try_from((b - a).whole_milliseconds()).ok());
    ms.map(duration).unwrap_or_default()
}
