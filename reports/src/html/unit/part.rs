//! How a unit ended on a sample, why, and what to do about it. Samples that ended alike are told once.

use assay_model::results::{ExpectationResult, SampleResult};

use super::view::Badge;
use crate::entry::Entry;
use crate::html::detail::Detail;
use crate::html::next_step::next_step;
use crate::html::section::evidence::anchor;
use crate::html::value::{self, duration, moment};

pub(in crate::html) struct Part {
    pub(in crate::html) scope: String,
    pub(in crate::html) badge: Badge,
    pub(in crate::html) reasons: Vec<ReasonView>,
    pub(in crate::html) next_step: &'static str,
    /// Expectations that did not hold or could not be judged.
    pub(in crate::html) failed: Vec<FailedView>,
    /// Name and text of steps that the lab could not finish.
    pub(in crate::html) faults: Vec<(String, String)>,
    pub(in crate::html) remarks: Vec<String>,
    pub(in crate::html) timing: String,
}

pub(in crate::html) struct ReasonView {
    pub(in crate::html) text: String,
    pub(in crate::html) code: String,
    /// Anchor and reference.
    pub(in crate::html) refs: Vec<(String, String)>,
}

pub(in crate::html) struct FailedView {
    pub(in crate::html) that: String,
    pub(in crate::html) why: String,
    pub(in crate::html) show: String,
    pub(in crate::html) error: String,
}

pub(super) fn build(entries: &[Entry<'_>], names: &[String], detail: Detail) -> Vec<Part> {
    let mut parts: Vec<(Option<&SampleResult>, Vec<&str>, Part)> = Vec::new();
    for (entry, name) in entries.iter().zip(names) {
        let alike =
            parts.iter_mut().find(|(other, _, part)| same(*other, entry.result) && part.badge.verdict == entry.verdict);
        match alike {
            Some((_, scopes, part)) => {
                scopes.push(name);
                part.point_at(entry.result);
            }
            None => parts.push((entry.result, vec![name], part(entry, detail))),
        }
    }
    parts.into_iter().map(|(_, scopes, part)| Part { scope: scopes.join(", "), ..part }).collect()
}

impl Part {
    /// The evidence of a sample that ended alike, beside that of the first.
    fn point_at(&mut self, result: Option<&SampleResult>) {
        for (view, reason) in self.reasons.iter_mut().zip(result.map_or(&[][..], |r| &r.reasons)) {
            for one in refs(&reason.refs) {
                if !view.refs.contains(&one) {
                    view.refs.push(one);
                }
            }
        }
    }
}

/// Whether two samples tell the same story, times and evidence apart.
fn same(a: Option<&SampleResult>, b: Option<&SampleResult>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return false };
    let reasons =
        |s: &SampleResult| s.reasons.iter().map(|r| (r.class, r.code.clone(), r.text.clone())).collect::<Vec<_>>();
    let faults = |s: &SampleResult| s.steps.iter().map(|s| s.fault.clone()).collect::<Vec<_>>();
    (a.verdict, a.attempts, &a.expectations, &a.remarks, &a.manual)
        == (b.verdict, b.attempts, &b.expectations, &b.remarks, &b.manual)
        && reasons(a) == reasons(b)
        && faults(a) == faults(b)
}

fn part(entry: &Entry<'_>, detail: Detail) -> Part {
    let empty = Part {
        scope: String::new(),
        badge: Badge::of(entry.verdict),
        reasons: Vec::new(),
        next_step: next_step(entry.verdict, entry.result.map_or(&[], |r| &r.reasons)),
        failed: Vec::new(),
        faults: Vec::new(),
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
    let failed = result.expectations.iter().filter(|e| e.result != Some(true));
    let faults = result.steps.iter().filter_map(|s| Some((format!("{} ({})", s.name, s.check), s.fault.as_ref()?)));
    Part {
        failed: failed.map(failed_view).collect(),
        faults: faults.map(|(name, text)| (name, value::cap(text))).collect(),
        remarks: result.remarks.iter().map(|r| value::cap(r)).collect(),
        ..part
    }
}

fn failed_view(e: &ExpectationResult) -> FailedView {
    FailedView {
        that: value::cap(&e.that),
        why: e.why.as_deref().map(value::cap).unwrap_or_default(),
        show: e.show.as_ref().map(value::compact).unwrap_or_default(),
        error: e.error.as_deref().map(value::cap).unwrap_or_default(),
    }
}

fn timing(result: &SampleResult) -> String {
    let mut text = if result.attempts == 0 {
        "never begun".to_owned()
    } else {
        format!("{} UTC, {}", moment(&result.started), duration(result.duration_ms))
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

/// Anchor of the evidence item, and the reference as written.
pub(super) fn refs(refs: &[String]) -> Vec<(String, String)> {
    refs.iter().map(|r| (anchor(r), r.clone())).collect()
}
