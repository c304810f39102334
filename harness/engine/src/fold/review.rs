//! The record of reviews: what people decided about a finished run.

use std::collections::BTreeMap;

use assay_model::journal::{Line, kind};
use assay_model::lab::Particulars;
use assay_model::report::{ReportState, ReportStatus, SignOff};
use assay_model::results::{Counts, Overridden, UnitResult, indexed};

/// What the reviews so far come to.
#[derive(Debug, Default)]
pub(super) struct Review {
    pub(super) report: ReportState,
    overrides: BTreeMap<String, Overridden>,
    stated: Option<Particulars>,
}

impl Review {
    pub(super) fn take(&mut self, line: &Line) {
        let data = &line.data;
        let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
        let signed = |role: &str| SignOff {
            id: line.actor.id.clone().unwrap_or_default(),
            role: role.to_owned(),
            at: line.t.clone(),
            key_fingerprint: text("key_fingerprint"),
            remark: text("remark"),
        };
        let report = &mut self.report;
        match line.kind.as_str() {
            kind::REPORT_REVISED => {
                report.revision = data["revision"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(u32::MAX);
                report.supersedes = serde_json::from_value(data["supersedes"].clone()).ok();
                if let Some(number) = data["number"].as_str() {
                    number.clone_into(&mut report.number);
                }
            }
            // What was changed has not been looked at yet, whoever signed before.
            kind::REPORT_STATED | kind::VERDICT_OVERRIDDEN => {
                report.status = ReportStatus::Draft;
                report.reviewed_by.clear();
                report.authorised_by.clear();
                report.issued_at = None;
                if line.kind == kind::REPORT_STATED {
                    let more: Particulars = serde_json::from_value(data["stated"].clone()).unwrap_or_default();
                    self.stated = Some(self.stated.take().unwrap_or_default().with(more));
                } else if let (Some(unit), Some(change)) = (&line.about.unit, overridden(line)) {
                    self.overrides.insert(unit.clone(), change);
                }
            }
            kind::REPORT_REVIEWED => {
                report.status = ReportStatus::Reviewed;
                report.reviewed_by.push(signed("reviewer"));
            }
            kind::REPORT_ISSUED | kind::REPORT_AMENDED => {
                report.status =
                    if line.kind == kind::REPORT_ISSUED { ReportStatus::Final } else { ReportStatus::Amended };
                report.authorised_by = vec![signed("authoriser")];
                report.issued_at = Some(line.t.clone());
            }
            _ => {}
        }
    }

    /// Sets the flag beside each verdict that was changed, the verdict as judged staying where it is; counts anew.
    pub(super) fn apply(&self, units: &mut indexed::Map<UnitResult>) -> Counts {
        for (id, change) in &self.overrides {
            if let Some(unit) = units.get_mut(id) {
                unit.overridden = Some(Overridden { old: unit.verdict, ..change.clone() });
            }
        }
        let mut counts = Counts::default();
        units.values().for_each(|unit| counts.add(unit.effective()));
        counts
    }

    /// What was stated for the run, and what was stated after it.
    pub(super) fn stated(&self, before: Option<Particulars>) -> Option<Particulars> {
        match (before, self.stated.clone()) {
            (before, None) => before,
            (before, Some(after)) => Some(before.unwrap_or_default().with(after)),
        }
    }
}

fn overridden(line: &Line) -> Option<Overridden> {
    let text = |key: &str| line.data[key].as_str().unwrap_or_default().to_owned();
    Some(Overridden {
        old: serde_json::from_value(line.data["old"].clone()).ok()?,
        new: serde_json::from_value(line.data["new"].clone()).ok()?,
        authority: text("authority"),
        time: line.t.clone(),
        remark: text("remark"),
    })
}
