//! The shipped dossier of the virtual camera is whole and agrees with the catalogues, and its answers are to units that exist.
#![allow(clippy::unwrap_used)] // tests say by panicking what is wrong

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_yaml::{Mapping, Value};

#[derive(Deserialize)]
struct Dossier {
    assay: String,
    product: Product,
    samples: Vec<Value>,
    ics: BTreeMap<String, Support>,
    ixit: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Product {
    facts: BTreeMap<String, bool>,
}

#[derive(Deserialize)]
struct Support {
    support: String,
    detail: String,
}

#[derive(Deserialize)]
struct Standard {
    conditions: Vec<Condition>,
    extended_conditions: Extended,
    provisions: Vec<Provision>,
}

#[derive(Deserialize)]
struct Extended {
    items: Vec<Condition>,
}

#[derive(Deserialize)]
struct Condition {
    number: u8,
    holds_when: String,
}

#[derive(Deserialize)]
struct Provision {
    id: String,
    class: String,
    conditions: Vec<u8>,
}

#[derive(Deserialize)]
struct TestSpecification {
    ixit_tables: Vec<Table>,
    units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    id: String,
}

#[derive(Deserialize)]
struct Table {
    name: String,
    shape: String,
    fields: Vec<Field>,
    #[serde(default)]
    machine_fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    key: String,
}

#[derive(Deserialize)]
struct Law {
    scope: Scope,
    units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Scope {
    product_test: Test,
    market_test: Test,
    exceptions: Vec<Rule>,
}

#[derive(Deserialize)]
struct Test {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    fact: String,
}

#[derive(Deserialize)]
struct Answers {
    assay: String,
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    unit: String,
    sample: String,
    answer: String,
    reason: String,
}

fn read<T: for<'de> Deserialize<'de>>(path: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn dossier() -> Dossier {
    read("lab-config/products/virtual-camera.yaml")
}

fn catalogue<T: for<'de> Deserialize<'de>>(id: &str) -> T {
    read(&format!("test-plans/catalogue/{id}.yaml"))
}

/// The fact that an expression of the catalogue names, and the value that it wants.
fn fact(expression: &str) -> (&str, bool) {
    let (path, wanted) = expression.strip_prefix('!').map_or((expression, true), |path| (path, false));
    (path.strip_prefix("product.facts.").expect("an expression over facts"), wanted)
}

#[test]
fn every_fact_that_the_catalogues_ask_for_is_stated_and_no_other() {
    let (dossier, en, law): (_, Standard, Law) =
        (dossier(), catalogue("etsi-en-303-645-2.1.1"), catalogue("uk-psti-2023"));
    assert_eq!(dossier.assay, "product/1");
    let conditions = en.conditions.iter().chain(&en.extended_conditions.items).map(|c| c.holds_when.as_str());
    let tests = [&law.scope.product_test.rules, &law.scope.market_test.rules, &law.scope.exceptions];
    let rules = tests.into_iter().flatten().map(|r| r.fact.as_str());
    let asked: BTreeSet<&str> = conditions.chain(rules).map(|e| fact(e).0).collect();
    assert_eq!(asked, dossier.product.facts.keys().map(String::as_str).collect());
}

#[test]
fn every_provision_is_declared_as_its_status_and_conditions_allow() {
    let (dossier, en): (_, Standard) = (dossier(), catalogue("etsi-en-303-645-2.1.1"));
    let declared: BTreeSet<_> = dossier.ics.keys().map(String::as_str).collect();
    assert_eq!(declared, en.provisions.iter().map(|p| p.id.as_str()).collect());
    let holds = |number: &u8| {
        let condition = en.conditions.iter().find(|c| c.number == *number).unwrap();
        let (name, wanted) = fact(&condition.holds_when);
        dossier.product.facts[name] == wanted
    };
    for provision in &en.provisions {
        let (id, ics) = (&provision.id, &dossier.ics[&provision.id]);
        let applies = provision.conditions.iter().all(holds);
        match ics.support.as_str() {
            "Y" => assert!(applies, "{id} is claimed and does not apply"),
            "N" => assert!(applies && provision.class.starts_with('R'), "{id} may not be N"),
            "N/A" => assert!(!applies, "{id} applies"),
            other => panic!("{id}: `{other}`"),
        }
        assert!(ics.detail.len() >= 20, "{id} needs a real reason: `{}`", ics.detail);
    }
    let used: BTreeSet<_> = dossier.ics.values().map(|i| i.support.as_str()).collect();
    assert_eq!(used, BTreeSet::from(["N", "N/A", "Y"]), "the example shows all three");
}

#[test]
fn the_29_tables_have_the_fields_of_the_standard_in_every_row() {
    let (dossier, ts): (_, TestSpecification) = (dossier(), catalogue("etsi-ts-103-701-1.1.1"));
    let names: BTreeSet<_> = dossier.ixit.keys().map(String::as_str).collect();
    assert_eq!(names, ts.ixit_tables.iter().map(|t| t.name.as_str()).collect());
    for table in &ts.ixit_tables {
        let rows: Vec<&Mapping> = match (&dossier.ixit[&table.name], table.shape.as_str()) {
            (Value::Mapping(record), "record") => vec![record],
            (Value::Sequence(rows), "rows") => rows.iter().map(|r| r.as_mapping().unwrap()).collect(),
            _ => panic!("{} is not of the shape `{}`", table.name, table.shape),
        };
        let fields: BTreeSet<_> = table.fields.iter().map(|f| f.key.as_str()).collect();
        let ours: BTreeSet<_> = table.machine_fields.iter().map(|f| f.key.as_str()).collect();
        // A table of a provision that is not claimed stays empty.
        for row in rows.into_iter().filter(|row| !row.is_empty()) {
            let keys: BTreeSet<_> = row.keys().map(|k| k.as_str().unwrap()).collect();
            let missing: Vec<_> = fields.difference(&keys).collect();
            assert!(missing.is_empty(), "{}: {missing:?} missing in {:?}", table.name, row.get("id"));
            let unknown: Vec<_> = keys.iter().filter(|k| !fields.contains(*k) && !ours.contains(*k)).collect();
            assert!(unknown.is_empty(), "{}: unknown {unknown:?}", table.name);
        }
    }
}

#[test]
fn rows_have_ids_of_their_table_and_references_lead_somewhere() {
    let dossier = dossier();
    let mut ids = BTreeSet::new();
    for (table, value) in &dossier.ixit {
        let prefix = format!("{}-", table.split_once('-').unwrap().1);
        for row in value.as_sequence().into_iter().flatten() {
            let id = row["id"].as_str().unwrap().to_owned();
            assert!(id.starts_with(&prefix), "{table}: `{id}`");
            assert!(ids.insert(id.clone()), "`{id}` comes twice");
        }
    }
    let fields = ["update_mechanism", "communication_mechanisms", "authentication_mechanism", "personal_data"];
    let mut followed = 0;
    for (table, value) in &dossier.ixit {
        for row in value.as_sequence().into_iter().flatten() {
            for reference in fields.iter().filter_map(|f| row.get(*f)).flat_map(|list| list.as_sequence().unwrap()) {
                let reference = reference.as_str().unwrap();
                assert!(ids.contains(reference), "{table}: `{reference}` is no row");
                followed += 1;
            }
        }
    }
    assert!(followed > 10, "only {followed} references were followed");
    // Whatever text mentions in passing exists too.
    let text = serde_yaml::to_string(&dossier.ixit).unwrap();
    for word in text.split(|c: char| !c.is_alphanumeric() && c != '-') {
        let family = word.rsplit_once('-').filter(|(_, n)| n.parse::<u8>().is_ok()).map(|(family, _)| family);
        if family.is_some_and(|f| ids.iter().any(|id| id.rsplit_once('-').unwrap().0 == f)) {
            assert!(ids.contains(word), "`{word}` is mentioned and is no row");
        }
    }
}

#[test]
fn logons_and_interfaces_agree_on_their_ports() {
    let dossier = dossier();
    assert!(dossier.samples.is_empty(), "the provider fills in the virtual samples");
    let ports = |table: &str| -> BTreeSet<u64> {
        let rows = dossier.ixit[table].as_sequence().unwrap();
        rows.iter()
            .flat_map(|r| r["endpoints"].as_sequence().unwrap())
            .filter_map(|e| e.get("port")?.as_u64())
            .collect()
    };
    assert_eq!(ports("15-Intf"), BTreeSet::from([1900, 2222, 8080, 8443]));
    assert_eq!(ports("11-ComMech"), ports("15-Intf"));
    assert_eq!(ports("1-AuthMech"), BTreeSet::from([2222, 8443]));
    let presets: Vec<_> =
        dossier.ixit["1-AuthMech"].as_sequence().unwrap().iter().map(|m| m["preset"].as_str().unwrap()).collect();
    assert_eq!(presets, ["user-chosen", "user-chosen", "per-unit"]);
}

#[test]
fn answers_are_to_units_of_the_catalogues_once_each_and_with_a_reason() {
    let answers: Answers = read("lab-config/products/virtual-camera-answers.yaml");
    let (ts, law): (TestSpecification, Law) = (catalogue("etsi-ts-103-701-1.1.1"), catalogue("uk-psti-2023"));
    assert_eq!(answers.assay, "answers/1");
    let known: BTreeSet<_> = ts.units.iter().chain(&law.units).map(|u| u.id.as_str()).collect();
    let mut seen = BTreeSet::new();
    for answer in &answers.answers {
        assert!(known.contains(answer.unit.as_str()), "`{}`", answer.unit);
        assert!(seen.insert((&answer.unit, &answer.sample)), "`{}` is answered twice", answer.unit);
        assert_eq!(answer.answer, "pass", "`{}`: the good camera", answer.unit);
        assert!(answer.reason.len() >= 20, "`{}`", answer.unit);
    }
    assert!(seen.len() > 100, "an unattended run needs every operator step answered: {}", seen.len());
}
