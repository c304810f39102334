//! The schema of a statement of compliance, from what the catalogue of the law says of its fields.

use serde_json::{Value, json};

use super::{header, list, mapping, text, word};
use crate::load::keys::{PERIOD, STANDARD, STATEMENT_EXTRA, STATEMENT_PARTY, StatementKind, StatementRules};
use crate::plan::Registry;

/// `None` where no catalogue has the fields.
pub(super) fn statement(registry: &Registry) -> Option<Value> {
    let rules = StatementRules::of(&registry.catalogue)?;
    let names: Vec<&str> = rules.fields.iter().map(|f| f.name.as_str()).collect();
    let keys: Vec<&str> = ["assay"].into_iter().chain(names).chain(STATEMENT_EXTRA).collect();
    let needed = rules.fields.iter().filter(|f| f.required).map(|f| f.name.as_str());
    let required: Vec<&str> = ["assay"].into_iter().chain(needed).collect();
    Some(mapping(&keys, &required, |key| {
        let field = rules.fields.iter().find(|f| f.name == key);
        match (key, field) {
            ("assay", _) => header("statement"),
            (_, Some(field)) => described(field.kind, &field.words, &format!("Held against: {}.", field.check)),
            ("document", _) => text("Number and version of the document."),
            ("language", _) => text("The language that it is in."),
            ("label", _) => text("The recognised label that compliance is deemed by."),
            ("supersedes", _) => text("The statement that this one replaces."),
            _ => json!({}),
        }
    }))
}

fn described(kind: StatementKind, words: &[String], what: &str) -> Value {
    let filled = |key: &str| json!({ "type": "string", "minLength": 1, "description": key });
    match kind {
        StatementKind::Text => json!({ "type": "string", "minLength": 1, "description": what }),
        StatementKind::Word => word(&words.iter().map(String::as_str).collect::<Vec<_>>(), what),
        StatementKind::Day => day(what),
        StatementKind::Period => {
            let mut period = mapping(&PERIOD, &["end"], |key| day(&format!("The day of its {key}.")));
            period["description"] = json!(what);
            period
        }
        StatementKind::Parties => list(mapping(&STATEMENT_PARTY, &STATEMENT_PARTY, filled), what),
        StatementKind::Standards => {
            let one =
                mapping(&STANDARD, &STANDARD, |key| if key == "date" { day("Of that version.") } else { filled(key) });
            list(one, what)
        }
    }
}

fn day(what: &str) -> Value {
    json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": what })
}
