//! A unit on one sample or over all of them: what JUnit, CSV and SARIF have one row for.

use std::collections::{BTreeSet, HashMap};

use assay_model::Verdict;
use assay_model::results::{EvidenceItem, Results, SampleResult, UnitResult, Waived};

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope<'a> {
    /// One sample.
    Sample(&'a str),
    /// Judged once over all samples.
    All,
    /// No sample has a verdict of its own.
    Unit,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) id: &'a str,
    pub(crate) unit: &'a UnitResult,
    pub(crate) scope: Scope<'a>,
    pub(crate) result: Option<&'a SampleResult>,
    /// After a reviewer's override, where the row had the verdict that was overridden.
    pub(crate) verdict: Verdict,
}

impl<'a> Entry<'a> {
    /// Every row, in the order of the plan.
    pub(crate) fn all(results: &'a Results) -> impl Iterator<Item = Self> {
        results.units.iter().flat_map(|(id, unit)| Self::of(id, unit))
    }

    /// The rows of one unit: over all samples first, then each sample; the unit itself where there is neither.
    pub(crate) fn of(id: &'a str, unit: &'a UnitResult) -> Vec<Self> {
        let row = |scope, result: Option<&'a SampleResult>| {
            let raw = result.map_or(unit.verdict, |r| r.verdict);
            let verdict = unit.overridden.as_ref().filter(|o| o.old == raw).map_or(raw, |o| o.new);
            Self { id, unit, scope, result, verdict }
        };
        let mut rows: Vec<Self> = unit.cross_sample.iter().map(|r| row(Scope::All, Some(r))).collect();
        rows.extend(unit.samples.iter().map(|(name, r)| row(Scope::Sample(name), Some(r))));
        if rows.is_empty() {
            rows.push(row(Scope::Unit, None));
        }
        rows
    }

    /// The waiver that covers this row: waivers cover FAIL only.
    pub(crate) fn waiver(&self) -> Option<&'a Waived> {
        self.unit.waived.as_ref().filter(|_| self.verdict == Verdict::Fail)
    }

    /// `s1`, `s1,s2,s3` or nothing.
    pub(crate) fn samples(&self, results: &Results) -> String {
        match self.scope {
            Scope::Sample(name) => name.to_owned(),
            Scope::All => results.samples.iter().map(|s| s.id.as_str()).collect::<Vec<_>>().join(","),
            Scope::Unit => String::new(),
        }
    }

    /// The first reason in words; for a PASS without one, nothing.
    pub(crate) fn reason(&self) -> &'a str {
        self.result.and_then(|r| r.reasons.first()).map_or("", |r| r.text.as_str())
    }
}

/// Evidence by id, so that a run of any size is written in one pass.
pub(crate) struct EvidenceIndex<'a>(HashMap<&'a str, &'a EvidenceItem>);

impl<'a> EvidenceIndex<'a> {
    pub(crate) fn of(results: &'a Results) -> Self {
        Self(results.evidence.iter().map(|item| (item.id.as_str(), item)).collect())
    }

    /// What a row rests on: references of its reasons and of its steps, by id.
    pub(crate) fn of_entry(&self, entry: &Entry<'_>) -> Vec<&'a EvidenceItem> {
        let Some(result) = entry.result else { return Vec::new() };
        let steps = result.steps.iter().flat_map(|s| &s.evidence);
        self.named(result.reasons.iter().flat_map(|r| &r.refs).chain(steps))
    }

    /// What the reasons of a row point at, by id.
    pub(crate) fn of_reasons(&self, entry: &Entry<'_>) -> Vec<&'a EvidenceItem> {
        let reasons = entry.result.map_or(&[][..], |r| &r.reasons);
        self.named(reasons.iter().flat_map(|r| &r.refs))
    }

    fn named<'r>(&self, refs: impl Iterator<Item = &'r String>) -> Vec<&'a EvidenceItem> {
        let ids: BTreeSet<&str> = refs.map(|r| r.split('#').next().unwrap_or(r)).collect();
        ids.into_iter().filter_map(|id| self.0.get(id).copied()).collect()
    }
}

/// Short names of catalogues, stable for those who filter on them: part of the id and the name.
const CATALOGUES: [(&str, &str); 5] = [
    ("psti", "UKPSTI"),
    ("103-701", "TS103701"),
    ("103701", "TS103701"),
    ("303-645", "EN303645"),
    ("code-of-practice", "UKCOP"),
];

/// `TS103701`, `UKPSTI`; `plan-NAME` for units that no catalogue has. Without dots or spaces.
pub(crate) fn catalogue(unit: &UnitResult) -> String {
    let id = unit.catalogue.to_lowercase();
    if let Some((_, short)) = CATALOGUES.iter().find(|(part, _)| id.contains(part)) {
        return (*short).to_owned();
    }
    let name = if id.is_empty() { format!("plan-{}", unit.plan) } else { id };
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

/// The test group or requirement; the plan's name for units that no catalogue has.
pub(crate) fn group(unit: &UnitResult) -> &str {
    if unit.group.is_empty() { &unit.plan } else { &unit.group }
}
