//! Provisions by status, claim and verdict: what a standard of claims makes of the run.

use std::collections::BTreeMap;

use askama::Template;
use assay_model::assessment::{Assessment, Conclusion, Coverage, ProvisionResult, Support};
use assay_model::results::Results;

use super::verdict::{ConformanceView, conformance};
use super::{Built, Section, Source};
use crate::html::unit::{Badge, UnitView};
use crate::html::value::cap_at;

/// Units that are linked in one row; more are only counted.
const LINKS: usize = 16;
/// Characters of a claim's reason; all of it is in the sealed dossier.
const REASON: usize = 240;
/// Lines of what keeps a product from conforming.
const WHY: usize = 40;

#[derive(Template)]
#[template(path = "section/provisions.html")]
struct Body<'a> {
    assessments: Vec<View<'a>>,
}

struct View<'a> {
    title: &'a str,
    conformance: ConformanceView,
    why: &'a [String],
    more_why: usize,
    coverage: Coverage,
    undetermined: &'a str,
    counts: Vec<(&'static str, usize)>,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    id: &'a str,
    title: &'a str,
    status: &'a str,
    claim: &'static str,
    reason: String,
    badge: Option<Badge>,
    /// Whose PASS it is, where not ours.
    external: String,
    class: &'static str,
    conclusion: &'static str,
    text: &'a str,
    plans: String,
    /// Anchor, id and badge.
    units: Vec<(&'a str, &'a str, Badge)>,
    more: usize,
    missing: usize,
    waived: u64,
}

/// Only where a plan of the run completes a profile of claims.
pub(super) fn section(source: &Source<'_>) -> Built {
    let results = source.results;
    if results.assessments.is_empty() {
        return Ok(None);
    }
    let by_id: BTreeMap<&str, &UnitView> = source.units.iter().map(|unit| (unit.id.as_str(), unit)).collect();
    let assessments = results.assessments.values().map(|a| view(a, results, &by_id)).collect();
    Section::of("provisions", "Provisions", &Body { assessments })
}

fn view<'a>(assessment: &'a Assessment, results: &'a Results, by_id: &BTreeMap<&str, &'a UnitView>) -> View<'a> {
    let count = |c: Conclusion| assessment.provisions.values().filter(|p| p.conclusion == c).count();
    let counts = Conclusion::ALL.into_iter().map(|c| (spoken(c), count(c)));
    View {
        title: &assessment.title,
        conformance: conformance(assessment.conformance),
        why: &assessment.why[..assessment.why.len().min(WHY)],
        more_why: assessment.why.len().saturating_sub(WHY),
        coverage: assessment.coverage,
        undetermined: &assessment.undetermined,
        counts: counts.filter(|(_, n)| *n > 0).collect(),
        rows: assessment.provisions.iter().map(|(id, p)| row(id, p, results, by_id)).collect(),
    }
}

fn row<'a>(
    id: &'a str,
    provision: &'a ProvisionResult,
    results: &'a Results,
    by_id: &BTreeMap<&str, &'a UnitView>,
) -> Row<'a> {
    let mut plans: Vec<&str> = Vec::new();
    for unit in provision.units.iter().filter_map(|id| results.units.get(id)) {
        if !plans.contains(&unit.plan.as_str()) {
            plans.push(&unit.plan);
        }
    }
    let units: Vec<_> = provision.units.iter().filter_map(|id| by_id.get(id.as_str())).collect();
    Row {
        id,
        title: &provision.title,
        status: &provision.status,
        claim: provision.support.map_or("undeclared", Support::word),
        reason: if provision.support == Some(Support::Yes) { String::new() } else { cap_at(&provision.reason, REASON) },
        badge: (provision.support == Some(Support::Yes)).then(|| Badge::of(provision.verdict)),
        external: provision.external.join(", "),
        class: class(provision.conclusion),
        conclusion: spoken(provision.conclusion),
        text: &provision.text,
        plans: plans.join(", "),
        more: units.len().saturating_sub(LINKS),
        units: units.into_iter().take(LINKS).map(|u| (u.anchor.as_str(), u.id.as_str(), u.badge)).collect(),
        missing: provision.missing.len(),
        waived: provision.waived,
    }
}

/// The words of the table.
const fn spoken(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Conforms => "conforms",
        Conclusion::DoesNotConform => "does not conform",
        Conclusion::Fulfilled => "fulfilled",
        Conclusion::NotFulfilled => "not fulfilled",
        Conclusion::NotFulfilledJustified => "not fulfilled, justified",
        Conclusion::Unjustified => "not justified",
        Conclusion::NotApplicable => "not applicable",
        Conclusion::Undetermined => "undetermined",
        Conclusion::Undeclared => "not declared",
    }
}

const fn class(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Conforms | Conclusion::Fulfilled => "pass",
        Conclusion::DoesNotConform | Conclusion::NotFulfilled | Conclusion::Unjustified => "fail",
        Conclusion::NotFulfilledJustified | Conclusion::NotApplicable => "not-applicable",
        Conclusion::Undetermined | Conclusion::Undeclared => "inconclusive",
    }
}
