//! The comparison itself. Units are matched by catalogue, id and sample role, never by a name for people.

use std::collections::{BTreeMap, BTreeSet};

use assay_model::comparison::{Compared, Comparison, SampleChange, UnitChange};
use assay_model::results::{Results, SampleResult, SharedObservation, UnitResult};
use assay_model::{Reason, Transition, Verdict};

use super::detail::differences;
use super::normal::observations;
use super::strings::Names;

/// The role of a row over all samples.
const ALL: &str = "*";

/// What became of each unit of `old` in `new`.
#[must_use]
pub fn compare(old: &Results, new: &Results) -> Comparison {
    let (left, right) = (Side::of(old), Side::of(new));
    let order: Vec<&Key> =
        right.order.iter().chain(left.order.iter().filter(|k| !right.units.contains_key(k))).collect();
    let units: Vec<UnitChange> = order.into_iter().map(|key| unit(key, &left, &right)).collect();
    let mut counts = BTreeMap::new();
    for unit in &units {
        *counts.entry(unit.transition.word().to_owned()).or_insert(0) += 1;
    }
    Comparison { schema: "assay-diff/1".into(), old: told(old), new: told(new), counts, units }
}

fn told(results: &Results) -> Compared {
    Compared {
        run_id: results.run_id.clone(),
        started: results.started.clone(),
        firmware: results.product.get("firmware").and_then(|v| v.as_str()).unwrap_or_default().to_owned(),
        sums_sha256: String::new(),
    }
}

/// Catalogue without its edition, and the unit's id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    catalogue: String,
    unit: String,
}

/// One of the two runs, ready to be looked up.
struct Side<'a> {
    results: &'a Results,
    order: Vec<Key>,
    units: BTreeMap<Key, &'a UnitResult>,
    /// Sample id to role.
    roles: BTreeMap<&'a str, String>,
    names: Names,
}

impl<'a> Side<'a> {
    fn of(results: &'a Results) -> Self {
        let key = |id: &str, unit: &UnitResult| Key { catalogue: family(&unit.catalogue), unit: id.to_owned() };
        Self {
            results,
            order: results.units.iter().map(|(id, unit)| key(id, unit)).collect(),
            units: results.units.iter().map(|(id, unit)| (key(id, unit), unit)).collect(),
            roles: roles(results),
            names: Names::of(results),
        }
    }

    /// Role to what was found there; the verdict is the reviewer's where there is one.
    fn rows(&self, unit: &'a UnitResult) -> BTreeMap<String, Row<'a>> {
        let row = |result: &'a SampleResult, sample: Option<&str>| {
            let counts = unit.overridden.as_ref().filter(|o| o.old == result.verdict).map(|o| o.new);
            Row { verdict: counts.unwrap_or(result.verdict), result, shared: self.shared(unit, sample) }
        };
        let over_all = unit.cross_sample.iter().map(|r| (ALL.to_owned(), row(r, None)));
        let each = unit.samples.iter().map(|(id, r)| {
            let role = self.roles.get(id.as_str()).cloned().unwrap_or_else(|| id.clone());
            (role, row(r, Some(id)))
        });
        over_all.chain(each).collect()
    }

    fn shared(&self, unit: &UnitResult, sample: Option<&str>) -> Vec<&'a SharedObservation> {
        let mine = |s: &&SharedObservation| {
            s.plan == unit.plan && unit.uses.contains(&s.name) && (sample.is_none() || s.sample.as_deref() == sample)
        };
        self.results.shared.iter().filter(mine).collect()
    }
}

/// One unit on one sample, or over all.
struct Row<'a> {
    verdict: Verdict,
    result: &'a SampleResult,
    shared: Vec<&'a SharedObservation>,
}

/// `etsi-ts-103-701-1.1.1` is `etsi-ts-103-701`, `uk-psti-2023` is `uk-psti`: a unit keeps its id over editions.
fn family(catalogue: &str) -> String {
    match catalogue.rsplit_once('-') {
        Some((name, edition)) if edition.contains('.') || edition.len() == 4 => {
            let is_edition = edition.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            if is_edition { name.to_owned() } else { catalogue.to_owned() }
        }
        _ => catalogue.to_owned(),
    }
}

