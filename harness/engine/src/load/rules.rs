//! A dossier held against the rules of the catalogues: contradictions and gaps, each at its place, before anything runs.
//!
//! What a rule says is data; this file only evaluates. Beside the dossier a rule sees data of catalogues by the names that
//! its file gives them. An entry there with a `holds_when` gets a `holds` beside it, where the dossier states what that
//! expression asks for.

use assay_model::{Diagnostic, Span};
use serde_json::{Value, json};

use super::lower::Mistakes;
use super::tree::{Entry, Node, Yaml};
use crate::expr::{EvalError, Expr, Scope};
use crate::plan::{Catalogue, DossierRule, Product};
use crate::run::template::fill;

/// The code of what a rule finds.
const BROKEN: &str = "product::rule";

/// Adds everything that the rules of `catalogue` find in `product`, whose file is `node`.
pub(crate) fn check(node: &Node, product: &Product, catalogue: &Catalogue, mistakes: &Mistakes) {
    if catalogue.rules.is_empty() {
        return;
    }
    let scope = scope(product, catalogue);
    for rule in &catalogue.rules {
        if let Err(error) = judge(rule, &scope, node, mistakes) {
            let text = format!("the dossier's rule `{}` cannot be judged: {error}", rule.id);
            let help = "something that it asks for is missing or of another type; the other messages may say what";
            mistakes.add(Diagnostic::error("product::not-judged", text, Some(start(node))).help(help));
        }
    }
}

fn judge(rule: &DossierRule, scope: &Scope, node: &Node, mistakes: &Mistakes) -> Result<(), EvalError> {
    if let Some(when) = &rule.when
        && when.eval(scope)? != Value::Bool(true)
    {
        return Ok(());
    }
    let Some((variable, over)) = &rule.for_each else {
        return once(rule, scope, node, mistakes);
    };
    let rows = over.eval(scope)?;
    let mut scope = scope.clone();
    for row in rows.as_array().into_iter().flatten() {
        scope.insert(variable.clone(), row.clone());
        once(rule, &scope, node, mistakes)?;
    }
    Ok(())
}

fn once(rule: &DossierRule, scope: &Scope, node: &Node, mistakes: &Mistakes) -> Result<(), EvalError> {
    if rule.that.eval(scope)? == Value::Bool(true) {
        return Ok(());
    }
    let text =
        |template| fill(template, scope).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let (message, span) = (format!("{} [{}]", text(&rule.why)?, rule.id), place(node, &text(&rule.at)?));
    let found = if rule.warning {
        Diagnostic::warning(BROKEN, message, Some(span))
    } else {
        Diagnostic::error(BROKEN, message, Some(span))
    };
    mistakes.add(match &rule.help {
        Some(help) => found.help(text(help)?),
        None => found,
    });
    Ok(())
}

/// The dossier and data of catalogues, as rules name them.
fn scope(product: &Product, catalogue: &Catalogue) -> Scope {
    let mut scope = Scope::new();
    let mut facts = product.product.clone();
    facts.insert("procedures".into(), product.procedures.clone());
    scope.insert("product".into(), Value::Object(facts));
    scope.insert("ics".into(), Value::Object(product.ics.clone()));
    scope.insert("ixit".into(), Value::Object(product.ixit.clone()));
    scope.insert("editions".into(), Value::Object(product.editions.clone()));
    for (name, data) in &catalogue.rule_data {
        let data = held(data, &scope);
        scope.insert(name.clone(), data);
    }
    scope
}

/// A list whose entries say by `holds` whether their `holds_when` is true; without it where the dossier does not say.
fn held(data: &Value, scope: &Scope) -> Value {
    let Value::Array(entries) = data else { return data.clone() };
    let one = |entry: &Value| {
        let mut entry = entry.clone();
        let source = entry.get("holds_when").and_then(Value::as_str);
        let expr = source.and_then(|source| Expr::standalone(source, "holds_when").ok());
        if let Some(Value::Bool(holds)) = expr.and_then(|expr| expr.eval(scope).ok()) {
            entry["holds"] = json!(holds);
        }
        entry
    };
    entries.iter().map(one).collect()
}

/// The place at the end of a path of keys and row ids, or of as much of it as there is.
fn place(node: &Node, path: &str) -> Span {
    let (mut here, mut span) = (node, start(node));
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let next = match &here.value {
            Yaml::Map(entries) => {
                entries.iter().find(|e| e.key == part).map(|e: &Entry| (&e.value, e.key_span.clone()))
            }
            Yaml::List(items) => items.iter().find_map(|item| {
                let id = item.get("id").filter(|id| id.text() == Some(part))?;
                Some((item, id.span.clone()))
            }),
            _ => None,
        };
        let Some((value, at)) = next else { break };
        (here, span) = (value, at);
    }
    span
}

/// The first key of a file.
fn start(node: &Node) -> Span {
    node.entries().first().map_or_else(|| node.span.clone(), |entry| entry.key_span.clone())
}

#[cfg(test)]
mod tests;
