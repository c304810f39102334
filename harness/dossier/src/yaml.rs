//! A document as people edit it: YAML with the question above each answer, and blanks where an answer is missing.
//!
//! Each line knows the path of what stands on it, so that a mistake found in this text can be told where its value came
//! from.

mod scalar;

use serde_json::{Map, Value};

use crate::shape::{Shape, Table};
use crate::tables::PARTS;

/// Keys of the identification, with what they hold.
pub(crate) const IDENTITY: [(&str, &str); 5] = [
    ("name", "as it is sold"),
    ("type", "what kind of product it is: camera, lock, hub, ..."),
    ("manufacturer", "who is answerable for it"),
    ("model", "as on the label"),
    ("firmware", "the version that this dossier is about"),
];

/// A text, and what its lines are.
#[derive(Debug, Clone)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Line, from 1, and the path that begins there.
    lines: Vec<(usize, String)>,
}

impl Written {
    /// The path of what stands on a line, from 1: keys and row ids separated by `/`.
    #[must_use]
    pub fn path_of_line(&self, line: usize) -> Option<&str> {
        self.lines.iter().rev().find(|(at, _)| *at <= line).map(|(_, path)| path.as_str())
    }
}

/// Writes `document` in the order of the standard. With `blanks`, what it does not say stands in it as a key without a
/// value, its question beside it.
#[must_use]
pub fn text(document: &Value, shape: &Shape, blanks: bool) -> Written {
    let mut out = Writer { text: String::new(), line: 1, lines: Vec::new() };
    out.comment(0, &format!("A dossier by EN 303 645 V{} and TS 103 701 V{}.", shape.edition, shape.tests_edition));
    if blanks {
        out.comment(
            0,
            "A key without a value is a blank: `assay lint` names each until it is filled in. Nothing is guessed.",
        );
    }
    out.entry(0, "assay", "assay", &Value::from("product/1"));
    let empty = Map::new();
    let part = |key: &str| document.get(key).and_then(Value::as_object);
    product(&mut out, part("product").unwrap_or(&empty), shape, blanks);
    match (document.get("editions"), blanks) {
        (None, true) => {
            out.key(0, "editions", "editions");
            out.entry(1, "en303645", "editions/en303645", &shape.edition.as_str().into());
            out.entry(1, "ts103701", "editions/ts103701", &shape.tests_edition.as_str().into());
        }
        (Some(editions), _) => out.entry(0, "editions", "editions", editions),
        _ => {}
    }
    if blanks {
        out.comment(
            0,
            "Label data, a line for each unit: { id: s1, serial: ..., mac: ..., password: { secret: { file: ... } } }",
        );
    }
    if let Some(samples) = document.get("samples").cloned().or(blanks.then(|| Value::Array(Vec::new()))) {
        out.entry(0, "samples", "samples", &samples);
    }
    for key in ["procedures", "external_evidence"] {
        if let Some(value) = document.get(key) {
            out.entry(0, key, key, value);
        }
    }
    if document.get("ics").is_some() || blanks {
        ics(&mut out, part("ics").unwrap_or(&empty), shape, blanks);
    }
    if document.get("ixit").is_some() || blanks {
        let asked = |table: &Table| blanks && table.serves.iter().any(|id| may_be_claimed(document, id));
        ixit(&mut out, part("ixit").unwrap_or(&empty), shape, blanks, &asked);
    }
    let known = |key: &str| key == "assay" || PARTS.contains(&key);
    for (key, value) in document.as_object().into_iter().flatten().filter(|(k, _)| !known(k)) {
        out.entry(0, key, key, value);
    }
    Written { text: out.text, lines: out.lines }
}

fn product(out: &mut Writer, product: &Map<String, Value>, shape: &Shape, blanks: bool) {
    out.key(0, "product", "product");
    for (key, meaning) in IDENTITY {
        match product.get(key) {
            Some(value) if !(blanks && value.is_null()) => out.entry(1, key, &format!("product/{key}"), value),
            _ if blanks => out.blank(1, key, &format!("product/{key}"), meaning),
            _ => {}
        }
    }
    let facts = product.get("facts").and_then(Value::as_object);
    if facts.is_some() || blanks {
        out.comment(1, "Facts that decide which provisions and which law apply: true or false.");
        out.key(1, "facts", "product/facts");
        let said = |key: &str| facts.and_then(|f| f.get(key)).filter(|v| !(blanks && v.is_null()));
        for fact in &shape.facts {
            let path = format!("product/facts/{}", fact.key);
            match said(&fact.key) {
                Some(value) => {
                    out.comment(2, &fact.text);
                    out.entry(2, &fact.key, &path, value);
                }
                None if blanks => out.blank(2, &fact.key, &path, &fact.text),
                None => {}
            }
        }
        let own = facts.into_iter().flatten().filter(|(k, _)| !shape.facts.iter().any(|f| f.key == **k));
        own.for_each(|(key, value)| out.entry(2, key, &format!("product/facts/{key}"), value));
        if facts.is_some_and(Map::is_empty) && !blanks {
            out.empty("{}");
        }
    }
    let known = |key: &str| key == "facts" && facts.is_some() || IDENTITY.iter().any(|(k, _)| *k == key);
    for (key, value) in product.iter().filter(|(key, _)| !known(key)) {
        out.entry(1, key, &format!("product/{key}"), value);
    }
    if product.is_empty() && !blanks {
        out.empty("{}");
    }
}

