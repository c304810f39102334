//! `assay explain`: what would run and why, what a person must do, what does not apply, and what cannot be done here and
//! for want of what. Nothing is opened.

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;

use assay_engine::load::Applicability;
use assay_engine::plan::{Action, Class, Plan, ResolvedRun, Step, Unit};
use assay_model::catalogue::Way;
use serde_json::json;

use crate::args::Explain;
use crate::registry::registry;
use crate::{exit, say};

/// Exit 0 where all resolves.
pub(super) fn run(args: &Explain) -> u8 {
    let registry = ManuallyDrop::new(registry());
    let resolved = match super::selection::resolve(&args.selection, &registry, true) {
        // The process ends here: to give plans and catalogues back piece by piece takes a tenth of the whole time.
        Ok(resolved) => ManuallyDrop::new(resolved),
        Err(code) => return code,
    };
    if args.json {
        let applies = Applicability::of(&resolved);
        let units = resolved.plans.iter().flat_map(|plan| plan.units.iter().map(move |unit| (plan, unit)));
        let said = units.flat_map(|(plan, unit)| {
            let fate = Fate::of(plan, unit, &applies);
            let reason = fate.reason(plan, unit);
            ids(unit).map(move |id| {
                json!({"unit": id, "class": unit.class.word(), "selected": unit.deselected.is_none(), "reason": reason})
            })
        });
        let ways: Vec<_> = ways_of(&resolved, &registry.catalogue.ways)
            .map(|(way, taken)| {
                json!({"requirement": way.requirement, "route": way.route, "title": way.title, "taken": taken,
                       "units": way.units, "confidence": way.confidence})
            })
            .collect();
        say::json(&json!({"units": said.collect::<Vec<_>>(), "ways": ways}));
    } else {
        print(&resolved, &registry.catalogue.ways);
    }
    exit::OK
}

/// For people. `ways` are the catalogue's ways to meet a requirement.
pub(super) fn print(resolved: &ResolvedRun, ways: &[Way]) {
    match &resolved.bench {
        Some(bench) => say::result(format!("bench {} ({})", bench.request.bench, bench.request.provider)),
        None => say::result("no bench: no selected unit needs one"),
    }
    let applies = Applicability::of(resolved);
    for plan in &resolved.plans {
        say::result(format!("\n{}: {}  ({})", plan.name, plan.title, plan.file.path.display()));
        let fates: Vec<(&Unit, Fate)> = plan.units.iter().map(|u| (u, Fate::of(plan, u, &applies))).collect();
        let count = |fate| fates.iter().filter(|(_, f)| *f == fate).map(|(u, _)| ids(u).count()).sum::<usize>();
        let all: usize = plan.units.iter().map(|u| ids(u).count()).sum();
        let parts: Vec<String> =
            Fate::ALL.into_iter().filter(|f| count(*f) > 0).map(|f| format!("{} {}", count(f), f.words())).collect();
        say::result(format!("{all} units: {}", parts.join(", ")));
        for fate in Fate::ALL.into_iter().filter(|f| count(*f) > 0) {
            say::result(format!("\n  {}", fate.words()));
            for (unit, _) in fates.iter().filter(|(_, f)| *f == fate) {
                let ids = ids(unit).collect::<Vec<_>>().join(", ");
                say::result(format!("    {ids}  {}", unit.title));
                say::result(format!("      {}", fate.reason(plan, unit)));
            }
        }
        missing(plan);
    }
    print_ways(resolved, ways);
}

/// What the bench lacks, and how many units wait for it.
fn missing(plan: &Plan) {
    let mut lacking: BTreeMap<&str, usize> = BTreeMap::new();
    for need in plan.units.iter().flat_map(|u| &u.lacks) {
        *lacking.entry(need).or_default() += 1;
    }
    if lacking.is_empty() {
        return;
    }
    say::result("\n  missing on this bench");
    for (need, units) in lacking {
        let adapter = match need {
            "network" => "an address for each DUT: `host`",
            "console" => "a serial line to each DUT: `console`",
            "power" => "a supply that can be switched for each DUT: `power`",
            "probe" => "a debug probe on each DUT: `probe`",
            "labels" => "label data of each sample, in the dossier's `samples`",
            _ => "see the bench's schema, `assay schema bench`",
        };
        say::result(format!("    {need} ({units} unit{}): {adapter}", if units == 1 { "" } else { "s" }));
    }
}

/// What becomes of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Runs,
    Operator,
    NotApplicable,
    NotHere,
    Deselected,
}

