//! `over:`: the list of products that a plan is judged on, and how politely their pages are asked for.

use std::time::Duration;

use assay_model::touch::document::Politeness;
use assay_model::{Diagnostic, Span};
use serde_json::{Map, Value};

use super::Mistakes;
use super::expression::lower_template;
use super::fields::{Fields, duration};
use crate::expr::{Names, Type};
use crate::load::tree::Node;
use crate::plan::Over;
use crate::run::template::fill;

pub(crate) const KEYS: [&str; 8] =
    ["products", "at_once", "per_host", "pause", "page_timeout", "robots", "allow_private", "contact"];

/// More than a desk machine and its network serve well.
const MOST_AT_ONCE: u64 = 512;
const MOST_PER_HOST: u64 = 64;

/// The settings as written. Only `params` can be named in them.
pub(crate) fn lower(node: &Node, params: Type, mistakes: &Mistakes) -> Option<Over> {
    let fields = Fields::open("`over`", node, &KEYS, mistakes)?;
    fields.require("products");
    let mut names = Names::new();
    names.set("params", params);
    let settings =
        node.entries().iter().filter(|e| KEYS.contains(&e.key.as_str())).map(|entry| {
            (entry.key.clone(), lower_template(&entry.value, &names, mistakes).0, entry.value.span.clone())
        });
    Some(Over { settings: settings.collect(), span: fields.first() })
}

/// The settings, filled in.
pub(crate) struct Filled {
    /// The list's path as given, and where.
    pub(crate) products: Option<(String, Span)>,
    pub(crate) at_once: usize,
    pub(crate) politeness: Politeness,
}

/// Fills the settings in with the parameters; every mistake is reported where its value stands.
pub(crate) fn filled(over: &Over, params: &Map<String, Value>, mistakes: &Mistakes) -> Filled {
    let mut scope = Map::new();
    scope.insert("params".into(), Value::Object(params.clone()));
    let values: Vec<(&str, Value, &Span)> = over
        .settings
        .iter()
        .filter_map(|(key, template, span)| match fill(template, &scope) {
            Ok(value) => Some((key.as_str(), value, span)),
            Err(error) => {
                mistakes.add(Diagnostic::error("over::value", format!("`{key}`: {error}"), Some(span.clone())));
                None
            }
        })
        .collect();
    let of = |key: &str| values.iter().find(|(name, ..)| *name == key).map(|(_, value, span)| (value, *span));
    let wrong = |key: &str, value: &Value, expected: &str, span: &Span| {
        let text = format!("`{key}` is {value}, and {expected} is expected");
        mistakes.add(Diagnostic::error("over::value", text, Some(span.clone())));
    };
    let number = |key: &str, default: u64, most: u64| match of(key) {
        None => default,
        Some((value, span)) => value.as_u64().filter(|n| (1..=most).contains(n)).unwrap_or_else(|| {
            wrong(key, value, &format!("a whole number from 1 to {most}"), span);
            default
        }),
    };
    let time = |key: &str, default: Duration, zero: bool| match of(key) {
        None => default,
        Some((value, span)) => {
            let text = value.as_str().unwrap_or_default().trim();
            let nothing = zero && matches!(text, "0" | "0 s" | "0 ms");
            let found = if nothing { Some(Duration::ZERO) } else { duration(text) };
            found.unwrap_or_else(|| {
                wrong(key, value, "a duration such as `500 ms` or `2 s`", span);
                default
            })
        }
    };
    let flag = |key: &str, default: bool| match of(key) {
        None => default,
        Some((value, span)) => value.as_bool().unwrap_or_else(|| {
            wrong(key, value, "true or false", span);
            default
        }),
    };
    let text = |key: &str| match of(key) {
        None => None,
        Some((Value::String(text), span)) => Some((text.trim().to_owned(), span.clone())),
        Some((value, span)) => {
            wrong(key, value, "text", span);
            None
        }
    };
    let contact = text("contact").map(|(text, span)| {
        if text.chars().any(|c| c.is_control() || !c.is_ascii() || "()\\\"".contains(c)) {
            wrong("contact", &Value::String(text), "a plain address such as `lab@example.org`", &span);
            return String::new();
        }
        text
    });
    Filled {
        products: text("products").filter(|(path, _)| !path.is_empty()),
        at_once: usize::try_from(number("at_once", 32, MOST_AT_ONCE)).unwrap_or(1),
        politeness: Politeness {
            per_host: u32::try_from(number("per_host", 1, MOST_PER_HOST)).unwrap_or(1),
            pause: time("pause", Duration::from_secs(1), true),
            page_timeout: time("page_timeout", Duration::from_secs(20), false),
            robots: flag("robots", true),
            private: flag("allow_private", false),
            contact: contact.unwrap_or_default(),
        },
    }
}