fn ics(out: &mut Writer, ics: &Map<String, Value>, shape: &Shape, blanks: bool) {
    out.rule("implementation conformance statement");
    out.key(0, "ics", "ics");
    if ics.is_empty() && !blanks {
        return out.empty("{}");
    }
    for provision in &shape.provisions {
        let path = format!("ics/{}", provision.id);
        let said = ics.get(&provision.id);
        if said.is_none() && !blanks {
            continue;
        }
        out.comment(1, &format!("{} ({})", provision.title, provision.status));
        let empty = Map::new();
        match said {
            Some(Value::Object(_)) | None => {
                let entry = said.and_then(Value::as_object).unwrap_or(&empty);
                out.key(1, &provision.id, &path);
                if entry.is_empty() && !blanks {
                    out.empty("{}");
                }
                let filled = |key: &str| entry.get(key).filter(|v| !(blanks && v.is_null()));
                match filled("support") {
                    Some(support) => out.entry(2, "support", &format!("{path}/support"), support),
                    None if blanks => out.blank(2, "support", &format!("{path}/support"), "Y, N or N/A"),
                    None => {}
                }
                match filled("detail") {
                    Some(detail) => out.entry(2, "detail", &format!("{path}/detail"), detail),
                    None if blanks => out.blank(2, "detail", &format!("{path}/detail"), "with N and N/A the reason"),
                    None => {}
                }
                let others = entry.iter().filter(|(k, _)| !["support", "detail"].contains(&k.as_str()));
                others.for_each(|(key, value)| out.entry(2, key, &format!("{path}/{key}"), value));
            }
            Some(other) => out.entry(1, &provision.id, &path, other),
        }
    }
    for (id, entry) in ics.iter().filter(|(id, _)| shape.provision(id).is_none()) {
        out.entry(1, id, &format!("ics/{id}"), entry);
    }
}

/// Whether a provision is claimed, or nothing is said of it yet.
fn may_be_claimed(document: &Value, provision: &str) -> bool {
    let said = document.get("ics").and_then(|ics| ics.get(provision)?.get("support")?.as_str());
    said.is_none_or(|support| support == "Y")
}

fn ixit(out: &mut Writer, ixit: &Map<String, Value>, shape: &Shape, blanks: bool, asked: &dyn Fn(&Table) -> bool) {
    out.rule("implementation extra information for testing");
    out.key(0, "ixit", "ixit");
    if ixit.is_empty() && !blanks {
        return out.empty("{}");
    }
    for table in &shape.tables {
        let said = ixit.get(&table.name).filter(|v| !(blanks && v.is_null()));
        if said.is_none() && !asked(table) {
            continue;
        }
        let of = if table.record { String::new() } else { format!(": a row for each {}", table.rows_are) };
        let none = if table.record || !blanks { "" } else { "; where there is none, write `[]`" };
        out.comment(1, &format!("{}{of}{none}", table.title));
        let path = format!("ixit/{}", table.name);
        match said {
            Some(Value::Array(rows)) if !rows.is_empty() => {
                out.key(1, &table.name, &path);
                rows.iter().for_each(|row| self::row(out, table, &path, row, blanks));
            }
            Some(Value::Object(record)) if table.record && !record.is_empty() => {
                out.key(1, &table.name, &path);
                fields(out, table, &path, record, 2, blanks);
            }
            Some(other) => out.entry(1, &table.name, &path, other),
            None => {
                out.key(1, &table.name, &path);
                if table.record {
                    fields(out, table, &path, &Map::new(), 2, true);
                } else {
                    let first = serde_json::json!({"id": format!("{}-1", table.short())});
                    row(out, table, &path, &first, true);
                }
            }
        }
    }
    for (name, value) in ixit.iter().filter(|(name, _)| shape.table(name).is_none()) {
        out.entry(1, name, &format!("ixit/{name}"), value);
    }
}

