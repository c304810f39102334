//! Laboratory and customer: what ISO/IEC 17025:2017, 7.8.2 asks of a report beside its results.

use askama::Template;
use assay_model::lab::{ClockState, Particulars};
use assay_model::results::Results;

use super::{Built, Section, Source};
use crate::html::value::moment;

#[derive(Template)]
#[template(path = "section/laboratory.html")]
struct Body {
    stated: bool,
    facts: Vec<(&'static str, String)>,
    items: Vec<Item>,
    machine: String,
    clock: String,
}

struct Item {
    sample: String,
    serial: String,
    batch: String,
    received: String,
    condition: String,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let results = source.results;
    if results.lab.is_none() && results.host.is_none() {
        return Ok(None);
    }
    let lab = results.lab.clone().unwrap_or_default();
    let body = Body {
        stated: results.lab.is_some(),
        facts: facts(&lab),
        items: items(results, &lab),
        machine: results.host.as_ref().map(|h| joined(", ", &[&h.os, &h.kernel, &h.arch])).unwrap_or_default(),
        clock: results.host.as_ref().map(|h| clock(&h.clock)).unwrap_or_default(),
    };
    Section::of("laboratory", "Laboratory and customer", &body)
}

/// What is stated; of what a report must have, that it is not.
fn facts(lab: &Particulars) -> Vec<(&'static str, String)> {
    let or_not = |text: String| if text.is_empty() { "not stated".into() } else { text };
    let about = lab.lab.clone().unwrap_or_default();
    let customer = lab.customer.as_ref().map(|c| joined(", ", &[&c.name, &c.contact]));
    let rule = lab.decision_rule.as_ref().map(|rule| joined(": ", &[&rule.id, &rule.text]));
    let sampling = lab.sampling.as_ref().map(|s| {
        let chosen = format!("chosen by {}", s.chosen_by);
        let out_of = if s.population.is_empty() { String::new() } else { format!("out of {}", s.population) };
        joined("; ", &[&s.plan, &chosen, &out_of, &s.limits])
    });
    let around = lab.environment.as_ref().map(|e| {
        let (temperature, humidity) = (format!("temperature {}", e.temperature), format!("humidity {}", e.humidity));
        joined("; ", &[&temperature, &humidity, &e.network])
    });
    let mut facts = vec![
        ("Laboratory", or_not(joined(", ", &[&about.name, &about.address]))),
        ("Customer", or_not(customer.unwrap_or_default())),
        ("Sampling", or_not(sampling.unwrap_or_default())),
        ("Decision rule", or_not(rule.unwrap_or_default())),
        ("Environment", or_not(around.unwrap_or_default())),
    ];
    let accredited = match about.accredited_for.as_slice() {
        [] => about.accreditation.clone(),
        parts => joined(", for ", &[&about.accreditation, &parts.join(", ")]),
    };
    let more =
        [("Place of testing", about.location_of_activity), ("Accreditation", accredited), ("Contact", about.contact)];
    facts.extend(more.into_iter().filter(|(_, text)| !text.is_empty()));
    facts
}

fn items(results: &Results, lab: &Particulars) -> Vec<Item> {
    let label = |sample: &assay_model::results::SampleInfo, key: &str| {
        sample.label.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    let first = |stated: Option<&String>, label: String| stated.filter(|s| !s.is_empty()).cloned().unwrap_or(label);
    let one = |sample: &assay_model::results::SampleInfo| {
        let item = lab.item(&sample.id)?;
        Some(Item {
            sample: sample.id.clone(),
            serial: first(Some(&item.serial), label(sample, "serial")),
            batch: first(Some(&item.batch), label(sample, "batch")),
            received: item.received.clone(),
            condition: item.condition.clone(),
        })
    };
    results.samples.iter().filter_map(one).collect()
}

fn clock(clock: &ClockState) -> String {
    let follows = match clock.synchronised {
        Some(true) => "synchronised",
        Some(false) => "not synchronised",
        None => "whether it is synchronised is not known",
    };
    let offset = clock.offset_ms.map(|ms| format!("{ms:+.1} ms from it")).unwrap_or_default();
    let doubt = clock.uncertainty_ms.map(|ms| format!("at most {ms:.1} ms off")).unwrap_or_default();
    let checked = format!("checked {}", moment(&clock.checked_at));
    joined(", ", &[&format!("source {}", clock.source), follows, &offset, &doubt, &checked])
}

/// Those that are not empty.
fn joined(between: &str, parts: &[&str]) -> String {
    parts.iter().copied().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
}
