//! Workbooks. Everything is unpacked once under limits before the reader sees it; cells are streamed, so that two cells at
//! the far ends of a sheet need no memory for what lies between.

use std::io::{Cursor, Read};

use calamine::{DataRef, Dimensions, Reader, SheetVisible, Xlsx};
use zip::ZipArchive;

use super::table::{self, Cell, Content, MAX_CELLS, Table};
use crate::place::{Finding, Place};

/// Most bytes of all parts together, unpacked.
const MAX_UNPACKED: u64 = 96 << 20;
/// Most parts.
const MAX_PARTS: usize = 2_000;
/// Most sheets.
const MAX_SHEETS: usize = 200;
/// Columns beyond this one hold no field of any table.
const MAX_COLUMN: u32 = 200;

pub(super) fn tables(file: &str, bytes: Vec<u8>, findings: &mut Vec<Finding>) -> Vec<Table> {
    let place = Place::File(file.to_owned());
    if let Err(finding) = unpacks(&bytes, &place, findings) {
        findings.push(*finding);
        return Vec::new();
    }
    let broken = |e: calamine::XlsxError| {
        let help = "open it in a spreadsheet program, without its password, and save it again as .xlsx";
        Finding::mistake("import::workbook", &place, format!("this is no workbook that can be read: {e}"), help)
    };
    let mut book = match Xlsx::new(Cursor::new(bytes)) {
        Ok(book) => book,
        Err(e) => {
            findings.push(broken(e));
            return Vec::new();
        }
    };
    let (mut tables, mut left) = (Vec::new(), MAX_CELLS);
    let names = book.sheet_names();
    if names.len() > MAX_SHEETS {
        let text = format!("it has {} sheets, and {MAX_SHEETS} are the limit", names.len());
        findings.push(Finding::mistake("import::size", &place, text, "keep the sheets of the dossier"));
        return Vec::new();
    }
    let hidden: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.visible != SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect();
    for name in names {
        let merged = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
        let sheet = Sheet { file, name: &name, merged };
        match sheet.read(&mut book, &mut left, findings) {
            Ok(table) => {
                if hidden.contains(&name) {
                    findings.push(Finding::note("import::hidden", &table.place, "the sheet is hidden; it was read"));
                }
                tables.push(table);
            }
            Err(e) => findings.push(broken(e)),
        }
        if left == 0 {
            findings.push(table::too_many(&place));
            return Vec::new();
        }
    }
    tables
}

/// Unpacks every part into nothing: what a part says of its own size is not believed.
fn unpacks(bytes: &[u8], place: &Place, findings: &mut Vec<Finding>) -> Result<(), Box<Finding>> {
    let broken = |e: zip::result::ZipError| {
        let help = "an .xlsx file is a ZIP archive; older .xls files must be saved as .xlsx";
        Box::new(Finding::mistake("import::workbook", place, format!("this is no workbook: {e}"), help))
    };
    let large = || {
        let text = format!("unpacked it has more than {} MiB or {MAX_PARTS} parts", MAX_UNPACKED >> 20);
        Box::new(Finding::mistake("import::size", place, text, "no honest dossier does; ask its sender"))
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if archive.len() > MAX_PARTS {
        return Err(large());
    }
    let mut left = MAX_UNPACKED;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(broken)?;
        if part.name().map_err(broken)?.ends_with("vbaProject.bin") {
            findings.push(Finding::note("import::macros", place, "it holds macros; they were not run"));
        }
        let unpacked = std::io::copy(&mut part.take(left + 1), &mut std::io::sink());
        let size = unpacked.map_err(|e| broken(zip::result::ZipError::Io(e)))?;
        left = left.checked_sub(size).ok_or_else(large)?;
    }
    Ok(())
}

struct Sheet<'a> {
    file: &'a str,
    name: &'a str,
    merged: Vec<Dimensions>,
}

