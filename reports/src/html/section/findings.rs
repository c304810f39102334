//! Findings: every unit that is neither PASS nor NOT_APPLICABLE, worst first, each with the next step.

use askama::Template;
use assay_model::Verdict;

use super::{Built, Section, Source};
use crate::html::unit::UnitView;

#[derive(Template)]
#[template(path = "section/findings.html")]
struct Body<'a> {
    findings: Vec<&'a UnitView>,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let findings = findings(source.units);
    Section::counted("findings", "Findings", findings.len(), &Body { findings })
}

/// Worst first, and in the order of the plan within one verdict.
fn findings(units: &[UnitView]) -> Vec<&UnitView> {
    let order = [Verdict::Fail, Verdict::Error, Verdict::Inconclusive, Verdict::NotRun];
    order.iter().flat_map(|v| units.iter().filter(move |u| u.badge.verdict == *v)).collect()
}
