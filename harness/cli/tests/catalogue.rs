//! The shipped catalogues are whole: counts that the standards fix, links that hold, a confidence mark on every entry.
#![allow(clippy::unwrap_used)] // tests say by panicking what is wrong

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use assay_model::catalogue::{CatalogueUnit, Profile};
use serde::Deserialize;
use serde_yaml::Value;

const EN: &str = "etsi-en-303-645-2.1.1";
const NEWER_EN: &str = "etsi-en-303-645-3.1.3";
const TS: &str = "etsi-ts-103-701-1.1.1";
const NEWER_TS: &str = "etsi-ts-103-701-2.1.1";
const PSTI: &str = "uk-psti-2023";
const CODE_OF_PRACTICE: &str = "uk-code-of-practice-2018";
const CROSSWALK: &str = "crosswalk-en-303-645-2.1.1";
const ALL: [&str; 7] = [EN, NEWER_EN, TS, NEWER_TS, PSTI, CODE_OF_PRACTICE, CROSSWALK];

/// What every catalogue file begins with.
#[derive(Deserialize)]
struct Head {
    assay: String,
    id: String,
    title: String,
    edition: String,
    confidence_note: String,
    confidence_words: BTreeMap<String, String>,
    profiles: Vec<Profile>,
    units: Vec<CatalogueUnit>,
}

#[derive(Deserialize)]
struct TestSpecification {
    groups: Vec<Group>,
    cases: Vec<Case>,
    ixit_tables: Vec<Table>,
    reuse: Vec<Reuse>,
    completeness: Vec<Completeness>,
}

#[derive(Deserialize)]
struct Group {
    id: String,
    provision: String,
    scenario: String,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    group: String,
    kind: String,
    ixit: Vec<String>,
}

#[derive(Deserialize)]
struct Table {
    number: u8,
    name: String,
    key: String,
    fields: Vec<Field>,
    #[serde(default)]
    machine_fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    key: String,
    #[serde(default)]
    holds: Option<String>,
}

#[derive(Deserialize)]
struct Reuse {
    unit: String,
    uses: Vec<String>,
}

#[derive(Deserialize)]
struct Completeness {
    unit: String,
    table: String,
}

#[derive(Deserialize)]
struct Standard {
    conditions: Vec<Condition>,
    provisions: Vec<Provision>,
}

/// Of an edition whose conditions no expression decides.
#[derive(Deserialize)]
struct Provisions {
    provisions: Vec<Provision>,
}

#[derive(Deserialize)]
struct Condition {
    number: u8,
    holds_when: String,
    fact: String,
}

#[derive(Deserialize)]
struct Provision {
    id: String,
    status: String,
    class: String,
    conditions: Vec<u8>,
    #[serde(default)]
    successors: Vec<String>,
    #[serde(default)]
    predecessor: Option<String>,
}

#[derive(Deserialize)]
struct Guidelines {
    guidelines: Vec<Guideline>,
}

#[derive(Deserialize)]
struct Guideline {
    en303645: Vec<String>,
    psti: Vec<String>,
}

#[derive(Deserialize)]
struct Crosswalk {
    regimes: Vec<Requirement>,
    rows: BTreeMap<String, BTreeMap<String, Link>>,
}

#[derive(Deserialize)]
struct Link {
    clauses: Vec<String>,
}

#[derive(Deserialize)]
struct Requirements {
    requirements: Vec<Requirement>,
}

#[derive(Deserialize)]
struct Requirement {
    id: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-plans/catalogue")
}

fn read<T: for<'de> Deserialize<'de>>(id: &str) -> T {
    let path = folder().join(format!("{id}.yaml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{id}: {e}"))
}

/// How often each word occurs.
fn tally<'a>(words: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut tally = BTreeMap::new();
    for word in words {
        *tally.entry(word).or_default() += 1;
    }
    tally
}

/// The ids as a set; fails on an id that comes twice.
fn unique<'a>(what: &str, ids: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    for id in ids {
        assert!(seen.insert(id), "{what} `{id}` comes twice");
    }
    seen
}

