//! Tables of rows and of pairs: extra information for testing, samples, facts, identification.

use serde_json::{Map, Value};

use super::document::{Document, odd, value};
use super::recognise::{column, heading};
use super::table::{Cell, Table};
use crate::ident;
use crate::place::Finding;
use crate::shape::{self, Holds};
use crate::tables::{self, SAMPLES};

/// Headings of the two columns of pairs.
const FIELD: &[&str] = &["field", "key", "item", "entry", "fact"];
const VALUE: &[&str] = &["value", "information", "content", "description", "answer"];
/// Names by which forms ask for the identification.
const IDENTITY: [(&str, &str); 9] = [
    ("name", "name"),
    ("productname", "name"),
    ("type", "type"),
    ("producttype", "type"),
    ("manufacturer", "manufacturer"),
    ("model", "model"),
    ("modeldesignation", "model"),
    ("firmware", "firmware"),
    ("firmwareversion", "firmware"),
];

/// What a heading says of its column.
enum Column<'t> {
    Field(&'t shape::Field),
    Own(String),
    Unread,
}

impl Document<'_> {
    /// One of the tables of extra information.
    pub(super) fn ixit(&mut self, table: &Table, of: &shape::Table, findings: &mut Vec<Finding>) {
        let path = ["ixit", of.name.as_str()];
        if of.record {
            self.state(&path, &table.place);
            return self.record(table, of, findings);
        }
        let is_heading = |row: &[Cell]| {
            column(row, &["id"]).is_some() && row.iter().filter(|c| !c.is_empty()).all(|c| c.text().len() < 200)
        };
        let Some(at) = heading(table, is_heading) else {
            if table.rows.iter().all(|row| row.iter().all(Cell::is_empty)) {
                return self.list(&path, &table.place); // stated, and empty
            }
            let text = format!("no row of {} has a heading `ID`", of.name);
            let names: Vec<&str> = of.fields.iter().filter(|f| !f.ours).map(|f| f.name.as_str()).collect();
            let help = format!("head the columns as the standard does: {}", names.join(", "));
            findings.push(Finding::mistake("import::heading", &table.place, text, help));
            return;
        };
        let columns: Vec<Column<'_>> = table.rows[at].iter().map(|cell| self.column(cell, of, findings)).collect();
        self.list(&path, &table.place);
        for row in &table.rows[at + 1..] {
            self.row(&path, row, &columns, findings);
        }
    }

    fn column<'t>(&self, cell: &Cell, of: &'t shape::Table, findings: &mut Vec<Finding>) -> Column<'t> {
        let text = cell.text();
        let text = ident::bare(&text);
        if let Some(field) = of.field(text) {
            return Column::Field(field);
        }
        if is_key(text) {
            return Column::Own(text.to_owned());
        }
        if !text.is_empty() {
            let said = format!("the column `{text}` is not read: {} has no such field", of.name);
            findings.push(Finding::note("import::unread", &cell.place, said));
        }
        Column::Unread
    }

    fn row(&mut self, path: &[&str], row: &[Cell], columns: &[Column<'_>], findings: &mut Vec<Finding>) {
        let (mut values, mut places) = (Map::new(), Vec::new());
        for (cell, column) in row.iter().zip(columns).filter(|(cell, _)| !cell.is_empty() || is_null(cell)) {
            let (key, holds) = match column {
                Column::Field(field) => (field.key.as_str(), &field.holds),
                Column::Own(key) => (key.as_str(), &Holds::Text),
                Column::Unread => continue,
            };
            let found = if key == "id" { self.id(cell, findings) } else { value(cell, holds, findings) };
            let Some(found) = found else { continue };
            if values.insert(key.to_owned(), found).is_some() {
                let text = format!("a second column says `{key}` of this row");
                findings.push(Finding::mistake(
                    "import::contradiction",
                    &cell.place,
                    text,
                    "keep one of the two columns",
                ));
            }
            places.push((key.to_owned(), cell.place.clone()));
        }
        if values.contains_key("id") {
            return self.push(path, values, &places, findings);
        }
        // Where an id was illegible, that has been said; a title between rows has one cell.
        let unnamed = columns.iter().zip(row).all(|(c, cell)| !is_id(c) || cell.is_empty());
        let filled: Vec<&Cell> = row.iter().filter(|c| !c.is_empty()).collect();
        if let ([first, _, ..], true) = (&filled[..], unnamed) {
            let help = "write an id into its row; references need it";
            findings.push(Finding::mistake("import::row", &first.place, "this row has no id", help));
        }
    }

    fn id(&mut self, cell: &Cell, findings: &mut Vec<Finding>) -> Option<Value> {
        let written = cell.text();
        let id = ident::id(&written);
        if !ident::is_row_id(&id) {
            let text = format!("`{}` is no id that references could name", written.trim());
            let help = "write ids as the standard does, without blanks: `AuthMech-1`";
            findings.push(Finding::mistake("import::id", &cell.place, text, help));
            return None;
        }
        odd(cell, &written, &id, findings);
        Some(Value::String(id))
    }

    /// A record: pairs of field and value, or one row below headings.
    fn record(&mut self, table: &Table, of: &shape::Table, findings: &mut Vec<Finding>) {
        let path = ["ixit", of.name.as_str()];
        for (label, cell) in pairs(table, &|label| of.field(label).is_some()) {
            let text = label.text();
            let text = ident::bare(&text);
            let (key, holds) = match of.field(text) {
                Some(field) => (field.key.clone(), &field.holds),
                None if is_key(text) => (text.to_owned(), &Holds::Text),
                None => {
                    let said = format!("`{text}` is not read: {} has no such field", of.name);
                    findings.push(Finding::note("import::unread", &label.place, said));
                    continue;
                }
            };
            if let Some(value) = value(cell, holds, findings) {
                self.put(&[path[0], path[1], &key], value, &cell.place, findings);
            }
        }
    }

    /// Name, model, editions, procedures.
    pub(super) fn product(&mut self, table: &Table, findings: &mut Vec<Finding>) {
        let identity =
            |label: &str| IDENTITY.iter().find(|(name, _)| *name == ident::letters(label)).map(|(_, key)| *key);
        for (label, cell) in pairs(table, &|label| identity(label).is_some()) {
            let text = label.text();
            let text = ident::bare(&text);
            let Some(value) = value(cell, &Holds::Text, findings) else { continue };
            let known = tables::PARTS;
            match (text.split_once('.'), identity(text)) {
                (Some((part, key)), _) if known.contains(&part) => self.put(&[part, key], value, &cell.place, findings),
                (None, _) if known.contains(&text) => self.put(&[text], value, &cell.place, findings),
                (_, Some(key)) => self.put(&["product", key], value, &cell.place, findings),
                _ => {
                    let said = format!("`{text}` is not read: it is no part of the identification");
                    findings.push(Finding::note("import::unread", &label.place, said));
                }
            }
        }
    }

    /// Facts that decide what applies.
    pub(super) fn facts(&mut self, table: &Table, findings: &mut Vec<Finding>) {
        self.state(&["product", "facts"], &table.place);
        for (label, cell) in pairs(table, &is_key) {
            let text = label.text();
            let text = ident::bare(&text);
            let known = self.shape.facts.iter().find(|f| f.key == text || f.text == text).map(|f| f.key.clone());
            match known.or_else(|| is_key(text).then(|| text.to_owned())) {
                Some(key) => {
                    if let Some(value) = value(cell, &Holds::Flag, findings) {
                        self.put(&["product", "facts", &key], value, &cell.place, findings);
                    }
                }
                None => {
                    let said = format!("`{text}` is the name of no fact");
                    let help = "name facts as `assay product init` lists them";
                    findings.push(Finding::mistake("import::fact", &label.place, said, help));
                }
            }
        }
    }

    /// Label data and custody of samples.
    pub(super) fn samples(&mut self, table: &Table, findings: &mut Vec<Finding>) {
        let path = ["samples"];
        self.list(&path, &table.place);
        let Some(at) = heading(table, |row| column(row, &["id"]).is_some()) else {
            if !table.rows.iter().flatten().all(Cell::is_empty) {
                let said = format!("no row of {SAMPLES} has a heading `id`");
                let help = "head the columns `id`, `serial`, `mac`, `ssid`, `model`, `batch`, `password`";
                findings.push(Finding::mistake("import::heading", &table.place, said, help));
            }
            return;
        };
        let own = |cell: &Cell| Column::Own(ident::bare(&cell.text()).to_lowercase());
        let columns: Vec<Column<'_>> = table.rows[at].iter().map(own).collect();
        for row in &table.rows[at + 1..] {
            self.row(&path, row, &columns, findings);
        }
    }
}

