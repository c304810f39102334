//! `with:` held against the schema of a check's parameters.

use assay_model::{Diagnostic, Span};
use serde_json::Value;

use super::Mistakes;
use super::expression::lower_template;
use crate::expr::{Names, Type};
use crate::load::suggest;
use crate::load::template::{self, Part};
use crate::load::tree::{Node, Yaml};
use crate::plan::Template;

/// The parameters of a call of `check`, whose schema is `schema`. `call` is where the check is named.
pub(crate) fn lower(
    node: Option<&Node>,
    check: &str,
    call: &Span,
    schema: &Value,
    names: &Names,
    mistakes: &Mistakes,
) -> Template {
    let schema = resolve(schema, schema);
    let empty = serde_json::Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let entries = node.map_or(&[][..], Node::entries);
    if let Some(node) = node.filter(|n| !matches!(n.value, Yaml::Map(_) | Yaml::Null)) {
        let text = format!("`with` is {}, and a mapping of parameters is expected", node.kind());
        mistakes.add(Diagnostic::error("plan::type", text, Some(node.span.clone())));
    }
    let takes: Vec<&str> = properties.keys().map(String::as_str).collect();
    for name in required(schema).filter(|name| !entries.iter().any(|e| e.key == *name)) {
        let text = format!("check `{check}` needs the parameter `{name}`");
        mistakes.add(
            Diagnostic::error("plan::missing-param", text, Some(call.clone()))
                .help(format!("it takes {}", suggest::list(&takes))),
        );
    }
    let mut lowered = Vec::new();
    for entry in entries {
        let (template, kind) = lower_template(&entry.value, names, mistakes);
        match properties.get(&entry.key) {
            Some(property) => held(property, schema, &entry.key, &entry.value, &kind, mistakes),
            None if schema.get("additionalProperties").is_none_or(|o| *o == Value::Bool(false)) => {
                let text = format!("check `{check}` has no parameter `{}`", entry.key);
                mistakes.add(
                    Diagnostic::error("plan::unknown-param", text, Some(entry.key_span.clone()))
                        .help(suggest::of(&entry.key, &takes, "it takes")),
                );
            }
            None => {}
        }
        lowered.push((entry.key.clone(), template));
    }
    Template::Map(lowered)
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn resolve<'s>(schema: &'s Value, root: &'s Value) -> &'s Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|p| root.pointer(p.strip_prefix('#')?));
    target.unwrap_or(schema)
}

/// One parameter against its schema: a literal by value, an expression by type.
fn held(schema: &Value, root: &Value, key: &str, node: &Node, kind: &Type, mistakes: &Mistakes) {
    if has_expression(node) {
        let wanted = Type::from_schema(schema, key);
        if !kind.comparable(&wanted) {
            let text = format!("`{key}` is {}, and this expression gives {}", wanted.describe(), kind.describe());
            mistakes.add(Diagnostic::error("plan::param-type", text, Some(node.span.clone())));
        }
        return;
    }
    if let Err(misfit) = fit(schema, root, key, node) {
        let diagnostic = Diagnostic::error("plan::param-type", misfit.text, Some(misfit.span));
        mistakes.add(Diagnostic { help: misfit.help, ..diagnostic });
    }
}

fn has_expression(node: &Node) -> bool {
    node.text().is_some_and(|text| {
        template::split(text).is_ok_and(|parts| parts.iter().any(|p| matches!(p, Part::Expression(_))))
    })
}

struct Misfit {
    span: Span,
    text: String,
    help: Option<String>,
}

