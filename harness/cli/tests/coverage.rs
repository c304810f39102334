//! The draft of how each unit of TS 103 701 is decided leaves none out and names nothing that it does not explain.
#![allow(clippy::unwrap_used)] // tests say by panicking what is wrong

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
struct Coverage {
    assay: String,
    basis: String,
    counts: BTreeMap<String, usize>,
    checks: BTreeMap<String, String>,
    adapters: BTreeMap<String, String>,
    units: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    unit: String,
    class: String,
    checks: Vec<String>,
    adapters: Vec<String>,
}

#[derive(Deserialize)]
struct Catalogue {
    units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    id: String,
}

fn read<T: for<'de> Deserialize<'de>>(path: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-plans").join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn every_unit_of_the_catalogue_has_one_row_in_the_catalogues_order() {
    let coverage: Coverage = read("en303645/coverage.yaml");
    assert_eq!(coverage.assay, "coverage/1");
    let catalogue: Catalogue = read(&format!("catalogue/{}.yaml", coverage.basis));
    let units: Vec<_> = catalogue.units.iter().map(|u| u.id.as_str()).collect();
    assert_eq!(units.len(), 226);
    assert_eq!(coverage.units.iter().map(|r| r.unit.as_str()).collect::<Vec<_>>(), units);
}

#[test]
fn classes_follow_from_what_a_row_needs() {
    let coverage: Coverage = read("en303645/coverage.yaml");
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in &coverage.units {
        let person = row.adapters.iter().any(|a| a == "operator");
        let class = match (row.checks.is_empty(), person) {
            (false, false) => "automated",
            (false, true) => "assisted",
            (true, true) => "assessor",
            (true, false) => panic!("{}: neither a check nor a person", row.unit),
        };
        assert_eq!(row.class, class, "{}", row.unit);
        *counts.entry(row.class.clone()).or_default() += 1;
    }
    assert_eq!(coverage.counts, counts);
}

#[test]
fn checks_and_adapters_are_explained_and_all_of_them_serve() {
    let coverage: Coverage = read("en303645/coverage.yaml");
    let checks: BTreeSet<_> = coverage.units.iter().flat_map(|r| &r.checks).collect();
    let adapters: BTreeSet<_> = coverage.units.iter().flat_map(|r| &r.adapters).collect();
    assert_eq!(checks, coverage.checks.keys().collect());
    assert_eq!(adapters, coverage.adapters.keys().collect());
}