fn row(out: &mut Writer, table: &Table, path: &str, row: &Value, blanks: bool) {
    let Some(fields_of) = row.as_object() else { return out.item(2, path, row) };
    let id = fields_of.get("id").and_then(Value::as_str).unwrap_or_default();
    let path = format!("{path}/{id}");
    out.dash(2, &path);
    fields(out, table, &path, fields_of, 3, blanks);
}

fn fields(out: &mut Writer, table: &Table, path: &str, said: &Map<String, Value>, depth: usize, blanks: bool) {
    for field in &table.fields {
        let path = format!("{path}/{}", field.key);
        match said.get(&field.key) {
            Some(value) if !(blanks && value.is_null()) => out.entry(depth, &field.key, &path, value),
            _ if !blanks || field.key == "id" => {}
            _ if field.ours => out.comment(depth, &format!("{}: {}", field.key, field.meaning)),
            _ => out.blank(depth, &field.key, &path, &field.meaning),
        }
    }
    let own = said.iter().filter(|(key, _)| !table.fields.iter().any(|f| f.key == **key));
    own.for_each(|(key, value)| out.entry(depth, key, &format!("{path}/{key}"), value));
}

struct Writer {
    text: String,
    line: usize,
    lines: Vec<(usize, String)>,
}

impl Writer {
    fn push(&mut self, text: &str) {
        self.line += text.matches('\n').count();
        self.text.push_str(text);
    }

    /// Starts a line: its indentation, or what follows the dash of a list on the same line.
    fn start(&mut self, depth: usize, path: &str) {
        self.lines.push((self.line, path.to_owned()));
        if !self.text.ends_with("- ") {
            self.push(&"  ".repeat(depth));
        }
    }

    fn comment(&mut self, depth: usize, text: &str) {
        for line in scalar::wrapped(text, 112 - 2 * depth) {
            self.push(&format!("{}# {line}\n", "  ".repeat(depth)));
        }
    }

    fn rule(&mut self, text: &str) {
        self.push(&format!("\n# ---------------------------------------------------------------- {text}\n"));
    }

    /// A key whose value follows below.
    fn key(&mut self, depth: usize, key: &str, path: &str) {
        self.start(depth, path);
        self.push(&format!("{}:\n", scalar::key(key)));
    }

    /// A key without a value.
    fn blank(&mut self, depth: usize, key: &str, path: &str, question: &str) {
        self.start(depth, path);
        self.push(&format!("{}: # {question}\n", scalar::key(key)));
    }

    /// Gives the key before it an empty value.
    fn empty(&mut self, value: &str) {
        if self.text.ends_with(":\n") {
            self.text.pop();
            self.text.push_str(&format!(" {value}\n"));
        }
    }

    fn dash(&mut self, depth: usize, path: &str) {
        self.start(depth, path);
        self.push("- ");
    }

    /// An item of a list.
    fn item(&mut self, depth: usize, path: &str, value: &Value) {
        self.dash(depth, path);
        match value {
            Value::Object(map) if !map.is_empty() && scalar::flow(value, 110 - 2 * depth).is_none() => {
                map.iter().for_each(|(key, value)| self.entry(depth + 1, key, &format!("{path}/{key}"), value));
            }
            other => {
                let text = scalar::flow(other, usize::MAX).unwrap_or_default();
                self.push(&format!("{text}\n"));
            }
        }
    }

    /// A key and its value: on one line where it fits, below where it does not.
    fn entry(&mut self, depth: usize, key: &str, path: &str, value: &Value) {
        let room = 110_usize.saturating_sub(2 * depth + key.len());
        match value {
            Value::Object(map) if !map.is_empty() && scalar::flow(value, room).is_none() => {
                self.key(depth, key, path);
                map.iter().for_each(|(key, value)| self.entry(depth + 1, key, &format!("{path}/{key}"), value));
            }
            Value::Array(items) if !items.is_empty() && scalar::flow(value, room).is_none() => {
                self.key(depth, key, path);
                for item in items {
                    let id = item.get("id").and_then(Value::as_str);
                    let path = id.map_or_else(|| path.to_owned(), |id| format!("{path}/{id}"));
                    self.item(depth + 1, &path, item);
                }
            }
            Value::String(text) => {
                self.start(depth, path);
                self.push(&format!("{}: {}\n", scalar::key(key), scalar::text(text, depth, room)));
            }
            other => {
                self.start(depth, path);
                let text = scalar::flow(other, usize::MAX).unwrap_or_default();
                self.push(&format!("{}: {text}\n", scalar::key(key)));
            }
        }
    }
}
