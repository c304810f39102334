//! The verdict, how it came together, and the sentences that nobody should miss.

use askama::Template;
use assay_model::Verdict;
use assay_model::results::{Conformance, Results};

use super::{Built, Section, Source};
use crate::html::unit::{Badge, UnitView};

#[derive(Template)]
#[template(path = "section/verdict.html")]
struct Body<'a> {
    conformance: ConformanceView,
    profiles: Vec<(&'a String, ConformanceView)>,
    tally: Vec<Tally>,
    units: usize,
    flags: Vec<String>,
    shortened: &'static str,
}

/// A verdict over the product, in words and with its colour.
pub(in crate::html) struct ConformanceView {
    pub(in crate::html) word: &'static str,
    /// The word with blanks, for the banner.
    pub(in crate::html) spoken: &'static str,
    pub(in crate::html) class: &'static str,
    pub(in crate::html) text: &'static str,
}

/// How many units have one verdict.
pub(in crate::html) struct Tally {
    pub(in crate::html) badge: Badge,
    pub(in crate::html) count: u64,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let results = source.results;
    let body = Body {
        conformance: conformance(results.conformance()),
        profiles: results.profiles.iter().map(|(id, c)| (id, conformance(*c))).collect(),
        tally: tally(results),
        units: source.units.len(),
        flags: flags(results, source.units),
        shortened: source.detail.note(),
    };
    Section::of("verdict", "Verdict", &body)
}

pub(in crate::html) fn tally(results: &Results) -> Vec<Tally> {
    Verdict::ALL.into_iter().map(|v| Tally { badge: Badge::of(v), count: results.counts.of(v) }).collect()
}

pub(in crate::html) const fn conformance(conformance: Conformance) -> ConformanceView {
    let (spoken, class, text) = match conformance {
        Conformance::Conforms => ("CONFORMS", "pass", "Every mandatory part that applies holds on the samples tested."),
        Conformance::DoesNotConform => ("DOES NOT CONFORM", "fail", "At least one mandatory part is violated."),
        Conformance::Undetermined => {
            ("UNDETERMINED", "inconclusive", "Neither conformance nor a violation is established.")
        }
    };
    ConformanceView { word: conformance.word(), spoken, class, text }
}

fn flags(results: &Results, units: &[UnitView]) -> Vec<String> {
    let mut flags = Vec::new();
    if results.partial {
        flags.push("The run was interrupted: not every selected unit has a verdict.".into());
    }
    if results.waived > 0 {
        flags.push(format!("Waived units: {}. A waiver never changes a verdict.", results.waived));
    }
    let changed = units.iter().filter(|u| u.flags.iter().any(|f| f.starts_with("changed"))).count();
    if changed > 0 {
        flags.push(format!("Verdicts changed by a reviewer: {changed}; old and new are shown."));
    }
    if results.samples.iter().any(|s| s.origin.starts_with("virtual")) {
        flags.push("Virtual devices were tested: this report is about the method, not about a product.".into());
    }
    if !results.bench_defects.is_empty() {
        let seeded = results.bench_defects.join(", ");
        flags.push(format!("Defects were seeded on purpose into the maker's website: {seeded}."));
    }
    if results.samples.iter().any(|s| !s.defects.is_empty()) {
        flags.push("Defects were seeded on purpose; the table of samples names them.".into());
    }
    flags
}
