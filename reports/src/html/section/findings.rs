//! Findings: every unit that is neither PASS nor NOT_APPLICABLE, worst first, each with the steps to resolve it.

use std::collections::HashMap;

use askama::Template;
use assay_model::Verdict;

use super::{Built, Section, Source};
use crate::html::detail::Detail;
use crate::html::unit::{Badge, UnitView};

/// Units that are linked from one reason; all of them stand among the units.
const LINKS: usize = 20;

#[derive(Template)]
#[template(path = "section/findings.html")]
struct Body<'a> {
    findings: Vec<&'a UnitView>,
    alike: Vec<Alike<'a>>,
}

/// Findings of one verdict and one reason, where there is no room for each.
struct Alike<'a> {
    badge: Badge,
    reason: &'a str,
    units: Vec<&'a UnitView>,
    more: usize,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let findings = findings(source.units);
    let count = findings.len();
    let body = if source.detail == Detail::Bare {
        Body { alike: alike(&findings), findings: Vec::new() }
    } else {
        Body { findings, alike: Vec::new() }
    };
    Section::counted("findings", "Findings", count, &body)
}

/// Worst first, and in the order of the plan within one verdict.
fn findings(units: &[UnitView]) -> Vec<&UnitView> {
    let order = [Verdict::Fail, Verdict::Error, Verdict::Inconclusive, Verdict::NotRun];
    order.iter().flat_map(|v| units.iter().filter(move |u| u.badge.verdict == *v)).collect()
}

fn alike<'a>(findings: &[&'a UnitView]) -> Vec<Alike<'a>> {
    let mut places: HashMap<(Verdict, &str), usize> = HashMap::new();
    let mut alike: Vec<Alike<'a>> = Vec::new();
    for unit in findings {
        let place = *places.entry((unit.badge.verdict, &unit.brief)).or_insert_with(|| {
            alike.push(Alike { badge: unit.badge, reason: &unit.brief, units: Vec::new(), more: 0 });
            alike.len() - 1
        });
        match &mut alike[place] {
            one if one.units.len() < LINKS => one.units.push(unit),
            one => one.more += 1,
        }
    }
    // A different reason for each would be the list of units over again.
    alike.truncate(500);
    alike
}
