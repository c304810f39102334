//! `assay explain`: what would run and why, what would not and why. Nothing is opened.

use assay_engine::plan::{Action, ResolvedRun, Step, Unit};
use serde_json::json;

use crate::args::Explain;
use crate::registry::registry;
use crate::{exit, say};

/// Exit 0 where all resolves.
pub(super) fn run(args: &Explain) -> u8 {
    let resolved = match super::run::resolve(&args.selection, &registry()) {
        Ok(resolved) => resolved,
        Err(code) => return code,
    };
    if args.json {
        let units = resolved.plans.iter().flat_map(|plan| &plan.units).flat_map(|unit| {
            ids(unit).map(move |id| {
                json!({"unit": id, "class": unit.class.word(), "selected": unit.deselected.is_none(),
                       "reason": unit.deselected.clone().unwrap_or_else(|| reason(unit))})
            })
        });
        say::json(&json!({"units": units.collect::<Vec<_>>()}));
    } else {
        print(&resolved);
    }
    exit::OK
}

/// For people.
pub(super) fn print(resolved: &ResolvedRun) {
    match &resolved.bench {
        Some(bench) => say::result(format!("bench {} ({})", bench.request.bench, bench.request.provider)),
        None => say::result("no bench: no selected unit needs one"),
    }
    for plan in &resolved.plans {
        say::result(format!("\n{}: {}  ({})", plan.name, plan.title, plan.file.path.display()));
        for unit in &plan.units {
            let ids = ids(unit).collect::<Vec<_>>().join(", ");
            let what = unit.deselected.as_ref().map_or_else(|| reason(unit), |why| format!("will not run: {why}"));
            say::result(format!("  {ids}\n    {}\n    {}, {}: {what}", unit.title, unit.class.word(), unit.effect));
        }
    }
}

fn ids(unit: &Unit) -> impl Iterator<Item = &str> {
    std::iter::once(unit.id.as_str()).chain(unit.also.iter().map(|(id, _)| id.as_str()))
}

/// What will decide the unit.
fn reason(unit: &Unit) -> String {
    let mut checks = Vec::new();
    names(&unit.steps, &mut checks);
    for control in &unit.control {
        names(std::slice::from_ref(&control.step), &mut checks);
    }
    let mut text = if checks.is_empty() { "decided by shared observations".into() } else { checks.join(", ") };
    if let Some(when) = &unit.when {
        text.push_str(&format!("; applies when {}", when.source));
    }
    text
}

fn names(steps: &[Step], into: &mut Vec<String>) {
    for step in steps {
        let name = match &step.action {
            Action::Check { check, .. } => check.info().name.to_owned(),
            Action::Ask(_) => "an operator's answer".to_owned(),
            Action::ForEach { steps, .. } => {
                names(steps, into);
                continue;
            }
        };
        if !into.contains(&name) {
            into.push(name);
        }
    }
}
