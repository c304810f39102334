//! Every unit of TS 103 701 is planned once, and the page that says how is what the plans say.
//!
//! `ASSAY_WRITE=1 cargo test -p assay --test coverage` writes the page anew.
#![allow(clippy::unwrap_used)] // tests say by panicking what is wrong

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use assay_engine::load;
use assay_engine::plan::{Action, Plan, Registry, Step, Template, TextPart, Unit};

const CATALOGUES: [&str; 2] = ["etsi-en-303-645-2.1.1.yaml", "etsi-ts-103-701-1.1.1.yaml"];
const PROFILE: &str = "etsi-en-303-645";

fn plans() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../test-plans")
}

fn registry() -> Registry {
    let read = |name| std::fs::read_to_string(plans().join("catalogue").join(name)).unwrap();
    let texts = CATALOGUES.map(|name| (name, read(name)));
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let catalogue = load::catalogue_of(&texts).unwrap();
    Registry { checks: assay_checks::all(), providers: assay_adapters::bench::providers(), catalogue }
}

fn plan(registry: &Registry) -> Plan {
    let loaded = load::load_plans(&[plans().join("en303645")], registry);
    let mut plans = loaded.unwrap_or_else(|found| panic!("{found:#?}")).plans;
    assert_eq!(plans.len(), 1, "one plan, so that discovery is done once");
    plans.remove(0)
}

/// Names that a template reads.
fn names_of(template: &Template, out: &mut Vec<String>) {
    match template {
        Template::Literal(_) => {}
        Template::Expr(expr) => out.extend(expr.names()),
        Template::Text(parts) => parts.iter().for_each(|part| {
            if let TextPart::Expr(expr) = part {
                out.extend(expr.names());
            }
        }),
        Template::List(items) => items.iter().for_each(|item| names_of(item, out)),
        Template::Map(entries) => entries.iter().for_each(|(_, item)| names_of(item, out)),
    }
}

/// Checks of some steps, and the names that they read.
fn walk(steps: &[Step], checks: &mut Vec<String>, names: &mut Vec<String>) {
    for step in steps {
        match &step.action {
            Action::Check { check, with } => {
                checks.push(check.info().name.to_owned());
                names_of(with, names);
            }
            Action::Ask(ask) => names_of(&ask.text, names),
            Action::ForEach { over, steps, .. } => {
                names.extend(over.names());
                walk(steps, checks, names);
            }
        }
    }
}

/// What observes for a unit: checks of its own steps and of the shared ones that it reads, and those of its controls.
fn checks(plan: &Plan, unit: &Unit) -> (Vec<String>, Vec<String>) {
    let (mut own, mut controls, mut names) = (Vec::new(), Vec::new(), Vec::new());
    walk(&unit.steps, &mut own, &mut names);
    for expectation in &unit.expect {
        names.extend(expectation.that.names());
        names.extend(expectation.show.iter().flat_map(|e| e.names()));
    }
    for control in &unit.control {
        walk(std::slice::from_ref(&control.step), &mut controls, &mut names);
    }
    for step in plan.shared.iter().rev() {
        if step.name.as_ref().is_some_and(|name| names.contains(name)) {
            walk(std::slice::from_ref(step), &mut own, &mut names);
        }
    }
    for list in [&mut own, &mut controls] {
        list.sort();
        list.dedup();
    }
    (own, controls)
}

/// The seeded defects that fail a unit, and so prove that it can fail.
fn defects(unit: &str) -> Vec<String> {
    let all = assay_virtual::models().iter().flat_map(|model| model.defects);
    all.filter(|d| d.fails.contains(&unit)).map(|d| d.name.to_owned()).collect()
}

fn page(plan: &Plan) -> String {
    let mut sections: BTreeMap<(u32, u32), String> = BTreeMap::new();
    let mut counts: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    for unit in &plan.units {
        let entry = unit.catalogue.as_ref().unwrap();
        let clause = entry.provision.split('-').next().unwrap();
        let mut number = clause.split('.').map(|n| n.parse::<u32>().unwrap());
        let key = (number.next().unwrap(), number.next().unwrap_or(0));
        let text = sections.entry(key).or_insert_with(|| {
            format!(
                "\n## Section {clause}\n\n| unit | what | class | observed by | controls | proved by defect |\n|---|---|---|---|---|---|\n"
            )
        });
        let (own, controls) = checks(plan, unit);
        *counts.entry((unit.class.word(), !own.is_empty())).or_default() += 1;
        let shown = |list: &[String]| list.join(", ");
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            unit.id,
            entry.title,
            unit.class.word(),
            shown(&own),
            shown(&controls),
            shown(&defects(&unit.id))
        )
        .unwrap();
    }
    let mut page = String::from("# How each unit of TS 103 701 V1.1.1 is decided\n\n");
    page.push_str("Written by a test out of the plans beside it (`harness/cli/tests/coverage.rs`); not by hand.\n\n");
    page.push_str("| class | units | decided |\n|---|---|---|\n");
    let meanings = [
        (("automated", true), "by checks, and by expressions over what they saw"),
        (("automated", false), "by expressions over the dossier"),
        (("assisted", true), "by a person, on what checks saw and pre-judged"),
        (("assisted", false), "by a person, after the harness has held the dossier's rows against what the unit needs"),
        (("assessor", false), "by a person alone, guided by the question"),
    ];
    for (class, meaning) in meanings {
        writeln!(page, "| {} | {} | {meaning} |", class.0, counts.get(&class).copied().unwrap_or(0)).unwrap();
    }
    page.push_str("\nA unit with a defect beside it is known to fail where it should: virtual devices have the defect, and tests hold\n");
    page.push_str("which units it fails. `assay virtual list` describes them.\n");
    sections.values().for_each(|section| page.push_str(section));
    page
}

