//! Declared against found: evaluated once the units are done, one journal line per kind and sample.

use assay_model::journal::{Ref, kind};
use serde_json::{Map, Value, json};

use super::scope::Scopes;
use crate::expr::{Expr, Scope};
use crate::journal::Entry;
use crate::plan::{InventoryRule, Plan};

/// Entries of either side at most; a DUT decides how many services it shows.
const MOST: usize = 10_000;

/// The lines of one plan.
pub(super) fn compare(plan: &Plan, scopes: &Scopes) -> Vec<Entry> {
    let samples = scopes.sample_ids();
    let samples: Vec<Option<String>> =
        if samples.is_empty() { vec![None] } else { samples.into_iter().map(Some).collect() };
    let mut entries = Vec::new();
    for rule in &plan.inventory {
        for sample in &samples {
            let scope = scopes.of(&plan.name, &plan.params, sample.as_deref(), false);
            let about = Ref { sample: sample.clone(), ..Ref::default() };
            entries.push(Entry::tool(kind::INVENTORY_COMPARED, about, line(plan, rule, &scope)));
        }
    }
    entries
}

fn line(plan: &Plan, rule: &InventoryRule, scope: &Scope) -> Value {
    // A dossier without the table declares nothing of the kind.
    let declared = rows(&rule.declared, scope).unwrap_or_default();
    let mut data = Map::new();
    data.insert("plan".into(), json!(plan.name));
    data.insert("kind".into(), json!(rule.kind));
    data.insert("declared".into(), Value::Array(declared));
    let found = match &rule.found {
        None => Err("no check of this plan looks for it by itself".to_owned()),
        Some(expr) => rows(expr, scope),
    };
    match found {
        Ok(found) => data.insert("found".into(), Value::Array(found)),
        Err(why) => data.insert("why".into(), json!(why)),
    };
    Value::Object(data)
}

fn rows(expr: &Expr, scope: &Scope) -> Result<Vec<Value>, String> {
    if let Some(name) = expr.names().into_iter().find(|name| !scope.contains_key(name)) {
        return Err(format!("`{name}` was not observed on this sample"));
    }
    match expr.eval(scope) {
        Ok(Value::Array(mut rows)) => {
            rows.truncate(MOST);
            Ok(rows)
        }
        Ok(other) => Err(format!("`{}` gives {other}, and a list is expected", expr.source)),
        Err(error) => Err(error.to_string()),
    }
}
