//! Dossiers: what the supplier states of the product.

use std::sync::Arc;

use assay_model::Diagnostic;
use serde_json::{Map, Value};

use super::documents;
use super::fields::{Fields, header};
use super::suite::{Seen, unique};
use super::{Mistakes, external, ixit};
use crate::journal::today;
use crate::load::blank;
use crate::load::tree::{Node, Yaml};
use crate::plan::Product;

pub(crate) const KEYS: [&str; 8] =
    ["assay", "product", "editions", "samples", "ics", "ixit", "procedures", "external_evidence"];
pub(crate) const SAMPLE_KEYS: [&str; 9] =
    ["id", "serial", "mac", "ssid", "model", "batch", "password", "passwords", "custody"];
pub(crate) const PROCEDURES: [&str; 5] = ["first_use", "factory_reset", "logon", "state", "settings"];
/// Where a secret may come from.
pub(crate) const SECRETS: [&str; 3] = ["label", "file", "env"];

/// A dossier from its file.
pub(crate) fn lower(node: &Node, mistakes: &Mistakes) -> Option<Product> {
    let fields = Fields::open("a dossier", node, &KEYS, mistakes)?;
    header(&fields, "product/1");
    let mut product = fields.require("product").map(|n| texts("`product`", n, mistakes)).unwrap_or_default();
    let inner = product.remove("procedures");
    if let Some(identity) = fields.get("product").and_then(|n| Fields::open_any("`product`", n, mistakes)) {
        identity.require_text("name");
        documents::look(identity.node(), mistakes);
    }
    let procedures = procedures(&fields, inner, mistakes);
    secrets(node, mistakes);
    blank::check(node, mistakes);
    histories(&mut product);
    Some(Product {
        product,
        editions: fields.get("editions").map(|n| texts("`editions`", n, mistakes)).unwrap_or_default(),
        samples: samples(&fields, mistakes),
        ics: ics(&fields, mistakes),
        ixit: fields.get("ixit").map_or_else(empty_ixit, |n| ixit::lower(n, mistakes)),
        procedures,
        external: external::lower(&fields, &today(), mistakes),
        file: Arc::clone(&node.span.file),
    })
}

/// An empty history says that nothing is known; an empty list of extensions, that none was decided.
fn histories(product: &mut Map<String, Value>) {
    if let Some(documents) = product.get_mut("documents").and_then(Value::as_object_mut) {
        for key in ["support_history", "support_extensions"] {
            documents.entry(key).or_insert_with(|| Value::Array(Vec::new()));
        }
    }
}

fn empty_ixit() -> Map<String, Value> {
    [("endpoints".to_owned(), Value::Array(Vec::new()))].into_iter().collect()
}

/// A mapping whose plain values are texts; lists and mappings are taken as they are.
fn texts(what: &'static str, node: &Node, mistakes: &Mistakes) -> Map<String, Value> {
    let Some(fields) = Fields::open_any(what, node, mistakes) else { return Map::new() };
    for entry in fields.entries() {
        if matches!(entry.value.value, Yaml::Int(_) | Yaml::Float(_)) {
            // A version such as 1.10 would lose its last digit.
            fields.as_text(&entry.key, &entry.value);
        }
    }
    node.json().as_object().cloned().unwrap_or_default()
}

fn procedures(fields: &Fields<'_>, inner: Option<Value>, mistakes: &Mistakes) -> Value {
    let nested = fields.get("product").and_then(|n| n.get("procedures"));
    let own = fields.get("procedures");
    if let (Some(a), Some(b)) = (own, nested) {
        mistakes.add(
            Diagnostic::error("product::two-procedures", "procedures stand in two places", Some(b.span.clone()))
                .label(a.span.clone(), "and here"),
        );
    }
    if let Some(node) = own.or(nested) {
        Fields::open("`procedures`", node, &PROCEDURES, mistakes);
    }
    own.map(Node::json).or(inner).unwrap_or_else(|| Value::Object(Map::new()))
}

fn samples(fields: &Fields<'_>, mistakes: &Mistakes) -> Vec<Value> {
    let mut ids = Seen::new();
    for item in fields.list("samples") {
        let Some(sample) = Fields::open("a sample", item, &SAMPLE_KEYS, mistakes) else { continue };
        if let (Some(id), Some(node)) = (sample.require_text("id"), sample.get("id")) {
            unique("product::duplicate-sample", "the sample", &id, &node.span, &mut ids, mistakes);
        }
        for key in ["serial", "mac", "ssid", "model", "batch"] {
            sample.text(key);
        }
        let own = sample.get("passwords").map_or(&[][..], Node::entries).iter().map(|e| &e.value);
        for password in sample.get("password").into_iter().chain(own) {
            if !matches!(password.value, Yaml::Map(_)) {
                // The place alone: an excerpt would print the password.
                let text = format!("a password stands in clear at {}", password.span.place());
                let help =
                    "say where it comes from: `{ secret: { label: \"...\" } }`, or `file:` or `env:` for real ones";
                mistakes.add(Diagnostic::error("product::plain-secret", text, None).help(help));
            }
        }
    }
    fields.list("samples").iter().map(Node::json).collect()
}

/// `{ secret: { label | file | env: text } }`, wherever it stands.
fn secrets(node: &Node, mistakes: &Mistakes) {
    match &node.value {
        Yaml::List(items) => items.iter().for_each(|i| secrets(i, mistakes)),
        Yaml::Map(entries) => {
            for entry in entries {
                if entry.key != "secret" {
                    secrets(&entry.value, mistakes);
                    continue;
                }
                let Some(fields) = Fields::open("`secret`", &entry.value, &SECRETS, mistakes) else { continue };
                SECRETS.iter().for_each(|key| {
                    fields.text(key);
                });
                if fields.entries().len() != 1 {
                    let text = "a secret comes from one of `label`, `file` and `env`";
                    mistakes.add(Diagnostic::error("product::secret", text, Some(entry.value.span.clone())));
                }
            }
        }
        _ => {}
    }
}

fn ics(fields: &Fields<'_>, mistakes: &Mistakes) -> Map<String, Value> {
    let mut ics = Map::new();
    let Some(node) = fields.get("ics") else { return ics };
    let Some(provisions) = Fields::open_any("`ics`", node, mistakes) else { return ics };
    for entry in provisions.entries() {
        if !is_provision(&entry.key) {
            let text = format!("`{}` is no provision", entry.key);
            mistakes.add(
                Diagnostic::error("product::provision", text, Some(entry.key_span.clone()))
                    .help("provisions are written as in the standard: `5.1-1`"),
            );
        }
        let Some(one) = Fields::open("an entry of `ics`", &entry.value, &["support", "detail"], mistakes) else {
            continue;
        };
        if one.require("support").is_some() {
            one.word("support", &["Y", "N", "N/A"]);
        }
        one.text("detail");
        ics.insert(entry.key.clone(), entry.value.json());
    }
    ics
}

/// `4-1`, `5.13-1`, `6.1-2`.
fn is_provision(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('-')
        .is_some_and(|(clause, n)| number(n) && clause.split('.').count() <= 3 && clause.split('.').all(number))
}