#[test]
fn every_catalogue_has_the_common_head_and_no_unit_comes_twice_anywhere() {
    let mut seen = BTreeSet::new();
    for id in ALL {
        let head: Head = read(id);
        assert_eq!(head.assay, "catalogue/1");
        assert_eq!(head.id, id, "the id is the file's name");
        assert!(!head.title.is_empty() && !head.edition.is_empty() && !head.confidence_note.is_empty());
        for unit in head.units {
            assert!(seen.insert(unit.id.clone()), "unit `{}` of {id} comes twice", unit.id);
        }
    }
    assert_eq!(seen.len(), 226 + 29);
}

#[test]
fn every_catalogue_in_the_folder_is_tested_here() {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let is_catalogue =
            |p: &Path| std::fs::read_to_string(p).unwrap().lines().any(|l| l.starts_with("assay: catalogue/"));
        if path.extension().is_some_and(|e| e == "yaml") && is_catalogue(&path) {
            found.insert(path.file_stem().unwrap().to_string_lossy().into_owned());
        }
    }
    // Rules over dossiers stand among the catalogues; the broken dossiers of tests/dossiers hold them.
    assert!(found.remove("dossier-rules"));
    assert_eq!(found, ALL.into_iter().map(str::to_owned).collect());
}

#[test]
fn en_303_645_has_68_provisions_by_status_and_13_conditions() {
    let en: Standard = read(EN);
    assert_eq!(unique("provision", en.provisions.iter().map(|p| p.id.as_str())).len(), 68);
    assert_eq!(
        tally(en.provisions.iter().map(|p| p.class.as_str())),
        BTreeMap::from([("M", 20), ("M C", 13), ("R", 25), ("R C", 10)])
    );
    let conditions: Vec<u8> = en.conditions.iter().map(|c| c.number).collect();
    assert_eq!(conditions, (1..=13).collect::<Vec<_>>());
    for p in &en.provisions {
        let numbers = p.conditions.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
        let status = if numbers.is_empty() { p.class.clone() } else { format!("{} ({numbers})", p.class) };
        assert_eq!(p.status, status, "status of {} against its class and conditions", p.id);
        assert_eq!(p.class.ends_with(" C"), !p.conditions.is_empty(), "{}", p.id);
    }
    for c in &en.conditions {
        let not = c.holds_when.strip_prefix('!').unwrap_or(&c.holds_when);
        assert_eq!(not.strip_prefix("product.facts."), Some(c.fact.as_str()), "condition {}", c.number);
    }
    let used: BTreeSet<u8> = en.provisions.iter().flat_map(|p| p.conditions.iter().copied()).collect();
    assert_eq!(used, conditions.into_iter().collect(), "each condition serves a provision, and each named one exists");
}

#[test]
fn the_newer_edition_has_78_provisions_and_the_editions_point_at_each_other() {
    let (old, new): (Standard, Provisions) = (read(EN), read(NEWER_EN));
    let new_ids = unique("provision", new.provisions.iter().map(|p| p.id.as_str()));
    let duty = |letter| new.provisions.iter().filter(|p| p.class.starts_with(letter)).count();
    assert_eq!((new_ids.len(), duty('M'), duty('R')), (78, 36, 42));
    for p in &old.provisions {
        assert!(!p.successors.is_empty(), "{} has no successor", p.id);
        for successor in &p.successors {
            assert!(new_ids.contains(successor.as_str()), "{} -> {successor}", p.id);
        }
    }
    for p in &new.provisions {
        if let Some(before) = &p.predecessor {
            let before = old.provisions.iter().find(|o| o.id == *before);
            assert!(before.is_some_and(|o| o.successors.contains(&p.id)), "{} and its predecessor", p.id);
        }
    }
}