#[test]
fn every_unit_of_the_catalogue_is_planned_once_and_in_its_order() {
    let registry = registry();
    let plan = plan(&registry);
    let profile = registry.catalogue.profiles.iter().find(|p| p.id == PROFILE).unwrap();
    assert_eq!(profile.units.len(), 226);
    assert_eq!(plan.profile.as_deref(), Some(PROFILE));
    assert_eq!(plan.units.iter().map(|u| &u.id).collect::<Vec<_>>(), profile.units.iter().collect::<Vec<_>>());
    for unit in &plan.units {
        let entry = unit.catalogue.as_ref().unwrap();
        let when = unit.when.as_ref().map(|e| e.source.as_str()).unwrap_or_default();
        let claim = format!("ics[\"{}\"].support == \"Y\"", entry.provision);
        // Units that the UK plans share ask first whether there is an ICS at all.
        let shared = format!("\"{}\" in ics && {claim}", entry.provision);
        let claimed = when.starts_with(&claim) || when.starts_with(&shared);
        assert!(entry.provision == "4-1" || claimed, "{}: applies when `{when}`", unit.id);
    }
}

/// What finds out what there is, for a whole sample: once on each, and shared by every unit that asks.
const DISCOVERY: [&str; 3] = ["ports.scan", "auth.inventory", "auth.first_use"];

#[test]
fn discovery_runs_once_on_each_sample() {
    let plan = plan(&registry());
    let (mut shared, mut own) = (Vec::new(), Vec::new());
    walk(&plan.shared, &mut shared, &mut Vec::new());
    for check in DISCOVERY {
        assert_eq!(shared.iter().filter(|c| *c == check).count(), 1, "{check} is shared");
    }
    for unit in &plan.units {
        own.clear();
        walk(&unit.steps, &mut own, &mut Vec::new());
        let again: Vec<_> = own.iter().filter(|c| DISCOVERY.contains(&c.as_str())).collect();
        assert!(again.is_empty(), "{} looks again: {again:?}", unit.id);
    }
}

#[test]
fn the_page_says_what_the_plans_say() {
    let page = page(&plan(&registry()));
    let path = plans().join("en303645/COVERAGE.md");
    if std::env::var_os("ASSAY_WRITE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "{} is out of date: run this test with ASSAY_WRITE=1", path.display());
}

/// What `explain` says of the whole plan with these further arguments: its last line.
fn explained(more: &[&str]) -> serde_json::Value {
    let root = plans().join("..");
    let mut command = assert_cmd::Command::cargo_bin("assay").unwrap();
    let out = command.current_dir(root).args(["explain", "test-plans/en303645", "--json"]).args(more).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

#[test]
fn explain_accounts_for_every_unit_once() {
    let registry = registry();
    let profile = registry.catalogue.profiles.iter().find(|p| p.id == PROFILE).unwrap();
    let said = explained(&["--bench", "lab-config/benches/virtual-camera.yaml"]);
    let units = said["units"].as_array().unwrap();
    assert_eq!(units.iter().map(|u| u["unit"].as_str().unwrap()).collect::<Vec<_>>(), profile.units);
    for unit in units {
        assert!(["automated", "assisted", "assessor"].contains(&unit["class"].as_str().unwrap()), "{unit}");
        assert_eq!(unit["selected"], true, "the virtual bench provides all: {unit}");
        assert!(unit["reason"].as_str().unwrap().len() >= 8, "{unit}");
    }
    let reason = |id: &str| units.iter().find(|u| u["unit"] == id).unwrap()["reason"].as_str().unwrap().to_owned();
    assert!(reason("5.3-14-1 a").starts_with("does not apply: `ics["), "{}", reason("5.3-14-1 a"));
    assert!(reason("5.6-1-2 b").contains("ports.scan"), "a shared observation is named: {}", reason("5.6-1-2 b"));
    assert!(reason("5.2-1-1 a").starts_with("asks: "), "{}", reason("5.2-1-1 a"));
}

#[test]
fn what_the_bench_lacks_is_named_and_takes_out_only_what_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let bench = folder.path().join("bench.yaml");
    let text = "assay: bench/1\nbench: paper\nprovider: { local: null }\npermits: [passive, active, disruptive]\nduts: [{ id: s1, console: { serial: /dev/ttyUSB9 } }]\n";
    std::fs::write(&bench, text).unwrap();
    let product = "lab-config/products/virtual-camera.yaml";
    let said = explained(&["--bench", bench.to_str().unwrap(), "--product", product]);
    let units = said["units"].as_array().unwrap();
    assert_eq!(units.len(), 226);
    let reason = |id: &str| units.iter().find(|u| u["unit"] == id).unwrap();
    assert_eq!(reason("5.6-1-2 b")["selected"], false);
    assert!(
        reason("5.6-1-2 b")["reason"].as_str().unwrap().starts_with("not-provided: needs `network`"),
        "{}",
        reason("5.6-1-2 b")
    );
    assert_eq!(reason("5.2-1-2 a")["selected"], true, "a document needs no device");
}
