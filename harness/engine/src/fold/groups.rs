//! Units into cases, cases into groups, groups into provisions.
//!
//! A case is whole only with all its units: one that was left out counts as NOT_RUN beside its siblings. Accepted documents
//! from elsewhere cover a group unless a unit of it failed here.

use std::collections::{BTreeMap, BTreeSet};

use assay_model::Verdict;
use assay_model::assessment::ExternalEvidence;
use assay_model::catalogue::{CatalogueUnit, UnitPlace};
use assay_model::results::{GroupResult, UnitResult, indexed};

/// What groups are folded from.
pub(super) struct Parts<'a> {
    /// Units with a verdict.
    pub(super) units: &'a indexed::Map<UnitResult>,
    /// Units of the same standards without one: id, case, group, provision.
    pub(super) left_out: &'a [Place],
    /// Documents from elsewhere.
    pub(super) external: &'a [ExternalEvidence],
    /// Cases in which INCONCLUSIVE counts as FAIL, by the lab's choice.
    pub(super) strict: &'a BTreeSet<String>,
}

/// Where a unit belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) unit: String,
    pub(super) case: String,
    pub(super) group: String,
    pub(super) provision: String,
}

impl Place {
    pub(super) fn new(unit: &UnitPlace, provision: &str) -> Self {
        Self {
            unit: unit.id.clone(),
            case: unit.case.clone(),
            group: unit.group.clone(),
            provision: provision.to_owned(),
        }
    }
}

impl From<&CatalogueUnit> for Place {
    fn from(unit: &CatalogueUnit) -> Self {
        Self {
            unit: unit.id.clone(),
            case: unit.case.clone(),
            group: unit.group.clone(),
            provision: unit.provision.clone(),
        }
    }
}

/// Cases, groups and provisions.
#[derive(Debug, Default)]
pub(super) struct Groups {
    pub(super) cases: indexed::Map<GroupResult>,
    pub(super) groups: indexed::Map<GroupResult>,
    pub(super) provisions: indexed::Map<GroupResult>,
}

/// Folds.
pub(super) fn fold(parts: &Parts<'_>) -> Groups {
    let mut groups = Groups::default();
    let run: Vec<(Place, Verdict)> = parts.units.iter().map(|(id, unit)| (place(id, unit), unit.effective())).collect();
    let covered: BTreeMap<&str, &str> = parts
        .external
        .iter()
        .filter(|document| document.accepted)
        .flat_map(|document| document.groups.iter().map(|group| (group.as_str(), document.number.as_str())))
        .collect();
    let touched: BTreeSet<&str> = parts.units.values().map(|unit| unit.group.as_str()).collect();
    let mut told = BTreeSet::new();
    let siblings = parts
        .left_out
        .iter()
        .filter(|place| told.insert(place.unit.as_str()))
        .filter(|place| parts.units.get(&place.unit).is_none())
        .filter(|place| touched.contains(place.group.as_str()) || covered.contains_key(place.group.as_str()))
        .map(|place| (place.clone(), Verdict::NotRun));
    let (mut group_of, mut provision_of) = (BTreeMap::new(), BTreeMap::new());
    for (place, verdict) in run.into_iter().chain(siblings) {
        let present: &[String] =
            if parts.units.get(&place.unit).is_some() { std::slice::from_ref(&place.unit) } else { &[] };
        join(&mut groups.cases, &place.case, verdict, present);
        provision_of.entry(place.group.clone()).or_insert(place.provision);
        group_of.entry(place.case).or_insert(place.group);
    }
    for (id, case) in groups.cases.iter_mut() {
        if parts.strict.contains(id) && case.verdict == Verdict::Inconclusive {
            (case.raw, case.verdict) = (Some(Verdict::Inconclusive), Verdict::Fail);
        }
        if let Some(group) = group_of.get(id) {
            join(&mut groups.groups, group, case.verdict, &case.units);
        }
    }
    for (id, group) in groups.groups.iter_mut() {
        if let Some(number) = covered.get(id.as_str()).filter(|_| group.verdict != Verdict::Fail) {
            (group.raw, group.verdict) = (Some(group.verdict), Verdict::Pass);
            group.external = Some((*number).to_owned());
        }
        let Some(provision) = provision_of.get(id) else { continue };
        join(&mut groups.provisions, provision, group.verdict, &group.units);
        if let Some(known) = groups.provisions.get_mut(provision).filter(|_| group.external.is_some()) {
            known.external.clone_from(&group.external);
        }
    }
    groups
}

/// Adds a child. Without a key there is nothing to add to: no catalogue has the unit.
fn join(into: &mut indexed::Map<GroupResult>, key: &str, verdict: Verdict, units: &[String]) {
    if key.is_empty() {
        return;
    }
    match into.get_mut(key) {
        Some(known) => {
            known.verdict = known.verdict.worse(verdict);
            known.units.extend_from_slice(units);
        }
        None => into.insert(key.to_owned(), GroupResult::of(verdict, units.to_vec())),
    }
}

fn place(id: &str, unit: &UnitResult) -> Place {
    Place { unit: id.to_owned(), case: unit.case.clone(), group: unit.group.clone(), provision: unit.provision.clone() }
}

#[cfg(test)]
mod tests;
