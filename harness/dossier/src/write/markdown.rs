//! Markdown: a heading and a table with pipes for each table.

use std::fmt::Write;

use serde_json::Value;

use crate::shape::Shape;
use crate::tables;

/// One text.
#[must_use]
pub fn markdown(document: &Value, shape: &Shape) -> String {
    let mut text = String::from("# Dossier\n");
    for sheet in tables::of(document, shape) {
        let title =
            if sheet.title == sheet.name { sheet.name.clone() } else { format!("{}: {}", sheet.name, sheet.title) };
        let _ = write!(text, "\n## {title}\n\n{}", line(&sheet.headings));
        text.push_str(&format!("|{}\n", " --- |".repeat(sheet.headings.len())));
        sheet.rows.iter().for_each(|row| text.push_str(&line(row)));
    }
    text
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn escaped(cell: &str) -> String {
    cell.replace('\\', "\\\\").replace('|', "\\|").replace('<', "\\<").replace('\n', "<br>")
}
