//! JSON, in the shape that tools of laboratories read: `ics` as a list, `ixit_tables` by name.

use serde_json::{Map, Value, json};

use crate::shape::Shape;

/// One JSON text, ended by a line break.
#[must_use]
pub fn json(document: &Value, shape: &Shape) -> String {
    let mut out = Map::new();
    for (key, value) in document.as_object().into_iter().flatten() {
        match (key.as_str(), value) {
            ("ics", Value::Object(ics)) => {
                let entries = ics.iter().map(|(id, entry)| {
                    let status = shape.provision(id).map(|p| p.status.clone()).unwrap_or_default();
                    let mut row = json!({"reference": id, "status": status});
                    if let (Some(row), Some(entry)) = (row.as_object_mut(), entry.as_object()) {
                        row.extend(entry.clone());
                    }
                    row
                });
                out.insert("ics".into(), entries.collect());
            }
            ("ixit", Value::Object(tables)) => {
                let tables = tables.iter().map(|(name, table)| {
                    let rows = if table.is_array() { json!({"rows": table}) } else { table.clone() };
                    (name.clone(), rows)
                });
                out.insert("ixit_tables".into(), Value::Object(tables.collect()));
            }
            _ => drop(out.insert(key.clone(), value.clone())),
        }
    }
    let text = serde_json::to_string_pretty(&Value::Object(out)).unwrap_or_default();
    text + "\n"
}
