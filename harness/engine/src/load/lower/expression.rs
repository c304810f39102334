//! Expressions and `${...}` templates from nodes of the tree, checked against the names around them.

use assay_model::Diagnostic;

use super::Mistakes;
use crate::expr::{self, Expr, Names, Place, Type};
use crate::load::template::{self, Part};
use crate::load::tree::{Node, Yaml};
use crate::plan::{Template, TextPart};

/// A node that is one expression, as in `when:` and `expect:`; with its type.
pub(crate) fn lower(node: &Node, names: &Names, mistakes: &Mistakes) -> Option<(Expr, Type)> {
    let text = match &node.value {
        Yaml::Text(text) => text.clone(),
        Yaml::Bool(b) => b.to_string(),
        Yaml::Int(n) => n.to_string(),
        _ => {
            let text = format!("an expression is expected here, and this is {}", node.kind());
            mistakes.add(Diagnostic::error("plan::type", text, Some(node.span.clone())));
            return None;
        }
    };
    let place = node.place_of(&text);
    // `${...}` around the whole is no mistake worth an error.
    match template::split(&text).as_deref() {
        Ok([Part::Expression(inner)]) => compile(&text[inner.clone()], &place.part(inner.clone()), names, mistakes),
        _ => compile(&text, &place, names, mistakes),
    }
}

/// The same where true or false is needed.
pub(crate) fn lower_condition(node: &Node, names: &Names, mistakes: &Mistakes) -> Option<Expr> {
    let (expr, kind) = lower(node, names, mistakes)?;
    if !matches!(kind, Type::Bool | Type::Dyn) {
        let text = format!("true or false is expected, and this gives {}", kind.describe());
        mistakes.add(
            Diagnostic::error("expr::type", text, Some(expr.span.clone()))
                .help("compare it with something: `x == 0`, `x.size() > 0`"),
        );
    }
    Some(expr)
}

fn compile(source: &str, place: &Place, names: &Names, mistakes: &Mistakes) -> Option<(Expr, Type)> {
    match Expr::compile(source, place) {
        Ok(expr) => {
            let (kind, found) = expr::check(&expr, names);
            mistakes.extend(found);
            Some((expr, kind))
        }
        Err(diagnostic) => {
            mistakes.add(*diagnostic);
            None
        }
    }
}

/// A value with `${...}` in it, and what is known of its type.
pub(crate) fn lower_template(node: &Node, names: &Names, mistakes: &Mistakes) -> (Template, Type) {
    match &node.value {
        Yaml::Text(text) => lower_text(node, text, names, mistakes),
        Yaml::List(items) => {
            let (templates, types): (Vec<_>, Vec<_>) = items.iter().map(|i| lower_template(i, names, mistakes)).unzip();
            (Template::List(templates), Type::union(types).listed())
        }
        Yaml::Map(entries) => {
            let map = entries.iter().map(|e| (e.key.clone(), lower_template(&e.value, names, mistakes).0)).collect();
            (Template::Map(map), Type::Dyn)
        }
        _ => (Template::Literal(node.json()), Type::of(&node.json())),
    }
}

fn lower_text(node: &Node, text: &str, names: &Names, mistakes: &Mistakes) -> (Template, Type) {
    let place = node.place_of(text);
    let parts = match template::split(text) {
        Ok(parts) => parts,
        Err(at) => {
            mistakes.add(
                Diagnostic::error("plan::template", "this `${` is never closed", Some(place.span(at..at + 2)))
                    .help("close it by `}`, or write `$${` for the two characters themselves"),
            );
            return (Template::Literal(node.json()), Type::Dyn);
        }
    };
    let compiled = |inner: std::ops::Range<usize>| compile(&text[inner.clone()], &place.part(inner), names, mistakes);
    match &parts[..] {
        [] => (Template::Literal(serde_json::Value::String(String::new())), Type::Text),
        [Part::Text(only)] => (Template::Literal(serde_json::Value::String(only.clone())), Type::Text),
        [Part::Expression(inner)] => match compiled(inner.clone()) {
            Some((expr, kind)) => (Template::Expr(expr), kind),
            None => (Template::Literal(serde_json::Value::Null), Type::Dyn),
        },
        parts => {
            let parts = parts.iter().filter_map(|part| match part {
                Part::Text(text) => Some(TextPart::Text(text.clone())),
                Part::Expression(inner) => compiled(inner.clone()).map(|(expr, _)| TextPart::Expr(expr)),
            });
            (Template::Text(parts.collect()), Type::Text)
        }
    }
}
