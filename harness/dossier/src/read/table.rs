//! Tables as they stand in files: rows of cells, each with its place.

use serde_json::Value;

use crate::place::{Finding, Place};

/// Most cells of a file, empty ones between others included. The largest honest dossiers have a tenth of it.
pub(super) const MAX_CELLS: usize = 200_000;

/// Says that a file has more cells than that.
pub(super) fn too_many(place: &Place) -> Finding {
    let text = format!("it has more than {MAX_CELLS} cells");
    Finding::mistake("import::size", place, text, "keep the tables of the dossier")
}

/// A cell.
#[derive(Debug, Clone)]
pub struct Cell {
    /// What stands in it.
    pub content: Content,
    /// Where.
    pub place: Place,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Text, in the notation of cells.
    Text(String),
    /// A value with its type, from a file that has types.
    Value(Value),
}

impl Cell {
    /// The cell as text: of a value that is no text, its JSON.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.content {
            Content::Text(text) | Content::Value(Value::String(text)) => text.clone(),
            Content::Value(Value::Null) => String::new(),
            Content::Value(other) => other.to_string(),
        }
    }

    /// Whether nothing stands in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.content {
            Content::Text(text) => text.trim().is_empty(),
            Content::Value(value) => value.is_null(),
        }
    }
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// What the file calls it: a sheet's name, a file's stem, a heading.
    pub name: String,
    /// The whole table's place.
    pub place: Place,
    /// Its rows, headings included; titles above may be among them.
    pub rows: Vec<Vec<Cell>>,
    /// From a file of ours that has types: values are as they are, and texts are no notation.
    pub exact: bool,
}
