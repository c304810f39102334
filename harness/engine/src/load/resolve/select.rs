//! `--select`: which units run.

use assay_model::Diagnostic;
use serde_json::{Value, json};

use crate::expr::{self, Expr, Names, Scope, Type};
use crate::load::lower::Mistakes;
use crate::load::lower::plan::LoweredPlan;
use crate::plan::Unit;

const FLAG: &str = "--select";

/// How the reason of a unit begins that `--select` left out.
pub(crate) const NOT_SELECTED: &str = "not selected:";

fn names() -> Names {
    let mut names = Names::new();
    for name in ["unit", "plan", "provision", "kind"] {
        names.set(name, Type::Text);
    }
    names.set("class", words(&["automated", "assisted", "assessor"]));
    names.set("effect", words(&["passive", "active", "disruptive", "destructive"]));
    names.set("tags", Type::Text.listed());
    names
}

fn words(all: &[&str]) -> Type {
    Type::Word(all.iter().map(|w| (*w).to_owned()).collect())
}

/// Deselects the units for which the expression is false.
pub(super) fn select(plans: &mut [LoweredPlan], text: Option<&str>, mistakes: &Mistakes) {
    let Some(text) = text else { return };
    let expr = match Expr::standalone(text, FLAG) {
        Ok(expr) => expr,
        Err(diagnostic) => return mistakes.add(*diagnostic),
    };
    let (kind, found) = expr::check(&expr, &names());
    let failed = !found.is_empty();
    mistakes.extend(found);
    if !matches!(kind, Type::Bool | Type::Dyn) {
        let message = format!("true or false is expected, and this gives {}", kind.describe());
        return mistakes.add(Diagnostic::error("expr::type", message, Some(expr.span)));
    }
    if failed {
        return;
    }
    let (mut units, mut selected) = (0, 0);
    for plan in plans {
        let name = plan.plan.name.clone();
        for unit in plan.units.iter_mut().map(|u| &mut u.unit) {
            units += 1;
            match expr.eval(&scope(&name, unit)) {
                Ok(Value::Bool(true)) => selected += 1,
                Ok(Value::Bool(false)) => unit.deselected = Some(format!("{NOT_SELECTED} `{text}` is false")),
                Ok(other) => {
                    let message = format!("`{FLAG}` gives {other} for unit `{}`, and not true or false", unit.id);
                    return mistakes.add(Diagnostic::error("select::type", message, Some(expr.span)));
                }
                Err(error) => {
                    let message = format!("`{FLAG}` cannot be evaluated for unit `{}`: {}", unit.id, error.text);
                    return mistakes.add(Diagnostic::error("select::failed", message, Some(expr.span)));
                }
            }
        }
    }
    if selected == 0 && units > 0 {
        let message = format!("none of {units} units is selected");
        mistakes.add(Diagnostic::error("select::nothing", message, Some(expr.span)));
    }
}

fn scope(plan: &str, unit: &Unit) -> Scope {
    let entry = |f: fn(&assay_model::catalogue::CatalogueUnit) -> &String| unit.catalogue.as_ref().map_or("", |u| f(u));
    let value = json!({
        "unit": unit.id,
        "plan": plan,
        "provision": entry(|u| &u.provision),
        "kind": entry(|u| &u.kind),
        "class": unit.class.word(),
        "tags": unit.tags,
        "effect": unit.effect.word(),
    });
    value.as_object().cloned().unwrap_or_default()
}
