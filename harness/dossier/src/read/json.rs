//! JSON: `ics` as a list of entries, `ixit_tables` by their names, `meta` or `product` for the rest.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::source;
use super::table::{self, Cell, Content, Table};
use crate::place::{Finding, Place};
use crate::tables::{FACTS, PRODUCT, SAMPLES};

/// Keys of rows beyond these are of no table.
const MAX_COLUMNS: usize = 200;
/// Longest path that has a place of its own; what is below has that of what is around it.
const MAX_PATH: usize = 300;

pub(super) fn tables(file: &str, bytes: &[u8], findings: &mut Vec<Finding>) -> Vec<Table> {
    let whole = Place::File(file.to_owned());
    let text = match source::text(file, bytes) {
        Ok(text) => text,
        Err(finding) => {
            findings.push(*finding);
            return Vec::new();
        }
    };
    let value: Value = match serde_json::from_str(&text) {
        Ok(value) => value,
        Err(e) => {
            let place = Place::Text { file: file.to_owned(), line: e.line(), column: e.column() };
            let text = format!("this is no JSON: {e}");
            findings.push(Finding::mistake(
                "import::json",
                &place,
                text,
                "mend it there; nothing of the file was taken",
            ));
            return Vec::new();
        }
    };
    let places = Places::of(file, &text);
    for at in &places.doubles {
        let help = "keep one of the two; which one is meant is not guessed";
        findings.push(Finding::mistake("import::json", at, "the key stands here a second time", help));
    }
    let Value::Object(map) = &value else {
        let help = "a dossier is an object with `ics` and `ixit_tables`";
        findings.push(Finding::mistake("import::json", &whole, "this is no object", help));
        return Vec::new();
    };
    let exact = map.get("assay") == Some(&Value::from("product/1"));
    let json = Json { file, places, exact, left: std::cell::Cell::new(table::MAX_CELLS) };
    let tables = json.all(map, findings);
    if json.left.get() == 0 {
        findings.push(table::too_many(&whole));
        return Vec::new();
    }
    tables
}

struct Json<'a> {
    file: &'a str,
    places: Places,
    exact: bool,
    /// How many more cells are taken.
    left: std::cell::Cell<usize>,
}

