//! A workbook: a sheet for each table.

use rust_xlsxwriter::{Format, FormatAlign, Workbook};
use serde_json::Value;

use super::WriteError;
use crate::shape::Shape;
use crate::tables;

/// Most characters of a cell.
const MAX_CELL: usize = 32_767;
/// Widths of columns, in characters.
const NARROW: f64 = 18.0;
const WIDE: f64 = 60.0;

/// The bytes of an `.xlsx` file.
///
/// # Errors
/// A text that no cell can hold.
pub fn xlsx(document: &Value, shape: &Shape) -> Result<Vec<u8>, WriteError> {
    let mut book = Workbook::new();
    let head = Format::new().set_bold();
    // Text cells stay text when somebody types into them: 1.10 keeps its nought.
    let text = Format::new().set_num_format("@").set_text_wrap().set_align(FormatAlign::Top);
    for sheet in tables::of(document, shape) {
        let page = book.add_worksheet();
        page.set_name(&sheet.name)?;
        page.set_freeze_panes(1, 0)?;
        for (column, heading) in (0_u16..).zip(&sheet.headings) {
            page.write_string_with_format(0, column, heading, &head)?;
            let long = sheet.rows.iter().filter_map(|r| r.get(usize::from(column))).any(|c| c.len() > 40);
            page.set_column_width(column, if long { WIDE } else { NARROW })?;
            page.set_column_format(column, &text)?;
        }
        for (row, cells) in (1_u32..).zip(&sheet.rows) {
            for (column, cell) in (0_u16..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                let length = cell.encode_utf16().count();
                if length > MAX_CELL {
                    return Err(WriteError::TooLong { sheet: sheet.name.clone(), row: row as usize + 1, length });
                }
                page.write_string_with_format(row, column, cell, &text)?;
            }
        }
    }
    Ok(book.save_to_buffer()?)
}
