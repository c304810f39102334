//! A dossier held against the rules of the catalogues: contradictions and gaps, each at its place, before anything runs.
//!
//! What a rule says is data; this file only evaluates. Beside the dossier a rule sees data of catalogues by the names that
//! its file gives them. An entry there with a `holds_when` gets a `holds` beside it, where the dossier states what that
//! expression asks for.

use assay_model::{Diagnostic, Span};
use serde_json::{Map, Value, json};

use super::blank;
use super::lower::Mistakes;
use super::tree::{Entry, Node, Yaml};
use crate::expr::{Converted, EvalError, Expr, Scope};
use crate::plan::{Catalogue, DossierRule, Product, Template, TextPart};
use crate::run::template::fill;

/// The code of what a rule finds.
const BROKEN: &str = "product::rule";

/// Adds everything that the rules of `catalogue` find in `product`, whose file is `node`.
pub(crate) fn check(node: &Node, product: &Product, catalogue: &Catalogue, mistakes: &Mistakes) {
    if catalogue.rules.is_empty() {
        return;
    }
    let mut known = Known::of(scope(product, catalogue));
    for rule in &catalogue.rules {
        if let Err(error) = judge(rule, &mut known, node, mistakes) {
            let text = format!("the dossier's rule `{}` cannot be judged: {error}", rule.id);
            let help = "something that it asks for is missing or of another type; the other messages may say what";
            mistakes.add(Diagnostic::error("product::not-judged", text, Some(start(node))).help(help));
        }
    }
}

/// What rules see, as JSON for messages and converted for judging: a hundred rules look at the same dossier.
struct Known {
    scope: Scope,
    converted: Converted,
}

impl Known {
    fn of(scope: Scope) -> Self {
        Self { converted: Converted::of(&scope), scope }
    }

    fn set(&mut self, name: &str, value: &Value) {
        self.converted.insert(name, value);
        self.scope.insert(name.to_owned(), value.clone());
    }
}

fn judge(rule: &DossierRule, known: &mut Known, node: &Node, mistakes: &Mistakes) -> Result<(), EvalError> {
    if let Some(when) = &rule.when
        && when.eval_converted(&known.converted)? != Value::Bool(true)
    {
        return Ok(());
    }
    let Some((variable, over)) = &rule.for_each else {
        return once(rule, known, node, mistakes);
    };
    let rows = over.eval_converted(&known.converted)?;
    each(&rows, &mut |row| {
        known.set(variable, row);
        once(rule, known, node, mistakes)
    })
}

/// Calls `f` for each element of a list, and of lists in it: rows of several tables come as a list of lists.
fn each(rows: &Value, f: &mut impl FnMut(&Value) -> Result<(), EvalError>) -> Result<(), EvalError> {
    for row in rows.as_array().into_iter().flatten() {
        if row.is_array() { each(row, f)? } else { f(row)? }
    }
    Ok(())
}

fn once(rule: &DossierRule, known: &Known, node: &Node, mistakes: &Mistakes) -> Result<(), EvalError> {
    if rule.that.eval_converted(&known.converted)? == Value::Bool(true) {
        return Ok(());
    }
    let at = said(&rule.at, &known.scope)?;
    // What a blank will hold is not known; that it is blank is said already.
    if reach(node, &at).1.is_some_and(blank::within) {
        return Ok(());
    }
    let text = |template| said(template, &known.scope);
    let (message, span) = (format!("{} [{}]", text(&rule.why)?, rule.id), reach(node, &at).0);
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
    let mut facts = blank::without(&product.product);
    facts.insert("procedures".into(), product.procedures.clone());
    scope.insert("product".into(), Value::Object(facts));
    scope.insert("ics".into(), Value::Object(declared(&product.ics)));
    scope.insert("ixit".into(), Value::Object(blank::without(&product.ixit)));
    scope.insert("editions".into(), Value::Object(blank::without(&product.editions)));
    let facts = Converted::of(&scope);
    for (name, data) in &catalogue.rule_data {
        scope.insert(name.clone(), held(data, &facts));
    }
    scope
}

/// The entries that say whether a provision is supported. A blank one says nothing yet.
fn declared(ics: &Map<String, Value>) -> Map<String, Value> {
    let mut ics = blank::without(ics);
    ics.retain(|_, entry| entry.get("support").is_some());
    ics
}

/// A list whose entries say by `holds` whether their `holds_when` is true; without it where the dossier does not say.
fn held(data: &Value, facts: &Converted) -> Value {
    let Value::Array(entries) = data else { return data.clone() };
    let one = |entry: &Value| {
        let mut entry = entry.clone();
        let source = entry.get("holds_when").and_then(Value::as_str);
        let expr = source.and_then(|source| Expr::standalone(source, "holds_when").ok());
        if let Some(Value::Bool(holds)) = expr.and_then(|expr| expr.eval_converted(facts).ok()) {
            entry["holds"] = json!(holds);
        }
        entry
    };
    entries.iter().map(one).collect()
}

/// A template as a message says it: lists as people write them, `a, b`.
fn said(template: &Template, scope: &Scope) -> Result<String, EvalError> {
    let Template::Text(parts) = template else { return fill(template, scope).map(|value| words(&value)) };
    let mut text = String::new();
    for part in parts {
        match part {
            TextPart::Text(plain) => text.push_str(plain),
            TextPart::Expr(expr) => text.push_str(&words(&expr.eval(scope)?)),
        }
    }
    Ok(text)
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The place at the end of a path of keys and row ids, or of as much of it as there is; and what stands at its very end,
/// where all of it is there.
fn reach<'n>(node: &'n Node, path: &str) -> (Span, Option<&'n Node>) {
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
        let Some((value, at)) = next else { return (span, None) };
        (here, span) = (value, at);
    }
    (span, Some(here))
}

/// The first key of a file.
fn start(node: &Node) -> Span {
    node.entries().first().map_or_else(|| node.span.clone(), |entry| entry.key_span.clone())
}

#[cfg(test)]
mod tests;
