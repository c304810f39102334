//! What is said of a unit as a whole, and what the filter asks of it.

use std::collections::HashSet;

use assay_model::Verdict;
use assay_model::results::{Results, UnitResult};

use super::judged::{self, Judged};
use super::part::{self, Part};
use super::step::{self, StepView};
use crate::entry::{Entry, Scope, catalogue, group};
use crate::html::detail::Detail;
use crate::html::value::{Pair, cap_at};

/// A verdict as a word with the class that colours it.
#[derive(Clone, Copy)]
pub(in crate::html) struct Badge {
    pub(in crate::html) verdict: Verdict,
    pub(in crate::html) word: &'static str,
    pub(in crate::html) class: &'static str,
    /// One letter, for the filter and the timeline.
    pub(in crate::html) letter: char,
}

impl Badge {
    pub(in crate::html) const fn of(verdict: Verdict) -> Self {
        let (class, letter) = match verdict {
            Verdict::Pass => ("pass", 'P'),
            Verdict::Fail => ("fail", 'F'),
            Verdict::Inconclusive => ("inconclusive", 'I'),
            Verdict::Error => ("error", 'E'),
            Verdict::NotApplicable => ("not-applicable", 'A'),
            Verdict::NotRun => ("not-run", 'N'),
        };
        Self { verdict, word: verdict.word(), class, letter }
    }
}

pub(in crate::html) struct UnitView {
    pub(in crate::html) anchor: String,
    pub(in crate::html) id: String,
    pub(in crate::html) title: String,
    pub(in crate::html) question: String,
    pub(in crate::html) badge: Badge,
    /// Catalogue and group, which the page gathers units by.
    pub(in crate::html) group: (String, String),
    pub(in crate::html) provision: String,
    /// One letter per sample, in their order; `-` where the unit has no verdict on it.
    pub(in crate::html) on_samples: String,
    /// `automated`, `assisted`, `assessor`.
    pub(in crate::html) method: String,
    /// `waived`, `overridden`, `answered by a person`.
    pub(in crate::html) flags: Vec<String>,
    pub(in crate::html) facts: Vec<Pair>,
    /// Samples that ended alike are one part.
    pub(in crate::html) parts: Vec<Part>,
    /// Expectations and controls by sample; its columns are these.
    pub(in crate::html) columns: Vec<String>,
    pub(in crate::html) judged: Vec<Judged>,
    pub(in crate::html) steps: Vec<StepView>,
    /// Waiver and override, in sentences.
    pub(in crate::html) decisions: Vec<String>,
    /// Findings come first on the page and stand open.
    pub(in crate::html) finding: bool,
    /// Whether parts are written out.
    pub(in crate::html) detailed: bool,
    /// The first reason, short; where there is no room for more.
    pub(in crate::html) brief: String,
}

/// One anchor per unit, in order: made of the id where that is unique after cleaning, else numbered.
fn anchors(results: &Results) -> Vec<String> {
    let mut seen = HashSet::new();
    let clean =
        |id: &str| id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect::<String>();
    let ids = results.units.iter().enumerate();
    ids.map(|(n, (id, _))| {
        let anchor = format!("u-{}", clean(id));
        if seen.insert(anchor.clone()) { anchor } else { format!("u{n}-{}", clean(id)) }
    })
    .collect()
}

pub(in crate::html) fn build(results: &Results, detail: Detail) -> Vec<UnitView> {
    let with_anchors = results.units.iter().zip(anchors(results));
    with_anchors.map(|((id, unit), anchor)| view(results, id, unit, anchor, detail)).collect()
}