#[test]
fn ts_103_701_has_68_groups_109_cases_226_units_and_29_tables() {
    let (head, ts): (Head, TestSpecification) = (read(TS), read(TS));
    assert_eq!(unique("group", ts.groups.iter().map(|g| g.id.as_str())).len(), 68);
    assert_eq!(tally(ts.groups.iter().map(|g| g.scenario.as_str())).len(), 15);
    assert_eq!(unique("case", ts.cases.iter().map(|c| c.id.as_str())).len(), 109);
    assert_eq!(
        tally(ts.cases.iter().map(|c| c.kind.as_str())),
        BTreeMap::from([("conceptual", 62), ("functional", 46), ("mixed", 1)])
    );
    assert_eq!(unique("unit", head.units.iter().map(|u| u.id.as_str())).len(), 226);
    assert_eq!(
        tally(head.units.iter().map(|u| u.kind.as_str())),
        BTreeMap::from([("conceptual", 124), ("functional", 102)])
    );
    let numbers: Vec<u8> = ts.ixit_tables.iter().map(|t| t.number).collect();
    assert_eq!(numbers, (1..=29).collect::<Vec<_>>());
    assert_eq!(unique("table", ts.ixit_tables.iter().map(|t| t.name.as_str())).len(), 29);
    assert_eq!(unique("table key", ts.ixit_tables.iter().map(|t| t.key.as_str())).len(), 29);
    let fields = ts.ixit_tables.iter().flat_map(|t| t.fields.iter().chain(&t.machine_fields));
    let holds = tally(fields.filter_map(|f| f.holds.as_deref()));
    assert_eq!(holds, BTreeMap::from([("flag", 8), ("references", 5), ("data", 6)]), "what is no text");
    for table in &ts.ixit_tables {
        assert!(table.name.starts_with(&format!("{}-", table.number)), "{}", table.name);
        unique(&table.name, table.fields.iter().chain(&table.machine_fields).map(|f| f.key.as_str()));
    }
}

#[test]
fn units_cases_groups_and_provisions_belong_together() {
    let (head, ts, en): (Head, TestSpecification, Standard) = (read(TS), read(TS), read(EN));
    let groups: BTreeMap<_, _> = ts.groups.iter().map(|g| (g.id.as_str(), g)).collect();
    let cases: BTreeMap<_, _> = ts.cases.iter().map(|c| (c.id.as_str(), c)).collect();
    for unit in &head.units {
        let case = cases.get(unit.case.as_str()).unwrap_or_else(|| panic!("{}: no case `{}`", unit.id, unit.case));
        let group = groups.get(unit.group.as_str()).unwrap_or_else(|| panic!("{}: no group `{}`", unit.id, unit.group));
        assert_eq!(case.group, unit.group, "{}", unit.id);
        assert_eq!(group.provision, unit.provision, "{}", unit.id);
        let letter = unit.id.strip_prefix(&format!("{} ", unit.case)).expect("a unit's id is its case and a letter");
        assert!(letter.len() == 1 && letter.as_bytes()[0].is_ascii_lowercase(), "{}", unit.id);
    }
    for case in &ts.cases {
        assert!(groups.contains_key(case.group.as_str()), "{}: no group `{}`", case.id, case.group);
        assert!(case.id.starts_with(&format!("{}-", case.group)), "{}", case.id);
        let kinds = tally(head.units.iter().filter(|u| u.case == case.id).map(|u| u.kind.as_str()));
        match case.kind.as_str() {
            "mixed" => assert_eq!(kinds.len(), 2, "kinds of the units of {}", case.id),
            kind => assert_eq!(kinds.keys().copied().collect::<Vec<_>>(), [kind], "kinds of the units of {}", case.id),
        }
    }
    let in_cases = tally(ts.cases.iter().map(|c| c.group.as_str()));
    assert_eq!(in_cases.keys().collect::<Vec<_>>(), groups.keys().collect::<Vec<_>>(), "each group has a case");
    let provisions: BTreeSet<_> = en.provisions.iter().map(|p| p.id.as_str()).collect();
    let tested: BTreeSet<_> = ts.groups.iter().map(|g| g.provision.as_str()).collect();
    assert_eq!(tested, provisions, "each provision has a group");
}