impl Sheet<'_> {
    fn place(&self) -> Place {
        Place::Sheet { file: self.file.to_owned(), sheet: self.name.to_owned() }
    }

    fn cell(&self, row: u32, column: u32) -> Place {
        Place::Cell { file: self.file.to_owned(), sheet: self.name.to_owned(), row, column }
    }

    fn read(
        &self,
        book: &mut Xlsx<Cursor<Vec<u8>>>,
        left: &mut usize,
        findings: &mut Vec<Finding>,
    ) -> Result<Table, calamine::XlsxError> {
        let mut cells = book.worksheet_cells_reader(self.name)?;
        let mut found: std::collections::BTreeMap<u32, Vec<(u32, String)>> = std::collections::BTreeMap::new();
        let mut formulas = Vec::new();
        while let Some(cell) = cells.next_cell_with_formula_metadata()? {
            let (row, column) = cell.pos;
            let place = || self.cell(row, column);
            let text = match self.text(&cell.value) {
                Ok(text) => text,
                Err((text, help)) => {
                    findings.push(Finding::mistake("import::cell", &place(), text, help));
                    continue;
                }
            };
            if cell.formula.is_some() {
                if text.is_empty() {
                    let help = "open it in a spreadsheet program and save it, or write the value";
                    findings.push(Finding::mistake(
                        "import::formula",
                        &place(),
                        "the formula has no stored value, and formulas are not worked out",
                        help,
                    ));
                }
                formulas.push(place());
            }
            if text.trim().is_empty() || column > MAX_COLUMN {
                continue;
            }
            *left = left.saturating_sub(1);
            if *left == 0 {
                break;
            }
            found.entry(row).or_default().push((column, text));
        }
        if let Some(first) = formulas.first() {
            let text = match formulas.len() {
                1 => "the cell has a formula; its stored value was taken".to_owned(),
                n => format!("this cell and {} more of the sheet have formulas; their stored values were taken", n - 1),
            };
            findings.push(Finding::note("import::formula", first, text));
        }
        // Rows are as wide as their last cell.
        let width = |cells: &Vec<(u32, String)>| cells.iter().map(|(c, _)| *c as usize + 1).max().unwrap_or(0);
        *left = left.saturating_sub(found.values().map(width).sum());
        if *left == 0 {
            found.clear();
        }
        self.merged_rows(&found, findings);
        let rows = found.into_iter().map(|(row, cells)| self.row(row, &cells)).collect();
        Ok(Table { name: self.name.to_owned(), place: self.place(), rows, exact: false })
    }

    /// A row with a cell for each column up to its last.
    fn row(&self, row: u32, cells: &[(u32, String)]) -> Vec<Cell> {
        let last = cells.iter().map(|(column, _)| *column).max().unwrap_or(0);
        (0..=last)
            .map(|column| {
                let text = cells.iter().find(|(c, _)| *c == column).map(|(_, text)| text.clone()).unwrap_or_default();
                Cell { content: Content::Text(text), place: self.cell(row, column) }
            })
            .collect()
    }

    /// A cell that is merged down over several rows of data could mean any of them. Across one row it is a title, or a
    /// value that nobody else claims.
    fn merged_rows(&self, found: &std::collections::BTreeMap<u32, Vec<(u32, String)>>, findings: &mut Vec<Finding>) {
        for area in &self.merged {
            let rows = area.start.0..=area.end.0;
            let beside = |cells: &[(u32, String)]| cells.iter().any(|(c, _)| !(area.start.1..=area.end.1).contains(c));
            let data = found.range(rows.clone()).filter(|(_, cells)| beside(cells));
            if rows.clone().count() > 1 && data.count() > 1 {
                let text = format!(
                    "cells are merged over rows {} to {}, so that it is open which of them this is said of",
                    area.start.0 + 1,
                    area.end.0 + 1
                );
                let help = "unmerge them, and write the value into each row that it is true of";
                findings.push(Finding::mistake("import::merged", &self.cell(area.start.0, area.start.1), text, help));
            }
        }
    }

    /// The cell's value as people see it, where that is beyond doubt.
    fn text(&self, value: &DataRef<'_>) -> Result<String, (String, &'static str)> {
        Ok(match value {
            DataRef::Empty => String::new(),
            DataRef::String(text) => text.clone(),
            DataRef::SharedString(text) => (*text).to_owned(),
            DataRef::Bool(flag) => flag.to_string(),
            DataRef::Int(n) => n.to_string(),
            DataRef::Float(n) if n.fract() == 0.0 && n.abs() < 1e15 => format!("{n:.0}"),
            DataRef::Float(n) => {
                let text = format!("the cell holds the number {n}, and 1.1 and 1.10 would be the same number");
                return Err((text, "format the cell as text and type it again"));
            }
            DataRef::DateTime(date) if date.is_datetime() => {
                let (year, month, day, ..) = date.to_ymd_hms_milli();
                format!("{year:04}-{month:02}-{day:02}")
            }
            DataRef::DateTime(_) | DataRef::DurationIso(_) => {
                return Err(("the cell holds a span of time".into(), "write it as text: `90 days`"));
            }
            DataRef::DateTimeIso(text) => text.split('T').next().unwrap_or(text).to_owned(),
            DataRef::Error(e) => return Err((format!("the cell shows the error {e}"), "mend the formula")),
        })
    }
}
