//! One unit as the page shows it.

use assay_model::Verdict;
use assay_model::results::{ControlResult, ExpectationResult, Results, SampleResult, StepResult, UnitResult};

use super::detail::Detail;
use super::next_step::next_step;
use super::value::{self, Pair};
use crate::entry::{Entry, Scope};

/// A verdict as a word with the class that colours it.
#[derive(Clone, Copy)]
pub(super) struct Badge {
    pub(super) verdict: Verdict,
    pub(super) word: &'static str,
    pub(super) class: &'static str,
}

impl Badge {
    pub(super) const fn of(verdict: Verdict) -> Self {
        let class = match verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Error => "error",
            Verdict::NotApplicable => "not-applicable",
            Verdict::NotRun => "not-run",
        };
        Self { verdict, word: verdict.word(), class }
    }
}

pub(super) struct UnitView {
    pub(super) anchor: String,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) question: String,
    pub(super) badge: Badge,
    /// `waived`, `overridden`, `answered by a person`.
    pub(super) flags: Vec<String>,
    pub(super) facts: Vec<Pair>,
    pub(super) parts: Vec<Part>,
    /// Waiver and override, in sentences.
    pub(super) decisions: Vec<String>,
    /// Findings come first on the page and stand open.
    pub(super) finding: bool,
    /// Whether parts are written out.
    pub(super) detailed: bool,
}

/// One sample's part of a unit; equal parts of several samples are one.
pub(super) struct Part {
    pub(super) scope: String,
    pub(super) badge: Badge,
    pub(super) reasons: Vec<ReasonView>,
    pub(super) next_step: &'static str,
    pub(super) expectations: Vec<ExpectationView>,
    pub(super) controls: Vec<ControlView>,
    pub(super) steps: Vec<StepView>,
    pub(super) remarks: Vec<String>,
    pub(super) timing: String,
}

pub(super) struct ReasonView {
    pub(super) text: String,
    pub(super) code: String,
    /// Anchor and reference.
    pub(super) refs: Vec<(String, String)>,
}

pub(super) struct ExpectationView {
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) that: String,
    pub(super) why: String,
    pub(super) show: String,
    pub(super) error: String,
}

pub(super) struct ControlView {
    pub(super) name: String,
    pub(super) when: String,
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) text: String,
}

pub(super) struct StepView {
    pub(super) name: String,
    pub(super) check: String,
    pub(super) params: String,
    pub(super) observation: String,
    pub(super) fault: String,
    pub(super) refs: Vec<(String, String)>,
    pub(super) duration: String,
}

/// One anchor per unit, in order: made of the id where that is unique after cleaning, else numbered.
fn anchors(results: &Results) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let clean =
        |id: &str| id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect::<String>();
    let ids = results.units.iter().enumerate();
    ids.map(|(n, (id, _))| {
        let anchor = format!("u-{}", clean(id));
        if seen.insert(anchor.clone()) { anchor } else { format!("u{n}-{}", clean(id)) }
    })
    .collect()
}

pub(super) fn build(results: &Results, detail: Detail) -> Vec<UnitView> {
    results
        .units
        .iter()
        .zip(anchors(results))
        .map(|((id, unit), anchor)| view(results, id, unit, anchor, detail))
        .collect()
}

fn view(results: &Results, id: &str, unit: &UnitResult, anchor: String, detail: Detail) -> UnitView {
    let finding = !matches!(unit.verdict, Verdict::Pass | Verdict::NotApplicable);
    let detailed = finding || detail >= Detail::NoExcerpts;
    UnitView {
        anchor,
        id: id.to_owned(),
        title: unit.title.clone(),
        question: unit.question.clone(),
        badge: Badge::of(unit.verdict),
        flags: flags(unit),
        facts: if detailed { facts(unit) } else { Vec::new() },
        parts: if detailed { parts(results, id, unit, detail) } else { Vec::new() },
        decisions: decisions(unit),
        finding,
        detailed,
    }
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

fn parts(results: &Results, id: &str, unit: &UnitResult, detail: Detail) -> Vec<Part> {
    let mut parts: Vec<(Option<&SampleResult>, Vec<String>, Part)> = Vec::new();
    for entry in Entry::of(id, unit) {
        let scope = match entry.scope {
            Scope::All => format!("all samples ({})", entry.samples(results).replace(',', ", ")),
            Scope::Sample(name) => name.to_owned(),
            Scope::Unit => unit.decided_with.as_ref().map_or("no sample".to_owned(), |u| format!("as {u}")),
        };
        let alike =
            parts.iter_mut().find(|(other, _, part)| same(*other, entry.result) && part.badge.verdict == entry.verdict);
        match alike {
            Some((_, scopes, _)) => scopes.push(scope),
            None => parts.push((entry.result, vec![scope], part(&entry, detail))),
        }
    }
    parts.into_iter().map(|(_, scopes, part)| Part { scope: scopes.join(", "), ..part }).collect()
}

/// Whether two samples tell the same story, times apart.
fn same(a: Option<&SampleResult>, b: Option<&SampleResult>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return false };
    let steps = |s: &SampleResult| {
        s.steps
            .iter()
            .map(|s| (s.params.clone(), s.observation.clone(), s.fault.clone(), s.evidence.clone()))
            .collect::<Vec<_>>()
    };
    (a.verdict, a.attempts, &a.reasons, &a.expectations, &a.controls, &a.remarks, &a.manual)
        == (b.verdict, b.attempts, &b.reasons, &b.expectations, &b.controls, &b.remarks, &b.manual)
        && steps(a) == steps(b)
}

