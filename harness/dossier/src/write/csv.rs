//! Comma-separated tables: a file for each.

use serde_json::Value;

use super::WriteError;
use crate::shape::Shape;
use crate::tables;

/// File names, ending in `.csv`, each with its text.
///
/// # Errors
/// None that a document could cause; the writer's own.
pub fn csv(document: &Value, shape: &Shape) -> Result<Vec<(String, String)>, WriteError> {
    let mut files = Vec::new();
    for sheet in tables::of(document, shape) {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        writer.write_record(&sheet.headings)?;
        for row in &sheet.rows {
            writer.write_record(row)?;
        }
        let bytes = writer.into_inner().map_err(|e| ::csv::Error::from(e.into_error()))?;
        files.push((format!("{}.csv", sheet.name), String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(files)
}
