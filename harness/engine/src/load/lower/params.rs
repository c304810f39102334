//! Parameters of a plan: typed, with defaults, overridden by `--set`.

use std::cell::RefCell;
use std::collections::BTreeSet;

use assay_model::Diagnostic;
use serde_json::{Map, Value};

use super::Mistakes;
use super::fields::Fields;
use crate::expr::Type;
use crate::load::suggest;
use crate::load::tree::{Node, Yaml};

pub(crate) const KEYS: [&str; 4] = ["type", "default", "policy", "description"];
pub(crate) const TYPES: [&str; 5] = ["int", "float", "text", "bool", "list"];

/// What `--set` gave, and which of it some plan took.
#[derive(Default)]
pub(crate) struct Overrides {
    pub(crate) given: Vec<(String, String)>,
    known: RefCell<BTreeSet<String>>,
}

impl Overrides {
    pub(crate) fn new(given: &[(String, String)]) -> Self {
        Self { given: given.to_vec(), known: RefCell::default() }
    }

    /// Names that no plan has.
    pub(crate) fn report_unknown(&self, mistakes: &Mistakes) {
        let known = self.known.borrow();
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        for (name, value) in self.given.iter().filter(|(name, _)| !known.contains(name)) {
            let text = format!("no plan has a parameter `{name}` for `--set {name}={value}`");
            let help = suggest::of(name, &names, "they have");
            mistakes.add(Diagnostic::error("set::unknown", text, None).help(help));
        }
    }
}

/// The parameters of one plan.
#[derive(Default)]
pub(crate) struct Params {
    pub(crate) values: Map<String, Value>,
    pub(crate) policy: Vec<String>,
    types: Vec<(String, Type)>,
}

impl Params {
    /// The type of `params`.
    pub(crate) fn names(&self) -> Type {
        Type::record("`params`", self.types.iter().map(|(name, kind)| (name.as_str(), kind.clone())))
    }

    /// Adds the parameters of a `params:` mapping.
    pub(crate) fn lower(&mut self, node: &Node, overrides: &Overrides, mistakes: &Mistakes) {
        let Some(all) = Fields::open_any("`params`", node, mistakes) else { return };
        for entry in all.entries() {
            overrides.known.borrow_mut().insert(entry.key.clone());
            let Some(one) = Fields::open("a parameter", &entry.value, &KEYS, mistakes) else { continue };
            let Some(kind) = one.require("type").and_then(|n| one.as_word("type", n, &TYPES)) else { continue };
            if one.flag("policy") == Some(true) {
                self.policy.push(entry.key.clone());
            }
            one.text("description");
            self.types.push((entry.key.clone(), type_of(&kind)));
            let default = one.require("default");
            if let Some(node) = default
                && !fits(&kind, &node.value)
            {
                let text = format!("the default of `{}` is {}, and its type is `{kind}`", entry.key, node.kind());
                mistakes.add(Diagnostic::error("plan::type", text, Some(node.span.clone())));
            }
            let given = overrides.given.iter().rev().find(|(name, _)| *name == entry.key);
            let value = given.map_or_else(|| default.map(Node::json), |(name, text)| set(name, text, &kind, mistakes));
            self.values.insert(entry.key.clone(), as_type(&kind, value.unwrap_or_default()));
        }
    }
}

fn type_of(kind: &str) -> Type {
    match kind {
        "int" => Type::Int,
        "float" => Type::Float,
        "text" => Type::Text,
        "bool" => Type::Bool,
        _ => Type::Dyn.listed(),
    }
}

fn fits(kind: &str, value: &Yaml) -> bool {
    matches!(
        (kind, value),
        ("int", Yaml::Int(_))
            | ("float", Yaml::Int(_) | Yaml::Float(_))
            | ("text", Yaml::Text(_))
            | ("bool", Yaml::Bool(_))
            | ("list", Yaml::List(_))
    )
}

/// A whole number given for a fraction becomes one: CEL does not add the two.
fn as_type(kind: &str, value: Value) -> Value {
    match (kind, value.as_i64()) {
        ("float", Some(n)) => Value::from(n as f64),
        _ => value,
    }
}

/// The value of `--set name=text`.
fn set(name: &str, text: &str, kind: &str, mistakes: &Mistakes) -> Option<Value> {
    let value = match kind {
        "int" => text.parse::<i64>().ok().map(Value::from),
        "float" => text.parse::<f64>().ok().filter(|f| f.is_finite()).map(Value::from),
        "bool" => text.parse::<bool>().ok().map(Value::from),
        "text" => Some(Value::from(text)),
        _ => Some(list(text)),
    };
    if value.is_none() {
        let message = format!("`--set {name}={text}`: the parameter is of type `{kind}`, and `{text}` is not");
        mistakes.add(Diagnostic::error("set::type", message, None));
    }
    value
}

/// A JSON list, or texts between commas.
fn list(text: &str) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(list @ Value::Array(_)) => list,
        _ => text.split(',').map(|part| Value::from(part.trim())).collect(),
    }
}
