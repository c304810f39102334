//! Declared and found: ports, logons and other things that the dossier lists, held against what the run saw.

use std::collections::BTreeMap;

use askama::Template;
use assay_model::assessment::{Found, Inventory, InventoryRow};

use super::{Built, Section, Source};
use crate::html::value::cap_at;

/// Rows of one table; a DUT decides how many there are.
const ROWS: usize = 200;
/// Characters of what was seen.
const SEEN: usize = 200;

#[derive(Template)]
#[template(path = "section/inventory.html")]
struct Body<'a> {
    tables: Vec<Table<'a>>,
}

struct Table<'a> {
    kind: &'a str,
    rows: Vec<Row<'a>>,
    more: usize,
    /// Samples and why nothing was looked for there.
    not_looked: Vec<(String, &'a str)>,
}

struct Row<'a> {
    name: &'a str,
    declared: &'a str,
    /// Samples and what was seen there.
    found: Vec<(String, String)>,
    class: &'static str,
    word: &'static str,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    if source.results.inventories.is_empty() {
        return Ok(None);
    }
    let tables = source.results.inventories.iter().map(table).collect();
    Section::of("inventory", "Declared and found", &Body { tables })
}

fn table(inventory: &Inventory) -> Table<'_> {
    let looked = inventory.not_looked.is_empty() || inventory.rows.iter().any(|row| !row.found.is_empty());
    Table {
        kind: &inventory.kind,
        rows: inventory.rows.iter().take(ROWS).map(|row| view(row, looked)).collect(),
        more: inventory.rows.len().saturating_sub(ROWS),
        not_looked: gathered(&inventory.not_looked),
    }
}

fn view(row: &InventoryRow, looked: bool) -> Row<'_> {
    let (class, word) = match (&row.declared, row.found.is_empty()) {
        (Some(_), false) => ("pass", "declared and found"),
        (None, _) => ("fail", "found, not declared"),
        (Some(_), true) if looked => ("inconclusive", "declared, not found"),
        (Some(_), true) => ("not-run", "declared, not looked for"),
    };
    let found = gathered(&row.found).into_iter().map(|(samples, text)| (samples, cap_at(text, SEEN)));
    Row {
        name: &row.name,
        declared: row.declared.as_deref().unwrap_or("not declared"),
        found: found.collect(),
        class,
        word,
    }
}

/// Samples that say the same are one line.
fn gathered(found: &[Found]) -> Vec<(String, &str)> {
    let mut by_text: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    found.iter().for_each(|f| by_text.entry(&f.text).or_default().push(&f.sample));
    by_text.into_iter().map(|(text, samples)| (samples.join(", "), text)).collect()
}
