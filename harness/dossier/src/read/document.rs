//! A document as it grows, table by table: what is said twice must agree, and what belongs to another edition is known
//! for it.

use serde_json::{Map, Value, json};

use super::recognise::{self, Kind, Named};
use super::table::{Cell, Content, Table};
use crate::cell::{self, Illegible};
use crate::ident;
use crate::place::{Finding, Origins, Place};
use crate::shape::{Holds, Shape};

pub(super) struct Document<'s> {
    pub(super) shape: &'s Shape,
    edition: Option<&'s str>,
    value: Map<String, Value>,
    origins: Origins,
    /// What only another edition has, with its place.
    foreign: Vec<(String, Place)>,
    first: Option<Place>,
}

impl<'s> Document<'s> {
    pub(super) fn new(shape: &'s Shape, edition: Option<&'s str>) -> Self {
        let value = [("assay".to_owned(), Value::from("product/1"))].into_iter().collect();
        Self { shape, edition, value, origins: Origins::default(), foreign: Vec::new(), first: None }
    }

    /// Takes what a table says.
    pub(super) fn take(&mut self, table: &Table, findings: &mut Vec<Finding>) {
        self.first.get_or_insert_with(|| table.place.clone());
        let kind = match recognise::by_name(&table.name, self.shape) {
            Named::Known(kind) => Some(kind),
            Named::Torn(number, word) => {
                let text = format!("`{}` has the number of {} and the name of {}", table.name, number.name, word.name);
                findings.push(Finding::mistake("import::table", &table.place, text, "name it as one of the two"));
                return;
            }
            Named::Foreign(name) => return self.foreign(format!("table {name}"), &table.place),
            Named::Unknown => recognise::heading(table, recognise::is_ics_heading).map(|_| Kind::Ics),
        };
        match kind {
            Some(Kind::Ics) => self.ics(table, findings),
            Some(Kind::Ixit(of)) => self.ixit(table, of, findings),
            Some(Kind::Product) => self.product(table, findings),
            Some(Kind::Facts) => self.facts(table, findings),
            Some(Kind::Samples) => self.samples(table, findings),
            None if table.rows.iter().flatten().all(Cell::is_empty) => {}
            None => {
                let text = format!("`{}` is not read: it is named as none of the tables", table.name);
                findings.push(Finding::note("import::unread", &table.place, text));
            }
        }
    }

    /// Notes something that only another edition has.
    pub(super) fn foreign(&mut self, what: String, place: &Place) {
        self.foreign.push((what, place.clone()));
    }

    /// The mapping at `path`, made where it is not there.
    fn map(&mut self, path: &[&str]) -> Option<&mut Map<String, Value>> {
        let mut here = &mut self.value;
        for key in path {
            here = here.entry(*key).or_insert_with(|| json!({})).as_object_mut()?;
        }
        Some(here)
    }

    /// Makes the mapping at `path`, so that it is stated even where nothing stands in it.
    pub(super) fn state(&mut self, path: &[&str], place: &Place) {
        if self.map(path).is_some() && self.origins.of(&path.join("/")).is_none() {
            self.origins.set(path.join("/"), place);
        }
    }

    /// Sets a value. What is said twice must agree.
    pub(super) fn put(&mut self, path: &[&str], value: Value, place: &Place, findings: &mut Vec<Finding>) {
        let Some((last, around)) = path.split_last() else { return };
        let full = path.join("/");
        let known = self.map(around).and_then(|map| map.get(*last).cloned());
        match known {
            Some(known) if known != value => {
                let other = self.origins.of(&full).map(ToString::to_string).unwrap_or_default();
                let text = format!(
                    "`{last}` of {} is `{}` here, and `{}` at {other}",
                    around.join("/"),
                    short(&value),
                    short(&known)
                );
                let help = "say the one that is true in both places, or in one; which is meant is not guessed";
                findings.push(Finding::mistake("import::contradiction", place, text, help));
            }
            Some(_) => {}
            None => {
                if let Some(map) = self.map(around) {
                    map.insert((*last).to_owned(), value);
                }
                self.origins.set(full, place);
            }
        }
    }

