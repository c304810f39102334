//! A document as tables: what workbooks, comma-separated files and Markdown have in common. What is read back from them is
//! the same document.

use serde_json::{Map, Value};

use crate::cell;
use crate::shape::{Holds, Shape, Table};

/// The table of name, model, editions and whatever has no table of its own.
pub(crate) const PRODUCT: &str = "Product";
/// The table of facts.
pub(crate) const FACTS: &str = "Facts";
/// The table of samples.
pub(crate) const SAMPLES: &str = "Samples";
/// The conformance statement.
pub(crate) const ICS: &str = "ICS";

/// The parts of a dossier.
pub(crate) const PARTS: [&str; 7] =
    ["product", "editions", "samples", "procedures", "external_evidence", "ics", "ixit"];

/// A table to be written: a name, headings, rows of cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    /// What it is about; for people.
    pub(crate) title: String,
    pub(crate) headings: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// The tables of a document, in the order of the standard.
pub(crate) fn of(document: &Value, shape: &Shape) -> Vec<Sheet> {
    let mut sheets = vec![product(document)];
    if let Some(Value::Object(facts)) = document.pointer("/product/facts") {
        sheets.push(self::facts(facts, shape));
    }
    if let Some(Value::Array(samples)) = document.get("samples") {
        sheets.push(rows(SAMPLES, "Samples", &[], samples));
    }
    if let Some(Value::Object(ics)) = document.get("ics") {
        sheets.push(self::ics(ics, shape));
    }
    let ixit = document.get("ixit").and_then(Value::as_object);
    for table in &shape.tables {
        match ixit.and_then(|ixit| ixit.get(&table.name)) {
            Some(Value::Array(found)) => sheets.push(ixit_rows(table, found)),
            Some(Value::Object(record)) => sheets.push(self::record(table, record)),
            _ => {}
        }
    }
    sheets
}

/// Keys and values, joined by dots: `product.name`. What has a table of its own is left out.
fn product(document: &Value) -> Sheet {
    let mut rows = Vec::new();
    let mut row = |key: String, value: &Value| rows.push(vec![key, cell::write(value, &Holds::Text)]);
    for (key, value) in document.as_object().into_iter().flatten() {
        match (key.as_str(), value) {
            ("assay", _) | ("ics", Value::Object(_)) | ("samples", Value::Array(_)) => {}
            ("ixit", Value::Object(tables)) if !tables.is_empty() => {}
            ("product" | "editions" | "procedures", Value::Object(inner)) if !inner.is_empty() => {
                for (inner, value) in
                    inner.iter().filter(|(k, v)| !(key == "product" && *k == "facts" && v.is_object()))
                {
                    row(format!("{key}.{inner}"), value);
                }
            }
            _ => row(key.clone(), value),
        }
    }
    Sheet { name: PRODUCT.into(), title: "Product".into(), headings: vec!["Field".into(), "Value".into()], rows }
}

fn facts(facts: &Map<String, Value>, shape: &Shape) -> Sheet {
    let text = |key: &str| shape.facts.iter().find(|f| f.key == key).map(|f| f.text.clone()).unwrap_or_default();
    let rows = facts.iter().map(|(key, value)| vec![key.clone(), cell::write(value, &Holds::Flag), text(key)]);
    let headings = ["Field", "Value", "Question"].map(str::to_owned).to_vec();
    Sheet { name: FACTS.into(), title: "Facts that decide what applies".into(), headings, rows: rows.collect() }
}

fn ics(ics: &Map<String, Value>, shape: &Shape) -> Sheet {
    let rows = ics.iter().map(|(id, entry)| {
        let part = |key: &str| entry.get(key).map(|v| cell::write(v, &Holds::Text)).unwrap_or_default();
        let status = shape.provision(id).map(|p| p.status.clone()).unwrap_or_default();
        vec![id.clone(), status, part("support"), part("detail")]
    });
    Sheet {
        name: ICS.into(),
        title: "Implementation conformance statement".into(),
        headings: ["Reference", "Status", "Support", "Detail"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

fn ixit_rows(table: &Table, found: &[Value]) -> Sheet {
    let known: Vec<(&str, &str, &Holds)> =
        table.fields.iter().map(|f| (f.key.as_str(), f.name.as_str(), &f.holds)).collect();
    rows(&table.name, &table.title, &known, found)
}

/// Objects as rows: first the known fields of the standard, then every other key that one of them has.
fn rows(name: &str, title: &str, known: &[(&str, &str, &Holds)], found: &[Value]) -> Sheet {
    let has = |key: &str| found.iter().any(|row| row.get(key).is_some());
    let mut columns: Vec<(&str, &str, &Holds)> = known.to_vec();
    columns.retain(|(key, label, _)| has(key) || key != label);
    for key in found.iter().filter_map(Value::as_object).flat_map(Map::keys) {
        if !columns.iter().any(|(known, ..)| known == key) {
            columns.push((key, key, &Holds::Text));
        }
    }
    if columns.is_empty() {
        columns.push(("id", "id", &Holds::Text));
    }
    let row = |row: &Value| {
        columns.iter().map(|(key, _, holds)| row.get(*key).map(|v| cell::write(v, holds)).unwrap_or_default()).collect()
    };
    Sheet {
        name: name.to_owned(),
        title: title.to_owned(),
        headings: columns.iter().map(|(_, label, _)| (*label).to_owned()).collect(),
        rows: found.iter().map(row).collect(),
    }
}

fn record(table: &Table, record: &Map<String, Value>) -> Sheet {
    let rows = record.iter().map(|(key, value)| {
        let field = table.fields.iter().find(|f| f.key == *key);
        let label = field.map_or(key, |f| &f.name);
        vec![label.clone(), cell::write(value, field.map_or(&Holds::Text, |f| &f.holds))]
    });
    Sheet {
        name: table.name.clone(),
        title: table.title.clone(),
        headings: vec!["Field".into(), "Value".into()],
        rows: rows.collect(),
    }
}
