//! A plan over a list of products: the list, and what such a plan cannot ask for.

use assay_model::{Diagnostic, Span};

use super::against::exprs;
use crate::load::LoadRequest;
use crate::load::files::{Files, beside};
use crate::load::lower::plan::LoweredPlan;
use crate::load::lower::{Mistakes, over};
use crate::load::products;
use crate::plan::{Class, Scope, Survey};

/// The survey that the plans ask for; `None` where none does, or its list cannot be read.
pub(super) fn of(plans: &[LoweredPlan], request: &LoadRequest, files: &Files, mistakes: &Mistakes) -> Option<Survey> {
    let (plan, over) = plans.iter().find_map(|plan| Some((plan, plan.plan.over.as_ref()?)))?;
    let error = |code, text: String, span: &Span| Diagnostic::error(code, text, Some(span.clone()));
    let name = &plan.plan.name;
    if plans.len() > 1 {
        let text = format!("plan `{name}` is judged over a list of products, and other plans are not");
        mistakes.add(error("survey::not-alone", text, &over.span).help("run it by itself"));
    }
    let given = [
        (request.bench.is_some(), "--bench"),
        (request.product.is_some(), "--product"),
        (request.samples.is_some(), "--samples"),
        (!request.defects.is_empty(), "--defect"),
    ];
    for (_, flag) in given.into_iter().filter(|(given, _)| *given) {
        let text = format!("plan `{name}` takes its products from a list, and `{flag}` is given");
        mistakes.add(error("survey::flag", text, &over.span).help(format!("leave `{flag}` out")));
    }
    units(plan, mistakes);

    let filled = over::filled(over, &plan.plan.params, mistakes);
    let Some((path, span)) = filled.products else {
        let text = format!("plan `{name}` is judged over a list of products, and none is given");
        mistakes.add(error("survey::no-list", text, &over.span).help("name one with `--set products=FILE.csv`"));
        return None;
    };
    // What the command line names lies where the command was typed; what the plan names lies beside it.
    let typed = request.set.iter().any(|(_, value)| value.trim() == path);
    let path = if typed { path.into() } else { beside(&span, &path) };
    let file = files.read_list(&path, &span, mistakes)?;
    let products = products::read(&file, mistakes);
    Some(Survey { products, at_once: filled.at_once, politeness: filled.politeness, file })
}

/// Holds the units against what a survey has: documents, and nobody to ask.
fn units(plan: &LoweredPlan, mistakes: &Mistakes) {
    const WITHOUT: [&str; 5] = ["dut", "bench", "samples", "ics", "ixit"];
    let refuse = |text: String, span: &Span| {
        let help = "a plan over a list of products has documents alone, and asks nobody";
        mistakes.add(Diagnostic::error("survey::unit", text, Some(span.clone())).help(help));
    };
    for lowered in &plan.units {
        let unit = &lowered.unit;
        for (need, span) in lowered.needs.iter().filter(|(need, _)| need != "documents") {
            refuse(format!("unit `{}` needs `{need}`", unit.id), span);
        }
        if unit.scope == Scope::Samples {
            refuse(format!("unit `{}` is judged over samples, and there are none", unit.id), &unit.span);
        }
        if unit.class != Class::Automated {
            refuse(format!("unit `{}` asks a person", unit.id), &unit.span);
        }
        let named = exprs(lowered, &plan.plan.shared).into_iter();
        let named = named.filter_map(|e| Some((e.names().into_iter().find(|n| WITHOUT.contains(&n.as_str()))?, e)));
        for (name, expr) in named {
            refuse(format!("unit `{}` names `{name}`", unit.id), &expr.span);
        }
    }
}