impl Fate {
    const ALL: [Self; 5] = [Self::Runs, Self::Operator, Self::NotApplicable, Self::NotHere, Self::Deselected];

    fn of(plan: &Plan, unit: &Unit, applies: &Applicability) -> Self {
        match (&unit.deselected, unit.class) {
            (Some(_), _) if !unit.lacks.is_empty() => Self::NotHere,
            (Some(why), _) if why.starts_with("not-permitted") => Self::NotHere,
            (Some(_), _) => Self::Deselected,
            _ if applies.of_unit(plan, unit) == Some(false) => Self::NotApplicable,
            (None, Class::Automated) => Self::Runs,
            (None, Class::Assisted | Class::Assessor) => Self::Operator,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Runs => "run by themselves",
            Self::Operator => "need an operator",
            Self::NotApplicable => "do not apply to this dossier",
            Self::NotHere => "cannot be done here",
            Self::Deselected => "are not selected",
        }
    }

    /// Why, or what will decide it.
    fn reason(self, plan: &Plan, unit: &Unit) -> String {
        let when = unit.when.as_ref().map(|w| w.source.split_whitespace().collect::<Vec<_>>().join(" "));
        if let Some(why) = &unit.deselected {
            return why.clone();
        }
        if self == Self::NotApplicable {
            return format!("does not apply: `{}` is false", when.unwrap_or_default());
        }
        let mut text = decided_by(plan, unit);
        if self == Self::Operator {
            let question = unit.question.split_whitespace().collect::<Vec<_>>().join(" ");
            text = format!("asks: {question} ({}; {text})", unit.class.word());
        }
        match when {
            Some(when) if self == Self::Runs => format!("{text}; applies when {when}"),
            _ => text,
        }
    }
}

/// Ways to meet the requirements that the plans have items of, and whether the dossier takes each.
fn ways_of<'w>(resolved: &ResolvedRun, ways: &'w [Way]) -> impl Iterator<Item = (&'w Way, bool)> {
    let planned: Vec<String> = resolved.plans.iter().flat_map(|p| &p.units).flat_map(ids).map(str::to_owned).collect();
    let routes = resolved.product.as_ref().and_then(|p| p.product.get("routes")).cloned().unwrap_or_default();
    let asked = move |way: &&Way| {
        let own = ways.iter().find(|w| w.requirement == way.requirement && w.route == "own");
        own.is_some_and(|own| own.units.iter().any(|id| planned.contains(id)))
    };
    ways.iter().filter(asked).map(move |way| (way, routes[&way.choice].as_str().unwrap_or("own") == way.route))
}

fn print_ways(resolved: &ResolvedRun, ways: &[Way]) {
    let mut last = "";
    for (way, taken) in ways_of(resolved, ways) {
        if last.is_empty() {
            say::result("\nways to meet each requirement (`product.routes` takes one; all are looked at)");
        }
        if last != way.requirement {
            say::result(format!("  {}", way.requirement));
        }
        last = &way.requirement;
        let mark = if taken { " (taken)" } else { "" };
        let units = way.units.join(", ");
        say::result(format!("    {}{mark}: {}; {}\n      {units}", way.route, way.title, way.confidence));
    }
}

fn ids(unit: &Unit) -> impl Iterator<Item = &str> {
    std::iter::once(unit.id.as_str()).chain(unit.also.iter().map(|(id, _)| id.as_str()))
}

/// The checks that observe for a unit, those of shared steps that it reads among them.
fn decided_by(plan: &Plan, unit: &Unit) -> String {
    let mut found = Vec::new();
    checks(&unit.steps, &mut found);
    for control in &unit.control {
        checks(std::slice::from_ref(&control.step), &mut found);
    }
    let read = unit.names();
    let shared = plan.shared.iter().filter(|s| s.name.as_ref().is_some_and(|name| read.contains(name)));
    shared.for_each(|step| checks(std::slice::from_ref(step), &mut found));
    match (found.is_empty(), unit.class) {
        (false, _) => found.join(", "),
        (true, Class::Automated) => "decided by the dossier".to_owned(),
        (true, _) => "an operator's answer".to_owned(),
    }
}

fn checks(steps: &[Step], into: &mut Vec<String>) {
    for step in steps {
        match &step.action {
            Action::Check { check, .. } => {
                let name = check.info().name.to_owned();
                if !into.contains(&name) {
                    into.push(name);
                }
            }
            Action::Ask(_) => {}
            Action::ForEach { steps, .. } => checks(steps, into),
        }
    }
}
