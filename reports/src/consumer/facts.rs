//! The facts of the sheet: each rests on items that passed, and bears the day on which they were looked at.

use assay_model::Verdict;
use assay_model::results::{Results, UnitResult};
use serde::Serialize;
use serde_json::Value;

use crate::law::{LAW, Law, Role, day_of, effective, parse_day, published};

/// The whole sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// `assay-consumer/1`.
    pub schema: &'static str,
    /// Name of the product.
    pub product: String,
    /// Its model.
    pub model: String,
    /// Who makes it.
    pub manufacturer: String,
    /// Who hands the sheet out; empty where nobody said.
    pub given_by: &'static str,
    /// How many units of the product were looked at.
    pub units_tested: usize,
    /// Virtual devices or seeded defects: the sheet is then about the method.
    pub exercise: bool,
    /// What was verified.
    pub facts: Vec<Fact>,
    /// Topics that were not verified in this run, and are left out for that.
    pub left_out: Vec<&'static str>,
    /// The law, with its edition as the pack has it; empty where the pack has none.
    pub law: String,
    /// The run that it rests on.
    pub run_id: String,
}

/// One verified fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// Its heading.
    pub topic: &'static str,
    /// A date or an address, to be read at a glance; may be empty.
    pub value: String,
    /// The fact in plain words.
    pub text: String,
    /// ISO date: the day on which the last of its items was judged.
    pub checked: String,
    /// The same, written out.
    pub checked_in_words: String,
    /// The items that it rests on, each PASS.
    pub items: Vec<&'static str>,
}

/// What a topic needs, and how it is said. The words are given the value that was observed, if any.
struct Topic {
    title: &'static str,
    items: &'static [&'static str],
    value: fn(&[&UnitResult]) -> String,
    /// Whether the fact cannot be told without its value.
    needs_value: bool,
    text: &'static str,
}

const TOPICS: [Topic; 5] = [
    Topic {
        title: "Your own password",
        items: &["PSTI-1.1", "PSTI-1.2"],
        value: |_| String::new(),
        needs_value: false,
        text: "No password is shared between all units: each is different on every unit, or you choose it yourself.",
    },
    Topic {
        title: "A password that is hard to guess",
        items: &["PSTI-1.1", "PSTI-1.2", "PSTI-1.3a", "PSTI-1.3b", "PSTI-1.3c", "PSTI-1.3d"],
        value: |_| String::new(),
        needs_value: false,
        text: "A password that comes with the product is not a simple count, and does not follow from its name, its label or its serial number.",
    },
    Topic {
        title: "How to report a security problem",
        items: &["PSTI-2.1"],
        value: contact,
        needs_value: true,
        text: "This is where the manufacturer takes reports of security problems. Anyone may report.",
    },
    Topic {
        title: "When you hear back",
        items: &["PSTI-2.2", "PSTI-2.3"],
        value: |_| String::new(),
        needs_value: false,
        text: "The manufacturer says when you get an answer to a report, and when you hear how it goes on until the problem is solved.",
    },
    Topic {
        title: "Security updates until",
        items: &["PSTI-3.2"],
        value: support_end,
        needs_value: true,
        text: "Until this day at least, the manufacturer promises to put right security problems by updates.",
    },
];

impl Sheet {
    /// Draws it up. A pure function of the record.
    #[must_use]
    pub fn of(results: &Results, given_by: Option<Role>) -> Self {
        let (mut facts, mut left_out) = (Vec::new(), Vec::new());
        for topic in &TOPICS {
            match fact(results, topic) {
                Some(fact) => facts.push(fact),
                None => left_out.push(topic.title),
            }
        }
        let text = |key: &str| results.product.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            schema: "assay-consumer/1",
            product: text("name"),
            model: text("model"),
            manufacturer: text("manufacturer"),
            given_by: given_by.map(Role::word).unwrap_or_default(),
            units_tested: results.samples.len(),
            exercise: results.samples.iter().any(|s| s.origin.starts_with("virtual") || !s.defects.is_empty()),
            facts,
            left_out,
            law: Law::of(results).map(|l| l.line()).unwrap_or_default(),
            run_id: results.run_id.clone(),
        }
    }
}

impl Sheet {
    /// Who hands it out, in a buyer's words.
    pub(super) fn giver(&self) -> &'static str {
        match self.given_by {
            "manufacturer" => "its manufacturer",
            "importer" => "its importer",
            _ => "the shop",
        }
    }
}

/// The fact, where every item that it needs passed and its value was seen.
fn fact(results: &Results, topic: &Topic) -> Option<Fact> {
    let passed = |id: &&str| {
        let unit = results.units.get(id)?;
        (unit.catalogue == LAW && effective(unit) == Verdict::Pass).then_some(unit)
    };
    let units: Vec<&UnitResult> = topic.items.iter().map(passed).collect::<Option<_>>()?;
    let value = (topic.value)(&units);
    if topic.needs_value && value.is_empty() {
        return None;
    }
    let checked =
        units.iter().flat_map(|u| u.samples.values().chain(&u.cross_sample)).map(|r| day_of(&r.ended)).max()?;
    let checked_in_words = in_words(&checked)?;
    Some(Fact {
        topic: topic.title,
        value,
        text: topic.text.into(),
        checked,
        checked_in_words,
        items: topic.items.to_vec(),
    })
}

/// Ways that are for security issues; where no way is named for them, all that passed as such. Of a form, its page.
fn contact(units: &[&UnitResult]) -> String {
    let Some(seen) = published(units.iter().copied(), "document.contact_point").next() else { return String::new() };
    let contacts: Vec<&Value> = seen["contacts"].as_array().into_iter().flatten().collect();
    let marked = contacts.iter().any(|c| c["for_security"] == true);
    let page = seen.pointer("/document/url").and_then(Value::as_str).unwrap_or_default();
    let mut ways: Vec<&str> = Vec::new();
    for contact in contacts.iter().filter(|c| !marked || c["for_security"] == true) {
        let way = if contact["kind"] == "form" { page } else { contact["value"].as_str().unwrap_or_default() };
        if !way.is_empty() && !ways.contains(&way) && ways.len() < 3 {
            ways.push(way);
        }
    }
    ways.join(", ")
}

fn support_end(units: &[&UnitResult]) -> String {
    let mut pages = published(units.iter().copied(), "document.support_period");
    let model = pages.find_map(|page| page.pointer("/models/0"));
    let Some((model, end)) = model.and_then(|m| Some((m, m["end"].as_str()?))) else { return String::new() };
    // A date that is written as month and year is told as such.
    let words = in_words(end).unwrap_or_default();
    if model["precision"] == "month" {
        words.split_once(' ').map(|(_, rest)| rest.to_owned()).unwrap_or_default()
    } else {
        words
    }
}

/// `31 December 2031`.
fn in_words(day: &str) -> Option<String> {
    let date = parse_day(day)?;
    Some(format!("{} {} {}", date.day(), date.month(), date.year()))
}