impl Json<'_> {
    fn all(&self, map: &Map<String, Value>, findings: &mut Vec<Finding>) -> Vec<Table> {
        let mut tables = Vec::new();
        for (key, value) in map {
            match (key.as_str(), value) {
                ("assay", _) => {}
                ("ics", Value::Array(rows)) => tables.push(self.rows("ICS", "/ics", rows)),
                ("samples", Value::Array(rows)) if self.exact => tables.push(self.rows(SAMPLES, "/samples", rows)),
                ("ixit_tables", Value::Object(ixit)) if ixit.is_empty() => {
                    let stated = [("ixit".to_owned(), value.clone())].into_iter().collect();
                    tables.push(self.pairs(PRODUCT, "", &stated));
                }
                ("ixit_tables", Value::Object(ixit)) => {
                    for (name, table) in ixit {
                        let path = format!("/ixit_tables/{name}");
                        match table {
                            Value::Array(rows) => tables.push(self.rows(name, &path, rows)),
                            Value::Object(of) => match of.get("rows") {
                                Some(Value::Array(rows)) => {
                                    tables.push(self.rows(name, &format!("{path}/rows"), rows));
                                }
                                _ => tables.push(self.pairs(name, &path, of)),
                            },
                            _ => findings.push(self.shape(&path, "a table is a list of rows, or an object")),
                        }
                    }
                }
                ("product" | "editions" | "procedures", value) if self.exact => {
                    if let ("product", Some(Value::Object(facts))) = (key.as_str(), value.get("facts")) {
                        tables.push(self.pairs(FACTS, "/product/facts", facts));
                    }
                    let inner = value.as_object().into_iter().flatten();
                    let named = inner.filter(|(k, v)| !(key == "product" && *k == "facts" && v.is_object()));
                    let mut map: Map<String, Value> = named.map(|(k, v)| (format!("{key}.{k}"), v.clone())).collect();
                    if map.is_empty() && key != "product" {
                        map.insert(key.clone(), value.clone());
                    }
                    tables.push(self.pairs(PRODUCT, &format!("/{key}"), &map));
                }
                ("meta", Value::Object(meta)) => {
                    let text =
                        format!("`meta` is not read ({} keys): which of them mean what is not guessed", meta.len());
                    findings.push(Finding::note("import::unread", &self.places.of_path(self.file, "/meta"), text));
                }
                ("ics" | "samples" | "ixit_tables", _) => {
                    findings
                        .push(self.shape(&format!("/{key}"), "a list of entries, or an object of tables, is expected"));
                }
                _ if self.exact => {
                    let map = [(key.clone(), value.clone())].into_iter().collect();
                    tables.push(self.pairs(PRODUCT, "", &map));
                }
                _ => {
                    let place = self.places.of_path(self.file, &format!("/{key}"));
                    findings.push(Finding::note("import::unread", &place, format!("`{key}` is not read")));
                }
            }
        }
        tables
    }

    fn shape(&self, path: &str, text: &str) -> Finding {
        Finding::mistake(
            "import::json",
            &self.places.of_path(self.file, path),
            text,
            "see `assay product export --format json`",
        )
    }

    fn content(&self, value: &Value) -> Content {
        match value {
            Value::String(text) if !self.exact => Content::Text(text.clone()),
            Value::Null if !self.exact => Content::Text(String::new()),
            other => Content::Value(other.clone()),
        }
    }

    /// A list of objects as a table: its headings are their keys.
    fn rows(&self, name: &str, path: &str, rows: &[Value]) -> Table {
        let mut headings: Vec<&str> = Vec::new();
        for key in rows.iter().filter_map(Value::as_object).flat_map(|row| row.keys()) {
            if headings.len() <= MAX_COLUMNS && !headings.contains(&key.as_str()) {
                headings.push(key);
            }
        }
        let whole = self.places.of_path(self.file, path);
        self.left.set(self.left.get().saturating_sub(headings.len() * (rows.len() + 1)));
        if self.left.get() == 0 {
            return Table { name: name.to_owned(), place: whole, rows: Vec::new(), exact: self.exact };
        }
        let heading = |text: &&str| Cell { content: Content::Text((*text).to_owned()), place: whole.clone() };
        let mut table = vec![headings.iter().map(heading).collect::<Vec<_>>()];
        for (at, row) in rows.iter().enumerate() {
            let cell = |key: &&str| Cell {
                content: row.get(*key).map_or(Content::Text(String::new()), |value| self.content(value)),
                place: self.places.of_path(self.file, &format!("{path}/{at}/{key}")),
            };
            table.push(headings.iter().map(cell).collect());
        }
        Table { name: name.to_owned(), place: whole, rows: table, exact: self.exact }
    }

    /// An object as a table of two columns.
    fn pairs(&self, name: &str, path: &str, of: &Map<String, Value>) -> Table {
        let whole = self.places.of_path(self.file, path);
        let heading = |text: &str| Cell { content: Content::Text(text.to_owned()), place: whole.clone() };
        let mut rows = vec![vec![heading("Field"), heading("Value")]];
        for (key, value) in of {
            let last = key.rsplit_once('.').map_or(key.as_str(), |(_, last)| last);
            let place = self.places.of_path(self.file, &format!("{path}/{last}"));
            rows.push(vec![
                Cell { content: Content::Text(key.clone()), place: place.clone() },
                Cell { content: self.content(value), place },
            ]);
        }
        Table { name: name.to_owned(), place: whole, rows, exact: self.exact }
    }
}

/// Where the values of a JSON text stand. The text has been parsed before, so it is JSON and nests no deeper than that
/// parser allows.
struct Places {
    starts: BTreeMap<String, (usize, usize)>,
    doubles: Vec<Place>,
}