    /// Adds a row to the list at `path`.
    pub(super) fn push(
        &mut self,
        path: &[&str],
        row: Map<String, Value>,
        places: &[(String, Place)],
        findings: &mut Vec<Finding>,
    ) {
        let Some((last, around)) = path.split_last() else { return };
        let id = row.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let full = format!("{}/{id}", path.join("/"));
        let place = places.iter().find(|(key, _)| key == "id").or(places.first()).map(|(_, place)| place.clone());
        let Some(place) = place else { return };
        let is_known = self.origins.has(&full);
        let Some(map) = self.map(around) else { return };
        let Value::Array(rows) = map.entry(*last).or_insert_with(|| json!([])) else { return };
        if let Some(known) = rows.iter().filter(|_| is_known).find(|r| r.get("id").and_then(Value::as_str) == Some(&id))
        {
            if *known != Value::Object(row) {
                let other = self.origins.of(&full).map(ToString::to_string).unwrap_or_default();
                let text = format!("the row `{id}` of {last} says something else at {other}");
                let help = "give one of them another id, or leave one out";
                findings.push(Finding::mistake("import::contradiction", &place, text, help));
            }
            return;
        }
        rows.push(Value::Object(row));
        for (key, at) in places {
            self.origins.set(format!("{full}/{key}"), at);
        }
        self.origins.set(full, &place);
    }

    /// Makes the list at `path`, so that it is stated even where it has no rows.
    pub(super) fn list(&mut self, path: &[&str], place: &Place) {
        let Some((last, around)) = path.split_last() else { return };
        if let Some(map) = self.map(around) {
            map.entry(*last).or_insert_with(|| json!([]));
        }
        if self.origins.of(&path.join("/")).is_none() {
            self.origins.set(path.join("/"), place);
        }
    }

    /// The document, after it has been seen of which edition it is.
    pub(super) fn finish(mut self, findings: &mut Vec<Finding>) -> (Value, Origins) {
        let shape = self.shape;
        let place = self.first.clone().unwrap_or(Place::File(String::new()));
        if let Some(edition) = self.edition {
            self.put(&["editions", "en303645"], edition.into(), &place, findings);
            if edition == shape.edition {
                self.put(&["editions", "ts103701"], shape.tests_edition.as_str().into(), &place, findings);
            }
        }
        let help = "ask for a dossier of that edition, or declare its provisions anew: claims of one edition say nothing of another";
        let stated = self.value.get("editions").and_then(|e| e.get("en303645")).and_then(Value::as_str);
        if let Some(stated) = stated.filter(|s| *s != shape.edition) {
            let at = self.origins.of("editions/en303645").cloned().unwrap_or(place);
            let text =
                format!("this dossier follows edition {stated}, and plans and rules here are of {}", shape.edition);
            findings.push(Finding::mistake("import::edition", &at, text, help));
        } else if let Some((_, at)) = self.foreign.first() {
            let mut what: Vec<&str> = self.foreign.iter().map(|(what, _)| what.as_str()).collect();
            what.dedup();
            let more = what.len().saturating_sub(8);
            what.truncate(8);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let text = format!(
                "{}{more}: only edition {} has these, and plans and rules here are of {}",
                what.join(", "),
                shape.foreign_edition,
                shape.edition
            );
            findings.push(Finding::mistake("import::edition", at, text, help));
        }
        (Value::Object(self.value), self.origins)
    }
}

/// A value for a message.
fn short(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() > 60 { text.chars().take(60).chain("...".chars()).collect() } else { text }
}

/// The value of a cell; `None` where it is empty, or where a mistake was found in it.
pub(super) fn value(cell: &Cell, holds: &Holds, findings: &mut Vec<Finding>) -> Option<Value> {
    let text = match &cell.content {
        Content::Value(value) => return Some(value.clone()),
        Content::Text(text) => text,
    };
    let (text, help) = match cell::read(text, holds) {
        Ok(value) => return value,
        Err(Illegible::Json(e)) => (format!("no JSON follows `json:`: {e}"), "mend it, or write plain text"),
        Err(Illegible::Flag) => {
            (format!("`{}` is neither true nor false", short(&text.as_str().into())), "write `true` or `false`")
        }
    };
    findings.push(Finding::mistake("import::value", &cell.place, text, help));
    None
}

/// Says what an id was read as, where it was written oddly.
pub(super) fn odd(cell: &Cell, written: &str, read: &str, findings: &mut Vec<Finding>) {
    if ident::bare(written) != read {
        let text = format!("`{}` is read as `{read}`", written.trim());
        findings.push(Finding::note("import::id", &cell.place, text));
    }
}
