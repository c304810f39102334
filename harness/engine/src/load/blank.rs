//! Blanks of a dossier: keys whose value is still to be filled in. Each is named once, at its place, and what will stand
//! there is no contradiction yet.

use assay_model::Diagnostic;
use serde_json::{Map, Value};

use super::lower::Mistakes;
use super::tree::{Node, Yaml};

/// The parts of a dossier in which a key without a value is a blank.
const PARTS: [&str; 4] = ["product", "editions", "ics", "ixit"];
/// Keys that must be there, so that their absence is said where they are read.
const REQUIRED: [(&str, &str); 3] = [("product", "name"), ("ics", "support"), ("ixit", "id")];

/// Adds each blank.
pub(crate) fn check(node: &Node, mistakes: &Mistakes) {
    for part in PARTS {
        if let Some(inner) = node.get(part) {
            look(part, "", inner, mistakes);
        }
    }
}

fn look(part: &str, around: &str, node: &Node, mistakes: &Mistakes) {
    match &node.value {
        Yaml::List(items) => items.iter().for_each(|item| {
            let id = item.get("id").and_then(Node::text).unwrap_or(around);
            look(part, id, item, mistakes);
        }),
        Yaml::Map(entries) => {
            for entry in entries.iter().filter(|e| part != "product" || e.key != "procedures") {
                let asked =
                    !REQUIRED.contains(&(part, entry.key.as_str())) && (entry.key != "detail" || reason_needed(node));
                if entry.value.value == Yaml::Null && asked {
                    let of = if around.is_empty() { String::new() } else { format!(" of {around}") };
                    let text = format!("`{}`{of} is blank", entry.key);
                    mistakes
                        .add(Diagnostic::error("product::blank", text, Some(entry.key_span.clone())).help(help(part)));
                } else if entry.value.value != Yaml::Null {
                    let own =
                        if around.is_empty() && part == "ixit" || part == "ics" { entry.key.as_str() } else { around };
                    look(part, own, &entry.value, mistakes);
                }
            }
        }
        _ => {}
    }
}

/// A provision that is met needs no reason.
fn reason_needed(entry: &Node) -> bool {
    entry.get("support").and_then(Node::text).is_some_and(|support| support != "Y")
}

fn help(part: &str) -> &'static str {
    match part {
        "product" => "fill it in; facts are `true` or `false`, and nothing is guessed",
        "ixit" => "fill it in; where there is nothing, say so and why; a table without rows is `[]`",
        "ics" => "give the reason, in a sentence",
        _ => "fill it in",
    }
}

/// Whether `node` is blank, or holds a blank.
pub(crate) fn within(node: &Node) -> bool {
    match &node.value {
        Yaml::Null => true,
        Yaml::List(items) => items.iter().any(within),
        Yaml::Map(entries) => entries.iter().any(|e| within(&e.value)),
        _ => false,
    }
}

/// The same without its blanks.
pub(crate) fn without(map: &Map<String, Value>) -> Map<String, Value> {
    let filled = map.iter().filter(|(_, value)| !value.is_null());
    filled.map(|(key, value)| (key.clone(), filled_in(value))).collect()
}

fn filled_in(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(without(map)),
        Value::Array(items) => items.iter().map(filled_in).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use assay_model::SourceFile;

    use super::*;
    use crate::load::tree;

    fn found(text: &str) -> Vec<String> {
        let file = Arc::new(SourceFile { path: PathBuf::from("p.yaml"), text: text.to_owned() });
        let (node, mistakes) = (tree::parse(&file).expect("YAML"), Mistakes::default());
        check(&node, &mistakes);
        mistakes.take().into_iter().map(|d| d.message).collect()
    }

    #[test]
    fn each_blank_is_named_once_with_what_it_is_of() {
        let text = "product: { name: , type: , facts: { updatable: , flies: true }, procedures: { state: } }\n\
                    ics: { '5.1-1': { support: , detail: }, '5.1-2': { support: N, detail: } }\n\
                    ixit: { 1-AuthMech: [{ id: AuthMech-1, factor: }], 2-UserInfo: { model_designation: }, 9-ReplSup: }\n";
        assert_eq!(
            found(text),
            [
                "`type` is blank",
                "`updatable` is blank",
                "`detail` of 5.1-2 is blank",
                "`factor` of AuthMech-1 is blank",
                "`model_designation` of 2-UserInfo is blank",
                "`9-ReplSup` is blank",
            ]
        );
    }

    #[test]
    fn what_is_filled_in_is_not_blank() {
        let text = "product: { name: C1, facts: { updatable: false } }\nics: { '5.1-1': { support: Y, detail: } }\n\
                    ixit: { 9-ReplSup: {}, 20-SecBoot: [] }\nsamples: [{ id: s1, batch: }]\n";
        assert_eq!(found(text), Vec::<String>::new());
    }
}