impl Places {
    fn of(file: &str, text: &str) -> Self {
        let mut walk =
            Walk { rest: text.chars().peekable(), line: 1, column: 1, starts: BTreeMap::new(), doubles: Vec::new() };
        walk.value("");
        let doubles = walk.doubles.into_iter();
        let place = |(line, column)| Place::Text { file: file.to_owned(), line, column };
        Self { starts: walk.starts, doubles: doubles.map(place).collect() }
    }

    /// The place of `path`, or of what is around it.
    fn of_path(&self, file: &str, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some((line, column)) = self.starts.get(path) {
                return Place::Text { file: file.to_owned(), line: *line, column: *column };
            }
            match path.rsplit_once('/') {
                Some((around, _)) => path = around,
                None => return Place::File(file.to_owned()),
            }
        }
    }
}

struct Walk<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
    line: usize,
    column: usize,
    starts: BTreeMap<String, (usize, usize)>,
    doubles: Vec<(usize, usize)>,
}

impl Walk<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn skip(&mut self, also: &[char]) {
        while self.rest.peek().is_some_and(|c| c.is_whitespace() || also.contains(c)) {
            self.next();
        }
    }

    /// The raw text of a string, its escapes undone where they matter for keys.
    fn string(&mut self) -> String {
        let mut raw = String::from('"');
        self.next();
        while let Some(c) = self.next() {
            raw.push(c);
            match c {
                '\\' => raw.extend(self.next()),
                '"' => break,
                _ => {}
            }
        }
        serde_json::from_str(&raw).unwrap_or_default()
    }

    fn value(&mut self, path: &str) {
        self.skip(&[]);
        // Below a long path all is one place: paths of a hostile file would be larger than the file.
        let deep = path.len() > MAX_PATH;
        if !deep {
            self.starts.insert(path.to_owned(), (self.line, self.column));
        }
        match self.rest.peek() {
            Some('{') => {
                self.next();
                loop {
                    self.skip(&[',']);
                    if self.rest.peek() != Some(&'"') {
                        self.next();
                        break;
                    }
                    let at = (self.line, self.column);
                    let key = self.string();
                    let inner = if deep { "\u{0}".repeat(MAX_PATH + 1) } else { format!("{path}/{key}") };
                    if !deep && self.starts.contains_key(&inner) {
                        self.doubles.push(at);
                    }
                    self.skip(&[':']);
                    self.value(&inner);
                }
            }
            Some('[') => {
                self.next();
                for n in 0.. {
                    self.skip(&[',']);
                    if matches!(self.rest.peek(), Some(']') | None) {
                        self.next();
                        break;
                    }
                    if deep {
                        self.value(&"\u{0}".repeat(MAX_PATH + 1));
                    } else {
                        self.value(&format!("{path}/{n}"));
                    }
                }
            }
            Some('"') => drop(self.string()),
            _ => {
                while self.rest.peek().is_some_and(|c| !c.is_whitespace() && !",]}".contains(*c)) {
                    self.next();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_line_and_column() {
        let text = "{\n  \"ics\": [ {\"reference\": \"5.1-1\",\n  \"support\": \"Y\"}, {} ],\n \"a\\u0062\": 1, \"ab\": [true, null]\n}";
        let places = Places::of("f.json", text);
        let at = |path: &str| places.of_path("f.json", path).to_string();
        assert_eq!(at("/ics"), "f.json:2:10");
        assert_eq!(at("/ics/0/support"), "f.json:3:14");
        assert_eq!(at("/ics/1"), "f.json:3:20");
        assert_eq!(at("/ics/1/support"), "f.json:3:20", "of what is around");
        assert_eq!(at("/ab/1"), "f.json:4:29");
        assert_eq!(places.doubles.iter().map(ToString::to_string).collect::<Vec<_>>(), ["f.json:4:16"]);
    }
}