fn part(entry: &Entry<'_>, detail: Detail) -> Part {
    let empty = Part {
        scope: String::new(),
        badge: Badge::of(entry.verdict),
        reasons: Vec::new(),
        next_step: next_step(entry.verdict, entry.result.map_or(&[], |r| &r.reasons)),
        expectations: Vec::new(),
        controls: Vec::new(),
        steps: Vec::new(),
        remarks: Vec::new(),
        timing: String::new(),
    };
    let Some(result) = entry.result else { return empty };
    let reasons = result.reasons.iter().map(|r| ReasonView {
        text: value::cap(&r.text),
        code: format!("{}/{}", format!("{:?}", r.class).to_lowercase(), r.code),
        refs: refs(&r.refs),
    });
    let part = Part { reasons: reasons.collect(), timing: timing(result), ..empty };
    if detail == Detail::Rows {
        return part;
    }
    Part {
        expectations: result.expectations.iter().map(expectation).collect(),
        controls: result.controls.iter().map(control).collect(),
        steps: result.steps.iter().map(step).collect(),
        remarks: result.remarks.iter().map(|r| value::cap(r)).collect(),
        ..part
    }
}

fn timing(result: &SampleResult) -> String {
    let mut text = if result.attempts == 0 {
        "never begun".to_owned()
    } else {
        format!("{} UTC, {}", value::moment(&result.started), duration(result.duration_ms))
    };
    if result.attempts > 1 {
        text.push_str(&format!(", attempt {} of {0}", result.attempts));
    }
    if let Some(manual) = &result.manual {
        let signed = match manual.signed {
            Some(true) => ", signed",
            Some(false) => ", not signed",
            None => "",
        };
        text.push_str(&format!(", answered by {} ({}{signed})", manual.operator, manual.source));
    }
    text
}

/// `12 ms`, `1.2 s`, `3 min 05 s`.
pub(super) fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} min {:02} s", ms / 60_000, ms / 1000 % 60),
    }
}

fn expectation(e: &ExpectationResult) -> ExpectationView {
    let (word, class) = match e.result {
        Some(true) => ("held", "pass"),
        Some(false) if e.level == "may" => ("did not hold (optional)", "not-run"),
        Some(false) => ("did not hold", "fail"),
        None => ("could not be judged", "inconclusive"),
    };
    ExpectationView {
        word,
        class,
        that: value::cap(&e.that),
        why: e.why.clone().unwrap_or_default(),
        show: e.show.as_ref().map(value::text).unwrap_or_default(),
        error: e.error.as_deref().map(value::cap).unwrap_or_default(),
    }
}

fn control(c: &ControlResult) -> ControlView {
    let (word, class) = match c.held {
        Some(true) => ("held", "pass"),
        Some(false) => ("did not hold", "fail"),
        None => ("did not run", "error"),
    };
    let text = c.text.as_ref().map_or_else(|| c.expect.clone(), |t| format!("{}: {}", c.expect, value::cap(t)));
    ControlView { name: c.name.clone(), when: c.when.clone(), word, class, text }
}

fn step(s: &StepResult) -> StepView {
    let name = s.sample.as_ref().map_or_else(|| s.name.clone(), |sample| format!("{} on {sample}", s.name));
    StepView {
        name,
        check: s.check.clone(),
        params: value::text(&s.params),
        observation: s.observation.as_ref().map(value::text).unwrap_or_default(),
        fault: s.fault.as_deref().map(value::cap).unwrap_or_default(),
        refs: refs(&s.evidence),
        duration: duration(s.duration_ms),
    }
}

/// Anchor of the evidence item, and the reference as written.
fn refs(refs: &[String]) -> Vec<(String, String)> {
    refs.iter().map(|r| (super::section::evidence::anchor(r), r.clone())).collect()
}