#[test]
fn reuse_completeness_and_cases_name_units_and_tables_that_exist() {
    let (head, ts): (Head, TestSpecification) = (read(TS), read(TS));
    let position: BTreeMap<_, _> = head.units.iter().enumerate().map(|(n, u)| (u.id.as_str(), n)).collect();
    let tables: BTreeSet<_> = ts.ixit_tables.iter().map(|t| t.name.as_str()).collect();
    unique("reuse of", ts.reuse.iter().map(|r| r.unit.as_str()));
    for reuse in &ts.reuse {
        assert!(position.contains_key(reuse.unit.as_str()), "reuse names `{}`", reuse.unit);
        assert!(!reuse.uses.is_empty(), "{} reuses nothing", reuse.unit);
        for unit in &reuse.uses {
            assert!(position.contains_key(unit.as_str()), "{} reuses `{unit}`", reuse.unit);
            assert!(!ts.reuse.iter().any(|r| r.unit == *unit), "{} reuses `{unit}`, which reuses another", reuse.unit);
        }
    }
    assert_eq!(unique("completeness of", ts.completeness.iter().map(|c| c.unit.as_str())).len(), 11);
    for entry in &ts.completeness {
        assert!(position.contains_key(entry.unit.as_str()), "completeness names `{}`", entry.unit);
        assert!(tables.contains(entry.table.as_str()), "{}: no table `{}`", entry.unit, entry.table);
    }
    let named =
        unique("table", ts.cases.iter().flat_map(|c| &c.ixit).map(String::as_str).collect::<BTreeSet<_>>().into_iter());
    assert_eq!(named, tables, "each table serves a case, and each named one exists");
}

#[test]
fn psti_has_29_items_of_which_one_is_ours_and_does_not_count() {
    let head: Head = read(PSTI);
    assert_eq!(unique("item", head.units.iter().map(|u| u.id.as_str())).len(), 29);
    let ours: Vec<_> = head.units.iter().filter(|u| !u.counts).map(|u| u.id.as_str()).collect();
    assert_eq!(ours, ["PSTI-1.X1"]);
    for unit in &head.units {
        assert_eq!(unit.kind, "legal-item", "{}", unit.id);
        assert_eq!(unit.case, unit.group, "{}", unit.id);
        assert!(unit.id.starts_with(&format!("{}.", unit.group)), "{}", unit.id);
    }
    assert_eq!(
        tally(head.units.iter().map(|u| u.group.as_str())),
        BTreeMap::from([("PSTI-1", 8), ("PSTI-2", 9), ("PSTI-3", 12)])
    );
}

#[test]
fn profiles_hold_exactly_the_units_that_count() {
    for (file, profile, size) in [(PSTI, "uk-psti", 28), (TS, "etsi-en-303-645", 226)] {
        let head: Head = read(file);
        assert_eq!(head.profiles.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), [profile]);
        let counted: Vec<_> = head.units.iter().filter(|u| u.counts).map(|u| u.id.clone()).collect();
        assert_eq!(counted.len(), size);
        assert_eq!(head.profiles[0].units, counted);
    }
}

#[test]
fn the_code_of_practice_has_13_guidelines_that_cover_the_other_catalogues() {
    let (code, en, law): (Guidelines, Standard, Requirements) = (read(CODE_OF_PRACTICE), read(EN), read(PSTI));
    assert_eq!(code.guidelines.len(), 13);
    let named: BTreeSet<_> = code.guidelines.iter().flat_map(|g| g.en303645.iter().map(String::as_str)).collect();
    let mut provisions: BTreeSet<_> = en.provisions.iter().map(|p| p.id.as_str()).collect();
    provisions.remove("4-1"); // a duty of the implementation's record, not of the product
    assert_eq!(named, provisions);
    let named: BTreeSet<_> = code.guidelines.iter().flat_map(|g| g.psti.iter().map(String::as_str)).collect();
    assert_eq!(named, law.requirements.iter().map(|r| r.id.as_str()).collect());
}

#[test]
fn the_crosswalk_leads_from_every_provision_to_regimes_and_items_that_exist() {
    let (walk, en, law): (Crosswalk, Standard, Head) = (read(CROSSWALK), read(EN), read(PSTI));
    let named: BTreeSet<_> = walk.rows.keys().map(String::as_str).collect();
    let mut provisions: BTreeSet<_> = en.provisions.iter().map(|p| p.id.as_str()).collect();
    provisions.remove("4-1");
    // Provisions that no other regime asks for have no row.
    assert!(named.is_subset(&provisions) && named.len() >= 60, "{:?}", provisions.difference(&named));
    let regimes: BTreeSet<_> = walk.regimes.iter().map(|r| r.id.as_str()).collect();
    let used: BTreeSet<_> = walk.rows.values().flat_map(|row| row.keys().map(String::as_str)).collect();
    assert_eq!(used, regimes, "each regime has a row, and each named one exists");
    for (provision, row) in &walk.rows {
        for (regime, link) in row {
            assert!(!link.clauses.is_empty(), "{provision} to {regime}");
            let items = link.clauses.iter().filter(|_| regime == "uk-psti");
            for item in items {
                assert!(law.units.iter().any(|u| u.id == *item), "{provision}: no item `{item}`");
            }
        }
    }
}

