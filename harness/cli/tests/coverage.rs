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
                "\n## Section {clause}\n\n| unit | what | class | observed by | controls |\n|---|---|---|---|---|\n"
            )
        });
        let (own, controls) = checks(plan, unit);
        *counts.entry((unit.class.word(), !own.is_empty())).or_default() += 1;
        let shown = |list: &[String]| list.join(", ");
        writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            unit.id,
            entry.title,
            unit.class.word(),
            shown(&own),
            shown(&controls)
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
        assert!(entry.provision == "4-1" || when.starts_with(&claim), "{}: applies when `{when}`", unit.id);
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