/// A sample's role: what its dossier calls it, else its id. Two of one role are told apart by their order.
fn roles(results: &Results) -> BTreeMap<&str, String> {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut roles = BTreeMap::new();
    for sample in &results.samples {
        let role = sample.label.get("role").and_then(|v| v.as_str()).unwrap_or(&sample.id).to_owned();
        let n = taken.entry(role.clone()).and_modify(|n| *n += 1).or_insert(1);
        roles.insert(sample.id.as_str(), if *n == 1 { role } else { format!("{role} {n}") });
    }
    roles
}

fn unit(key: &Key, left: &Side<'_>, right: &Side<'_>) -> UnitChange {
    let (old, new) = (left.units.get(key).copied(), right.units.get(key).copied());
    let mut samples = samples(old, new, left, right);
    samples.sort_by(|a, b| a.sample.cmp(&b.sample));
    let verdict = |unit: Option<&UnitResult>| unit.map(UnitResult::effective);
    let whole = Transition::of(verdict(old), verdict(new), true);
    let transition = samples.iter().map(|s| s.transition).min().unwrap_or(whole);
    let (catalogue, unit) = (key.catalogue.clone(), key.unit.clone());
    UnitChange { unit, catalogue, transition, old: verdict(old), new: verdict(new), samples }
}

fn samples(old: Option<&UnitResult>, new: Option<&UnitResult>, left: &Side<'_>, right: &Side<'_>) -> Vec<SampleChange> {
    let before = old.map(|u| left.rows(u)).unwrap_or_default();
    let after = new.map(|u| right.rows(u)).unwrap_or_default();
    let roles: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let shared = roles.iter().any(|role| before.contains_key(*role) && after.contains_key(*role));
    if let (Some(old), Some(new), false) = (old, new, shared) {
        // A bench that did not open judges once over all what the other run judged on each sample.
        let (old, new) = (Some(old.effective()), Some(new.effective()));
        let transition = Transition::of(old, new, true);
        return vec![SampleChange { sample: ALL.into(), transition, old, new, details: Vec::new() }];
    }
    let row = |role: &String| {
        let (old, new) = (before.get(role), after.get(role));
        let details = match (old, new) {
            (Some(before), Some(after)) => evidence(before, after, left, right),
            _ => Vec::new(),
        };
        let (old, new) = (old.map(|row| row.verdict), new.map(|row| row.verdict));
        let transition = Transition::of(old, new, details.is_empty());
        SampleChange { sample: role.clone(), transition, old, new, details }
    };
    roles.into_iter().map(row).collect()
}

/// Where two rows differ: what was observed, and for all but PASS what it was decided on.
fn evidence(old: &Row<'_>, new: &Row<'_>, left: &Side<'_>, right: &Side<'_>) -> Vec<String> {
    let plain = |row: &Row<'_>, side: &Side<'_>| observations(row.result, &row.shared, &side.names);
    let mut lines = differences(&plain(old, left), &plain(new, right));
    let code = |x: &Reason| format!("{:?}/{}", x.class, x.code).to_lowercase();
    let codes = |row: &Row<'_>| row.result.reasons.iter().map(code).collect();
    let (before, after): (BTreeSet<String>, BTreeSet<String>) = (codes(old), codes(new));
    if before != after {
        let join = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
        lines.push(format!("reasons: {} -> {}", join(&before), join(&after)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_keeps_its_name_over_editions() {
        for (id, name) in [
            ("etsi-ts-103-701-1.1.1", "etsi-ts-103-701"),
            ("uk-psti-2023", "uk-psti"),
            ("our-own", "our-own"),
            ("etsi-ts-103-701", "etsi-ts-103-701"),
            ("", ""),
        ] {
            assert_eq!(family(id), name);
        }
    }
}
