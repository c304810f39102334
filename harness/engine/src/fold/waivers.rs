//! Waivers as the journal applied them: a flag beside a FAIL, which stays one.

use std::collections::BTreeMap;

use assay_model::Verdict;
use assay_model::journal::Line;
use assay_model::results::{UnitResult, Waived, WaiverResult, indexed};
use serde_json::Value;

/// By unit.
#[derive(Debug, Default)]
pub(super) struct Waivers(BTreeMap<String, Waived>);

impl Waivers {
    pub(super) fn take(&mut self, line: &Line) {
        if let (Some(unit), Ok(waived)) = (&line.about.unit, serde_json::from_value(line.data["waived"].clone())) {
            self.0.insert(unit.clone(), waived);
        }
    }

    /// Flags the units that are still FAIL. Gives how many, and what became of each waiver of `run.start`.
    pub(super) fn apply(&self, start: &Value, units: &mut indexed::Map<UnitResult>) -> (u64, Vec<WaiverResult>) {
        let mut waivers: Vec<WaiverResult> = serde_json::from_value(start["waivers"].clone()).unwrap_or_default();
        let mut count = 0;
        for (id, waived) in &self.0 {
            let Some(unit) = units.get_mut(id).filter(|unit| unit.effective() == Verdict::Fail) else { continue };
            unit.waived = Some(waived.clone());
            count += 1;
            if let Some(waiver) = waivers.iter_mut().find(|w| w.id == waived.id) {
                waiver.units.push(id.clone());
                waiver.state = "applied".into();
            }
        }
        (count, waivers)
    }
}
