//! From a document to files.

mod csv;
mod json;
mod markdown;
mod xlsx;

pub use csv::csv;
pub use json::json;
pub use markdown::markdown;
pub use xlsx::xlsx;

/// A document could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The program that makes workbooks refused.
    #[error("the workbook cannot be made: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// A text is longer than a cell of a workbook may be.
    #[error("sheet `{sheet}`, row {row}: a text of {length} characters does not fit into a cell, which holds 32767")]
    TooLong {
        /// The sheet.
        sheet: String,
        /// The row, from 1, headings included.
        row: usize,
        /// How long it is.
        length: usize,
    },
    /// The writer of comma-separated tables refused.
    #[error("the table cannot be written: {0}")]
    Csv(#[from] ::csv::Error),
}
