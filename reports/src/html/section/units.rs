//! All units, gathered by test group or requirement, with the filter over them.

use std::collections::{BTreeMap, HashMap};

use askama::Template;

use super::verdict::{Tally, tally};
use super::{Built, Section, Source};
use crate::html::unit::UnitView;

#[derive(Template)]
#[template(path = "section/units.html")]
struct Body<'a> {
    groups: Vec<Group<'a>>,
    tally: Vec<Tally>,
    samples: Vec<&'a str>,
    methods: Vec<&'a str>,
}

struct Group<'a> {
    name: &'a str,
    catalogue: &'a str,
    /// As the filter names it.
    provision: &'a str,
    tally: String,
    units: Vec<&'a UnitView>,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let mut methods: Vec<&str> = source.units.iter().map(|u| u.method.as_str()).filter(|m| !m.is_empty()).collect();
    methods.sort_unstable();
    methods.dedup();
    let body = Body {
        groups: groups(source.units),
        tally: tally(source.results),
        samples: source.results.samples.iter().map(|s| s.id.as_str()).collect(),
        methods,
    };
    Section::counted("units", "All units", source.units.len(), &body)
}

/// In the order in which the plan first names each.
fn groups(units: &[UnitView]) -> Vec<Group<'_>> {
    let mut places: HashMap<(&(String, String), &str), usize> = HashMap::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for unit in units {
        let provision = unit.provision.as_str();
        let place = *places.entry((&unit.group, provision)).or_insert_with(|| {
            let (catalogue, name) = &unit.group;
            groups.push(Group { name, catalogue, provision, tally: String::new(), units: Vec::new() });
            groups.len() - 1
        });
        groups[place].units.push(unit);
    }
    for group in &mut groups {
        let mut counts: BTreeMap<_, (usize, &str)> = BTreeMap::new();
        for unit in &group.units {
            counts.entry(unit.badge.verdict).or_insert((0, unit.badge.word)).0 += 1;
        }
        let counts: Vec<String> = counts.values().map(|(n, word)| format!("{n} {word}")).collect();
        group.tally = counts.join(", ");
    }
    groups
}