fn view(results: &Results, id: &str, unit: &UnitResult, anchor: String, detail: Detail) -> UnitView {
    let finding = !matches!(unit.effective(), Verdict::Pass | Verdict::NotApplicable);
    let detailed = detail > Detail::Bare && (finding || detail >= Detail::NoExcerpts);
    let whole = detailed && detail > Detail::Rows;
    let entries = Entry::of(id, unit);
    let names: Vec<String> = entries.iter().map(|e| scope(results, e)).collect();
    let title = if detail == Detail::Bare { cap_at(&unit.title, 60) } else { unit.title.clone() };
    let deciding = entries.iter().filter(|e| finding && e.verdict == unit.effective());
    let brief = deciding.map(Entry::reason).find(|r| !r.is_empty()).map(|r| cap_at(r, 70)).unwrap_or_default();
    UnitView {
        anchor,
        id: id.to_owned(),
        title,
        question: unit.question.clone(),
        badge: Badge::of(unit.effective()),
        group: (catalogue(unit), group(unit).to_owned()),
        provision: unit.provision.clone(),
        on_samples: on_samples(results, &entries),
        method: unit.class.clone(),
        flags: flags(unit),
        facts: if whole { facts(unit) } else { Vec::new() },
        parts: if detailed { part::build(&entries, &names, detail) } else { Vec::new() },
        judged: if whole { judged::build(&entries, &names) } else { Vec::new() },
        steps: if whole { step::build(&entries, &names, finding) } else { Vec::new() },
        columns: names,
        decisions: decisions(unit),
        finding,
        detailed,
        brief,
    }
}

fn scope(results: &Results, entry: &Entry<'_>) -> String {
    match entry.scope {
        Scope::All => format!("all samples ({})", entry.samples(results).replace(',', ", ")),
        Scope::Sample(name) => name.to_owned(),
        Scope::Unit => entry.unit.decided_with.as_ref().map_or("no sample".to_owned(), |u| format!("as {u}")),
    }
}

fn on_samples(results: &Results, entries: &[Entry<'_>]) -> String {
    let of = |sample: &str| {
        let covers = |e: &&Entry<'_>| match e.scope {
            Scope::Sample(name) => name == sample,
            Scope::All | Scope::Unit => true,
        };
        let verdict = entries.iter().filter(covers).map(|e| e.verdict).reduce(Verdict::worse);
        verdict.map_or('-', |v| Badge::of(v).letter)
    };
    results.samples.iter().map(|s| of(&s.id)).collect()
}

fn flags(unit: &UnitResult) -> Vec<String> {
    let manual = unit.samples.values().chain(&unit.cross_sample).any(|s| s.manual.is_some());
    let mut flags = Vec::new();
    if let Some(w) = &unit.waived {
        flags.push(format!("waived by {} until {}", w.id, w.expires));
    }
    if unit.overridden.is_some() {
        flags.push("changed by a reviewer".into());
    }
    if manual {
        flags.push("answered by a person".into());
    }
    flags
}

fn facts(unit: &UnitResult) -> Vec<Pair> {
    let effect = format!("{}; {}", unit.class, unit.effect);
    let decided = unit.decided_with.as_ref().map(|u| format!("by the steps of {u}")).unwrap_or_default();
    let all = [
        ("Provision", unit.provision.clone()),
        ("Test case", unit.case.clone()),
        ("Kind", unit.kind.clone()),
        ("Plan", unit.plan.clone()),
        ("How", effect),
        ("Decided", decided),
    ];
    all.into_iter().filter(|(_, v)| !v.is_empty()).map(|(n, v)| Pair::new(n, v)).collect()
}

fn decisions(unit: &UnitResult) -> Vec<String> {
    let waiver = unit.waived.as_ref().map(|w| {
        format!(
            "Waiver {} until {}, approved by {}: {} The verdict stays FAIL.",
            w.id,
            w.expires,
            w.approver,
            sentence(&w.reason)
        )
    });
    let change = unit.overridden.as_ref().map(|o| {
        format!("Changed from {} to {} by {} at {}: {}", o.old, o.new, o.authority, o.time, sentence(&o.remark))
    });
    waiver.into_iter().chain(change).collect()
}

fn sentence(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}
