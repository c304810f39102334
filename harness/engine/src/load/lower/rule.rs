//! Rules of consistency over dossiers, out of a catalogue's `rules:`.

use std::collections::BTreeMap;

use assay_model::Diagnostic;
use serde_json::Value;

use super::expression::{lower, lower_condition, lower_template};
use super::fields::Fields;
use super::suite::{Seen, unique};
use super::{Mistakes, scope};
use crate::expr::{Names, Type};
use crate::load::tree::{Node, Yaml};
use crate::plan::{Catalogue, DossierRule};

const KEYS: [&str; 8] = ["id", "when", "for_each", "that", "why", "help", "at", "level"];

/// What rules may name: the dossier, and what their file takes from catalogues.
fn names(taken: &[String]) -> Names {
    let mut names = Names::new();
    let plans = scope::names(Type::Dyn);
    for name in ["product", "ics", "ixit"] {
        names.set(name, plans.get(name).cloned().unwrap_or(Type::Dyn));
    }
    names.set("editions", Type::Dyn);
    taken.iter().for_each(|name| names.set(name, Type::Dyn));
    names
}

/// `rules:` of a file, and `names:`, data that they take from catalogues: `provisions: some-catalogue/provisions`.
pub(super) fn lower_rules(
    fields: &Fields<'_>,
    texts: &BTreeMap<String, Value>,
    into: &mut Catalogue,
    mistakes: &Mistakes,
) {
    let taken = fields.get("names").map_or(&[][..], Node::entries);
    for entry in taken {
        let Some(path) = fields.as_text("names", &entry.value) else { continue };
        let mut parts = path.split('/');
        let start = parts.next().and_then(|id| texts.get(id));
        match start.and_then(|text| parts.try_fold(text, |value, key| value.get(key))) {
            Some(value) => drop(into.rule_data.insert(entry.key.clone(), value.clone())),
            // Linted by itself: the program's own catalogues have it.
            None if into.rule_data.contains_key(&entry.key) => {}
            None => {
                let text = format!("no catalogue before this one has `{path}`");
                let mistake = Diagnostic::error("catalogue::unknown-data", text, Some(entry.value.span.clone()));
                mistakes.add(mistake.help("write the catalogue's id and the keys below it, separated by `/`"));
            }
        }
    }
    let names = names(&taken.iter().map(|entry| entry.key.clone()).collect::<Vec<_>>());
    let mut seen = Seen::new();
    into.rules.extend(fields.list("rules").iter().filter_map(|node| lower_rule(node, &names, &mut seen, mistakes)));
}

/// One rule.
fn lower_rule(node: &Node, names: &Names, seen: &mut Seen, mistakes: &Mistakes) -> Option<DossierRule> {
    let fields = Fields::open("a rule", node, &KEYS, mistakes)?;
    let id = fields.require_text("id");
    if let (Some(id), Some(node)) = (&id, fields.get("id")) {
        unique("catalogue::duplicate-rule", "the rule", id, &node.span, seen, mistakes);
    }
    let mut names = names.clone();
    let when = fields.get("when").and_then(|n| lower_condition(n, &names, mistakes));
    let for_each = match fields.get("for_each") {
        Some(node) => {
            let text = fields.as_text("for_each", node)?;
            let Some((variable, rows)) = text.split_once(" in ") else {
                let help = "write `for_each: r in ixit.auth_mech`";
                let mistake = Diagnostic::error("plan::for-each", "this is no loop", Some(node.span.clone()));
                mistakes.add(mistake.help(help));
                return None;
            };
            let at = text.len() - rows.len();
            let inner = Node { value: Yaml::Text(rows.to_owned()), span: node.place_of(&text).span(at..text.len()) };
            let (over, kind) = lower(&inner, &names, mistakes)?;
            // Rows of several tables come as a list of lists.
            let mut element = if let Type::List(element) = kind { *element } else { Type::Dyn };
            while let Type::List(inner) = element {
                element = *inner;
            }
            let variable = variable.trim().to_owned();
            names.set(&variable, element);
            Some((variable, over))
        }
        None => None,
    };
    let that = fields.require("that").and_then(|n| lower_condition(n, &names, mistakes));
    let text = |key: &str| fields.get(key).map(|n| lower_template(n, &names, mistakes).0);
    let (why, help, at) = (text("why"), text("help"), text("at"));
    fields.require("why");
    fields.require("at");
    let warning = fields.word("level", &["error", "warning"]).is_some_and(|level| level == "warning");
    Some(DossierRule { id: id?, when, for_each, that: that?, why: why?, help, at: at?, warning })
}
