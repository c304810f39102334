//! Which part of a dossier a table is, by its name and its headings. The order of sheets means nothing.

use super::table::{Cell, Table};
use crate::ident;
use crate::shape::{self, Shape};
use crate::tables::{FACTS, PRODUCT, SAMPLES};

/// How far down the headings may stand below titles.
const TITLE_ROWS: usize = 30;

/// What a table is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind<'s> {
    /// Name, model, editions, procedures.
    Product,
    /// Facts that decide what applies.
    Facts,
    /// Samples.
    Samples,
    /// The conformance statement.
    Ics,
    /// Extra information for testing.
    Ixit(&'s shape::Table),
}

/// What a name says of its table.
pub(super) enum Named<'s> {
    /// It is this.
    Known(Kind<'s>),
    /// It says nothing.
    Unknown,
    /// Its number is one table's and its word another's: both.
    Torn(&'s shape::Table, &'s shape::Table),
    /// A table that only another edition has.
    Foreign(&'s str),
}

/// By the name alone: `10-SecParam`, `IXIT 10-SecParam: Security Parameters`, `ixit_10-SecParam`, `SecParam`.
pub(super) fn by_name<'s>(name: &str, shape: &'s Shape) -> Named<'s> {
    let words = words(name);
    let has = |word: &str| words.iter().any(|w| w.eq_ignore_ascii_case(word));
    let number = words.iter().find_map(|w| w.parse::<usize>().ok());
    if let Some(found) = shape.tables.iter().find(|t| has(t.short())) {
        let of = |table: &shape::Table| table.name.split('-').next().and_then(|n| n.parse::<usize>().ok());
        let other =
            number.filter(|n| of(found) != Some(*n)).and_then(|n| shape.tables.iter().find(|t| of(t) == Some(n)));
        return other.map_or(Named::Known(Kind::Ixit(found)), |other| Named::Torn(other, found));
    }
    let short = |name: &str| name.split_once('-').map(|(_, short)| short.to_owned()).unwrap_or_default();
    if let Some(foreign) = shape.foreign_tables.iter().find(|t| has(&short(t))) {
        return Named::Foreign(foreign);
    }
    let known = [(PRODUCT, Kind::Product), (FACTS, Kind::Facts), (SAMPLES, Kind::Samples), ("ICS", Kind::Ics)];
    known.into_iter().find(|(word, _)| has(word)).map_or(Named::Unknown, |(_, kind)| Named::Known(kind))
}

/// The words of a name: letters apart from digits and signs.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut digits = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            words.push(String::new());
        } else {
            if c.is_ascii_digit() != digits {
                words.push(String::new());
            }
            digits = c.is_ascii_digit();
            words.last_mut().into_iter().for_each(|w| w.push(c));
        }
    }
    words.retain(|w| !w.is_empty());
    words
}

/// Whether a row holds the headings of a conformance statement.
pub(super) fn is_ics_heading(row: &[Cell]) -> bool {
    column(row, &["support"]).is_some() && column(row, REFERENCE).is_some()
}

/// Headings under which provisions stand.
pub(super) const REFERENCE: &[&str] = &["reference", "provision", "provisionid", "id"];

/// The first column with one of these headings.
pub(super) fn column(row: &[Cell], headings: &[&str]) -> Option<usize> {
    row.iter().position(|cell| headings.contains(&ident::letters(ident::bare(&cell.text())).as_str()))
}

/// The row of headings: the first that `is` one.
pub(super) fn heading(table: &Table, is: impl Fn(&[Cell]) -> bool) -> Option<usize> {
    table.rows.iter().take(TITLE_ROWS).position(|row| is(row))
}