/// Whether a literal fits a schema. Values with expressions in them are left to the run.
fn fit(schema: &Value, root: &Value, key: &str, node: &Node) -> Result<(), Misfit> {
    let schema = resolve(schema, root);
    let misfit = |text: String| Misfit { span: node.span.clone(), text, help: None };
    if has_expression(node) {
        return Ok(());
    }
    let choices = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
    if let Some(choices) = choices {
        return fit_any(choices, root, key, node);
    }
    if let Some(words) = schema
        .get("enum")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .or_else(|| schema.get("const").map(std::slice::from_ref))
    {
        if words.contains(&node.json()) {
            return Ok(());
        }
        let known: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        let shown = node.text().map_or_else(|| node.kind().to_owned(), |t| format!("`{t}`"));
        let help = Some(suggest::of(node.text().unwrap_or_default(), &known, "it can be"));
        return Err(Misfit { help, ..misfit(format!("`{key}` cannot be {shown}")) });
    }
    let kinds: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    if !kinds.iter().any(|kind| is_kind(kind, &node.value)) {
        let wanted: Vec<&str> = kinds.iter().filter(|k| **k != "null").map(|k| word(k)).collect();
        return Err(misfit(format!("`{key}` is {}, and {} is expected", node.kind(), wanted.join(" or "))));
    }
    match &node.value {
        Yaml::Int(n) => fit_range(schema, key, *n as f64, &misfit),
        Yaml::Float(n) => fit_range(schema, key, *n, &misfit),
        Yaml::List(items) => match schema.get("items") {
            Some(of) => items.iter().try_for_each(|item| fit(of, root, key, item)),
            None => Ok(()),
        },
        Yaml::Map(_) => fit_object(schema, root, key, node),
        _ => Ok(()),
    }
}

fn fit_any(choices: &[Value], root: &Value, key: &str, node: &Node) -> Result<(), Misfit> {
    let real: Vec<&Value> = choices.iter().filter(|c| c.get("type") != Some(&Value::from("null"))).collect();
    if real.len() < choices.len() && node.value == Yaml::Null {
        return Ok(());
    }
    match &real[..] {
        [only] => fit(only, root, key, node),
        _ if real.iter().any(|c| fit(c, root, key, node).is_ok()) => Ok(()),
        _ => {
            let mut wanted: Vec<String> = Vec::new();
            for choice in &real {
                let shown = Type::from_schema(choice, key).describe();
                if !wanted.contains(&shown) {
                    wanted.push(shown);
                }
            }
            let text = format!("`{key}` does not fit: {} is expected", wanted.join(" or "));
            // Where one choice is of the same kind, its own complaint says more.
            let nearest = real.iter().filter_map(|c| fit(c, root, key, node).err()).find(|m| m.span != node.span);
            Err(nearest.unwrap_or_else(|| Misfit { span: node.span.clone(), text, help: None }))
        }
    }
}

fn fit_range(schema: &Value, key: &str, n: f64, misfit: &impl Fn(String) -> Misfit) -> Result<(), Misfit> {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    if bound("minimum").is_some_and(|least| n < least) || bound("maximum").is_some_and(|most| n > most) {
        let (least, most) = (bound("minimum"), bound("maximum"));
        let range = match (least, most) {
            (Some(least), Some(most)) => format!("{least} to {most}"),
            (Some(least), None) => format!("at least {least}"),
            (_, most) => format!("at most {}", most.unwrap_or_default()),
        };
        return Err(misfit(format!("`{key}` is {n}, and must be {range}")));
    }
    Ok(())
}

fn fit_object(schema: &Value, root: &Value, key: &str, node: &Node) -> Result<(), Misfit> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let known: Vec<&str> = properties.iter().flat_map(|p| p.keys()).map(String::as_str).collect();
    if let Some(missing) = required(schema).find(|name| node.get(name).is_none()) {
        let text = format!("`{key}` needs `{missing}`");
        return Err(Misfit { span: node.span.clone(), text, help: None });
    }
    for entry in node.entries() {
        match properties.and_then(|p| p.get(&entry.key)) {
            Some(property) => fit(property, root, &entry.key, &entry.value)?,
            None if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                let text = format!("`{key}` has no key `{}`", entry.key);
                let help = Some(suggest::of(&entry.key, &known, "it takes"));
                return Err(Misfit { span: entry.key_span.clone(), text, help });
            }
            None => {
                if let Some(values @ Value::Object(_)) = schema.get("additionalProperties") {
                    fit(values, root, &entry.key, &entry.value)?;
                }
            }
        }
    }
    Ok(())
}

fn is_kind(kind: &str, value: &Yaml) -> bool {
    matches!(
        (kind, value),
        ("null", Yaml::Null)
            | ("boolean", Yaml::Bool(_))
            | ("integer", Yaml::Int(_))
            | ("number", Yaml::Int(_) | Yaml::Float(_))
            | ("string", Yaml::Text(_))
            | ("array", Yaml::List(_))
            | ("object", Yaml::Map(_))
    )
}

fn word(kind: &str) -> &'static str {
    match kind {
        "boolean" => "`true` or `false`",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "array" => "a list",
        "object" => "a mapping",
        _ => "another value",
    }
}
