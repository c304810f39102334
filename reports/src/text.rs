//! The lines that `assay run` prints on stdout.

use std::fmt::Write as _;

use assay_model::Verdict;
use assay_model::results::{Results, UnitResult};

use crate::visible::visible_line;

/// `UK PSTI ... 12 PASS, 1 FAIL (1 waived), 3 NOT_APPLICABLE: DOES_NOT_CONFORM`: one line, no colour, zeros left out.
#[must_use]
pub fn tally(results: &Results) -> String {
    let mut parts: Vec<String> = Verdict::ALL
        .into_iter()
        .filter(|v| results.counts.of(*v) > 0)
        .map(|v| {
            let waived = if v == Verdict::Fail && results.waived > 0 {
                format!(" ({} waived)", results.waived)
            } else {
                String::new()
            };
            format!("{} {v}{waived}", results.counts.of(v))
        })
        .collect();
    if parts.is_empty() {
        parts.push("no units".into());
    }
    let partial = if results.partial { " (partial run)" } else { "" };
    format!("{}: {}{partial}", parts.join(", "), results.conformance().word())
}

/// One line per unit, aligned, and below each unit that is not PASS its reasons.
#[must_use]
pub fn unit_lines(results: &Results) -> String {
    let width = results.units.iter().map(|(id, _)| id.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for (id, unit) in results.units.iter() {
        let flag = if unit.waived.is_some() { " [waived]" } else { "" };
        let _ = writeln!(
            out,
            "{:<14} {:<width$}  {}{flag}",
            unit.effective().word(),
            visible_line(id),
            visible_line(&unit.title)
        );
        if unit.effective() != Verdict::Pass {
            reasons(&mut out, unit);
        }
    }
    out
}

fn reasons(out: &mut String, unit: &UnitResult) {
    let all =
        unit.cross_sample.iter().map(|s| ("all samples", s)).chain(unit.samples.iter().map(|(n, s)| (n.as_str(), s)));
    for (name, sample) in all.filter(|(_, s)| s.verdict != Verdict::Pass) {
        for reason in &sample.reasons {
            let refs = if reason.refs.is_empty() { String::new() } else { format!(" ({})", reason.refs.join(", ")) };
            let _ =
                writeln!(out, "{:15}{}: {}{}", "", visible_line(name), visible_line(&reason.text), visible_line(&refs));
        }
    }
}