#[test]
fn titles_are_short_and_differ_within_a_case() {
    for id in ALL {
        let head: Head = read(id);
        let mut seen = BTreeSet::new();
        for unit in &head.units {
            let length = unit.title.chars().count();
            assert!((10..=80).contains(&length), "{}: a title of {length} characters", unit.id);
            assert!(!unit.title.ends_with('.'), "{}: `{}`", unit.id, unit.title);
            assert!(unit.title.starts_with(char::is_uppercase), "{}: `{}`", unit.id, unit.title);
            assert!(seen.insert((&unit.case, unit.title.to_lowercase())), "{}: another unit has this title", unit.id);
        }
    }
}

/// Lists of mappings that give structure and state no fact of a standard.
const STRUCTURE: [&str; 5] = ["sources", "profiles", "machine_fields", "pools", "zero_failure_units_for_95_percent"];

/// What a file explains: its confidence words and its sources.
struct Marks {
    words: BTreeMap<String, String>,
    sources: BTreeSet<String>,
    looked_at: usize,
}

impl Marks {
    /// An entry is a mapping in a list: each says how sure we are, in a word that its file explains.
    fn check(&mut self, path: &str, value: &Value) {
        match value {
            Value::Mapping(map) => {
                for (key, value) in map {
                    let key = key.as_str().unwrap_or_default();
                    if key == "confidence" || key.ends_with("_confidence") {
                        let word = value.as_str().unwrap_or_default();
                        assert!(self.words.contains_key(word), "{path}: `{word}` is not explained");
                    } else if key == "sources" && !path.ends_with(".yaml") {
                        for source in value.as_sequence().unwrap() {
                            let source = source.as_str().unwrap();
                            assert!(self.sources.contains(source), "{path}: source `{source}` is not listed");
                        }
                    } else if !STRUCTURE.contains(&key) {
                        self.check(&format!("{path}/{key}"), value);
                    }
                }
            }
            Value::Sequence(list) => {
                for (n, entry) in list.iter().enumerate() {
                    let path = format!("{path}[{n}]");
                    if let Value::Mapping(map) = entry {
                        assert!(map.contains_key("confidence"), "{path} has no confidence");
                        self.looked_at += 1;
                    }
                    self.check(&path, entry);
                }
            }
            _ => {}
        }
    }
}

#[test]
fn every_entry_has_a_confidence_mark_that_its_file_explains() {
    for id in ALL {
        let (head, whole): (Head, Value) = (read(id), read(id));
        let listed = whole["sources"].as_sequence().unwrap();
        let sources = listed.iter().map(|s| s["id"].as_str().unwrap().to_owned()).collect();
        let mut marks = Marks { words: head.confidence_words, sources, looked_at: 0 };
        marks.check(&format!("{id}.yaml"), &whole);
        assert!(marks.looked_at >= head.units.len().max(10), "{id}: only {} entries were seen", marks.looked_at);
    }
}

#[test]
fn an_entry_without_a_mark_or_with_an_unknown_word_is_noticed() {
    let refused = |yaml: &str| {
        let value: Value = serde_yaml::from_str(yaml).unwrap();
        std::panic::catch_unwind(|| {
            let words = BTreeMap::from([("high".to_owned(), String::new())]);
            Marks { words, sources: BTreeSet::from(["A".to_owned()]), looked_at: 0 }.check("x.yaml", &value);
        })
        .is_err()
    };
    assert!(!refused("units: [{id: a, confidence: high, sources: [A]}]"));
    assert!(refused("units: [{id: a}]"));
    assert!(refused("units: [{id: a, confidence: sure}]"));
    assert!(refused("units: [{id: a, confidence: high, sources: [B]}]"));
    assert!(refused("units: [{id: a, confidence: high, parts: [{id: b}]}]"));
}