fn is_id(column: &Column<'_>) -> bool {
    match column {
        Column::Field(field) => field.key == "id",
        Column::Own(key) => key == "id",
        Column::Unread => false,
    }
}

/// A value that says it is nothing, in a file that has types.
fn is_null(cell: &Cell) -> bool {
    matches!(&cell.content, super::table::Content::Value(Value::Null))
}

/// A key of ours: `hard_coded`.
fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Label and value of each pair: below the headings `Field` and `Value`, or from the first row whose first cell is a label
/// that `known` knows, or one row of values below a row of labels.
fn pairs<'t>(table: &'t Table, known: &dyn Fn(&str) -> bool) -> Vec<(&'t Cell, &'t Cell)> {
    let label = |cell: &Cell| known(ident::bare(&cell.text()));
    if let Some(at) = heading(table, |row| column(row, FIELD).is_some() && column(row, VALUE).is_some()) {
        let (field, value) = (column(&table.rows[at], FIELD), column(&table.rows[at], VALUE));
        let (Some(field), Some(value)) = (field, value) else { return Vec::new() };
        return table.rows[at + 1..].iter().filter_map(|row| pair(row.get(field)?, row.get(value)?)).collect();
    }
    if let Some(at) = heading(table, |row| row.iter().filter(|c| label(c)).count() > 1) {
        let Some(values) = table.rows.get(at + 1) else { return Vec::new() };
        return table.rows[at].iter().zip(values).filter_map(|(l, v)| pair(l, v)).collect();
    }
    table.rows.iter().filter_map(|row| pair(row.first().filter(|c| label(c))?, row.get(1)?)).collect()
}

fn pair<'t>(label: &'t Cell, value: &'t Cell) -> Option<(&'t Cell, &'t Cell)> {
    (!label.is_empty() && (!value.is_empty() || is_null(value))).then_some((label, value))
}
