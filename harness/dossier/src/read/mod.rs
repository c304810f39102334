//! From files to a document, with every mistake at once.

mod csv;
mod document;
mod ics;
mod json;
mod markdown;
mod recognise;
mod rows;
mod source;
mod table;
mod xlsx;

use std::path::{Path, PathBuf};

use serde_json::Value;

pub use table::{Cell, Table};

use crate::place::{Finding, Origins, Place, Weight};
use crate::shape::Shape;
use document::Document;

/// Most findings that are kept; the rest are counted.
const MAX_FINDINGS: usize = 500;

/// What files came to.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The JSON form of a dossier, `assay: product/1`. Not whole where there are mistakes.
    pub document: Value,
    /// Where its values came from.
    pub origins: Origins,
    /// Mistakes and notes, in the order of the files.
    pub findings: Vec<Finding>,
}

impl Reading {
    /// Whether nothing forbids to take the document.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|f| f.weight == Weight::Note)
    }
}

/// Reads workbooks (`.xlsx`, `.xlsm`), comma-separated tables (`.csv`, `.tsv`), `.json` and Markdown (`.md`): together
/// they are one dossier. `edition` is what the user says that they follow, for files that do not say it.
#[must_use]
pub fn read(files: &[PathBuf], edition: Option<&str>, shape: &Shape) -> Reading {
    let mut findings = Vec::new();
    let mut document = Document::new(shape, edition);
    for path in files {
        for table in tables(path, shape, &mut findings) {
            document.take(&table, &mut findings);
        }
    }
    let (value, origins) = document.finish(&mut findings);
    if findings.len() > MAX_FINDINGS {
        let more = findings.len() - MAX_FINDINGS;
        let place = findings[MAX_FINDINGS].place.clone();
        findings.truncate(MAX_FINDINGS);
        let text = format!("{more} more findings are not listed");
        findings.push(Finding::mistake("import::many", &place, text, "mend those above first"));
    }
    Reading { document: value, origins, findings }
}

/// The tables of one file, by what its name ends in.
fn tables(path: &Path, shape: &Shape, findings: &mut Vec<Finding>) -> Vec<Table> {
    let bytes = match source::read(path) {
        Ok(bytes) => bytes,
        Err(finding) => {
            findings.push(*finding);
            return Vec::new();
        }
    };
    let file = path.display().to_string();
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let named = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    match ending.as_str() {
        "xlsx" | "xlsm" => xlsx::tables(&file, bytes, findings),
        "csv" | "tsv" => csv::tables(&file, &named, &bytes, findings),
        "json" => json::tables(&file, &bytes, findings),
        "md" | "markdown" => markdown::tables(&file, &named, &bytes, shape, findings),
        other => {
            let text = format!("there is no way to read `.{other}` files");
            let help = "save it as .xlsx, .csv, .json or .md";
            findings.push(Finding::mistake("import::format", &Place::File(file), text, help));
            Vec::new()
        }
    }
}
