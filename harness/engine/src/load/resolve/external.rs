//! Groups that accepted documents from elsewhere cover are set aside: their units are not run, and that is said.

use assay_model::Diagnostic;

use crate::load::lower::Mistakes;
use crate::load::lower::plan::LoweredPlan;
use crate::plan::{Product, Unit};

/// Deselects units all of whose ids belong to covered groups.
pub(super) fn set_aside(plans: &mut [LoweredPlan], product: Option<&Product>, mistakes: &Mistakes) {
    let documents: Vec<_> =
        product.into_iter().flat_map(|p| &p.external).map(|e| &e.evidence).filter(|e| e.accepted).collect();
    if documents.is_empty() {
        return;
    }
    let covering = |group: &str| documents.iter().find(|d| d.groups.iter().any(|g| g == group));
    let mut known: Vec<String> = Vec::new();
    for unit in plans.iter_mut().flat_map(|plan| &mut plan.units).map(|lowered| &mut lowered.unit) {
        let groups = groups(unit);
        known.extend(groups.iter().cloned());
        let found: Option<Vec<_>> = groups.iter().map(|group| covering(group)).collect();
        let Some(document) = found.and_then(|all| all.first().copied()).filter(|_| unit.deselected.is_none()) else {
            continue;
        };
        let (number, issuer) = (&document.number, &document.issuer);
        unit.deselected = Some(format!(
            "external evidence: {number} of {issuer}, valid until {}, covers its group",
            document.valid_until
        ));
    }
    for document in documents {
        for group in document.groups.iter().filter(|group| !known.contains(group)) {
            let text =
                format!("document {} covers the group `{group}`, and no plan of this run has it", document.number);
            mistakes.add(Diagnostic::warning("product::external-unknown-group", text, None));
        }
    }
}

/// The groups of a unit and of those that it decides beside itself; none where no catalogue has one of them.
fn groups(unit: &Unit) -> Vec<String> {
    let entries = std::iter::once(&unit.catalogue).chain(unit.also.iter().map(|(_, entry)| entry));
    entries.map(|entry| entry.as_ref().map(|e| e.group.clone())).collect::<Option<Vec<_>>>().unwrap_or_default()
}
