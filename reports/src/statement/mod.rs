//! The statement of compliance (Schedule 4 of the UK regulations) from a dossier and its verdicts.
//!
//! Reads `product.statement` of the record. While a field is missing, dates disagree or an item is not met, the result is
//! a draft: it says so on its face, makes no declaration and bears no signature. It is no legal advice.

mod deemed;
mod draw;
mod fields;
mod html;

pub use draw::Statement;

use crate::ReportError;

/// The JSON Schema (draft-07) of [`json`].
pub const SCHEMA: &str = include_str!("statement.schema.json");

/// The page for people; prints on A4.
///
/// # Errors
/// Only where the template fails, which is a fault in Assay.
pub fn html(statement: &Statement) -> Result<Vec<u8>, ReportError> {
    html::render(statement)
}

/// The machine-readable form, valid against [`SCHEMA`].
///
/// # Errors
/// Only where the writer fails, which is a fault in Assay.
pub fn json(statement: &Statement) -> Result<Vec<u8>, ReportError> {
    crate::summary::pretty("statement.json", statement)
}
