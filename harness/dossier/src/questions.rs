//! What a dossier asks of its author, one question at a time: the next one is found from what has been answered, so that
//! whoever stops can go on.

use serde_json::{Map, Value, json};

use crate::cell::{self, Illegible};
use crate::ident;
use crate::shape::{Holds, Shape, Table};
use crate::yaml::IDENTITY;

/// Most rows that are asked for at once.
const MAX_ROWS: usize = 60;

/// What an answer must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// What a field of a dossier holds.
    Holds(Holds),
    /// Y, N or N/A.
    Support,
    /// How many rows a table has; `ids` are made of its short name.
    Rows(String),
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Where the answer goes: keys and row ids.
    pub path: Vec<String>,
    /// The question.
    pub ask: String,
    /// How to answer.
    pub hint: &'static str,
    /// What an answer must be.
    pub kind: Kind,
}

/// The first question that `document` does not answer. What is `null` was left blank and is not asked.
#[must_use]
pub fn next(document: &Value, shape: &Shape) -> Option<Question> {
    identity(document).or_else(|| facts(document, shape)).or_else(|| claims(document, shape)).or_else(|| {
        let needed: Vec<&Table> = shape.tables.iter().filter(|t| is_needed(t, document)).collect();
        let rows = needed.iter().find_map(|table| how_many(document, table));
        rows.or_else(|| needed.iter().find_map(|table| fields(document, table)))
    })
}

fn question(path: &[&str], ask: impl Into<String>, kind: Kind) -> Question {
    let hint = match &kind {
        Kind::Holds(Holds::Flag) => "y or n",
        Kind::Holds(Holds::References) => "ids separated by commas, or why there are none",
        Kind::Holds(_) => "text",
        Kind::Support => "Y, N or N/A",
        Kind::Rows(_) => "a number",
    };
    Question { path: path.iter().map(|p| (*p).to_owned()).collect(), ask: ask.into(), hint, kind }
}

/// Whether something, if only a blank, stands at a path of keys.
fn is_said(document: &Value, path: &[&str]) -> bool {
    path.iter().try_fold(document, |here, key| here.get(*key)).is_some()
}

fn identity(document: &Value) -> Option<Question> {
    let (key, meaning) = IDENTITY.iter().find(|(key, _)| !is_said(document, &["product", key]))?;
    Some(question(&["product", key], format!("{key} of the product ({meaning})"), Kind::Holds(Holds::Text)))
}

fn facts(document: &Value, shape: &Shape) -> Option<Question> {
    let fact = shape.facts.iter().find(|f| !is_said(document, &["product", "facts", &f.key]))?;
    Some(question(&["product", "facts", &fact.key], format!("{}: {}", fact.key, fact.text), Kind::Holds(Holds::Flag)))
}

fn claims(document: &Value, shape: &Shape) -> Option<Question> {
    shape.provisions.iter().find_map(|p| {
        let said = |key: &str| document.pointer("/ics")?.get(&p.id)?.get(key);
        match said("support") {
            None => Some(question(
                &["ics", &p.id, "support"],
                format!("Provision {} ({}): {}. Supported?", p.id, p.status, p.title),
                Kind::Support,
            )),
            Some(Value::String(support)) if support != "Y" && said("detail").is_none() => Some(question(
                &["ics", &p.id, "detail"],
                format!("Provision {} is {support}: why?", p.id),
                Kind::Holds(Holds::Text),
            )),
            Some(_) => None,
        }
    })
}

/// Whether a provision that a table serves is claimed.
fn is_needed(table: &Table, document: &Value) -> bool {
    let claimed =
        |id: &String| document.pointer("/ics").and_then(|ics| ics.get(id)?.get("support")) == Some(&json!("Y"));
    table.serves.iter().any(claimed)
}

fn how_many(document: &Value, table: &Table) -> Option<Question> {
    if table.record || is_said(document, &["ixit", &table.name]) {
        return None;
    }
    let ask = format!("{} ({}): how many rows, one for each {}?", table.name, table.title, table.rows_are);
    Some(question(&["ixit", &table.name], ask, Kind::Rows(table.short().to_owned())))
}

fn fields(document: &Value, table: &Table) -> Option<Question> {
    let said = document.pointer("/ixit").and_then(|ixit| ixit.get(&table.name));
    let empty = Value::Object(Map::new());
    let rows: Vec<&Value> = match said {
        Some(Value::Array(rows)) => rows.iter().collect(),
        Some(record @ Value::Object(_)) if table.record => vec![record],
        None if table.record => vec![&empty],
        _ => Vec::new(),
    };
    rows.into_iter().find_map(|row| {
        let field = table.fields.iter().find(|f| !f.ours && f.key != "id" && row.get(&f.key).is_none())?;
        let id = row.get("id").and_then(Value::as_str);
        let of = id.map_or_else(|| table.name.clone(), |id| format!("{}, {id}", table.name));
        let ask = format!("{of}: {} ({})", field.name, field.meaning);
        let path: Vec<&str> = ["ixit", table.name.as_str()].into_iter().chain(id).chain([field.key.as_str()]).collect();
        Some(question(&path, ask, Kind::Holds(field.holds.clone())))
    })
}

/// The value of an answer.
///
/// # Errors
/// What it must be.
pub fn answer(text: &str, kind: &Kind) -> Result<Value, String> {
    match kind {
        Kind::Support => ident::support(text).map(Value::from).ok_or_else(|| "say Y, N or N/A".to_owned()),
        Kind::Rows(short) => match text.trim().parse::<usize>() {
            Ok(n) if n <= MAX_ROWS => Ok((1..=n).map(|at| json!({"id": format!("{short}-{at}")})).collect()),
            _ => Err(format!("say a number from 0 to {MAX_ROWS}")),
        },
        Kind::Holds(holds) => match cell::read(text, holds) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err("say something, or `-` to leave it blank for now".to_owned()),
            Err(Illegible::Flag) => Err("say y or n".to_owned()),
            Err(Illegible::Json(e)) => Err(format!("no JSON follows `json:`: {e}")),
        },
    }
}

/// Puts a value where its question says; `None` takes it out again.
pub fn put(document: &mut Value, path: &[String], value: Option<Value>) {
    let Some((last, around)) = path.split_last() else { return };
    let mut here = document;
    for key in around {
        here = match here {
            Value::Array(rows) => match rows.iter_mut().find(|r| r.get("id").and_then(Value::as_str) == Some(key)) {
                Some(row) => row,
                None => return,
            },
            Value::Object(map) => map.entry(key.as_str()).or_insert_with(|| json!({})),
            _ => return,
        };
    }
    if let Value::Object(map) = here {
        match value {
            Some(value) => drop(map.insert(last.clone(), value)),
            None => drop(map.shift_remove(last)),
        }
    }
}

/// The document without what was left blank, so that it is asked again.
#[must_use]
pub fn without_blanks(document: &Value) -> Value {
    match document {
        Value::Object(map) => {
            let filled = map.iter().filter(|(_, v)| !v.is_null());
            Value::Object(filled.map(|(k, v)| (k.clone(), without_blanks(v))).collect())
        }
        Value::Array(items) => items.iter().map(without_blanks).collect(),
        other => other.clone(),
    }
}
