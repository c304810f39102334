//! `assay product export DOSSIER`: the tables that makers and laboratories work with.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use assay_dossier::{Shape, questions, read, write};
use serde_json::Value;

use super::document;
use crate::args::{ProductExport, TableFormat};
use crate::registry::shape;
use crate::{exit, say};

/// Exit 0 where what was written is the whole dossier: it is read back before this says so.
pub(super) fn run(args: &ProductExport) -> u8 {
    let Some(shape) = shape() else { return exit::INVALID };
    let document = match document::read(&args.dossier) {
        Ok(document) => questions::without_blanks(&document),
        Err(mistake) => {
            say::diagnostics(&[*mistake]);
            return exit::INVALID;
        }
    };
    match export(args, &document, &shape) {
        Ok(()) => exit::OK,
        Err(text) => {
            say::error("export", text, Some("`assay lint` says what is wrong with a dossier"));
            exit::INVALID
        }
    }
}

fn export(args: &ProductExport, document: &Value, shape: &Shape) -> Result<(), String> {
    let files = files(args.format, document, shape)?;
    whole(&files, document, shape)?;
    let save = |path: &Path, bytes: &[u8]| {
        document::save(path, bytes).map_err(|e| format!("{} cannot be written: {e}", path.display()))
    };
    match (&args.out, args.format, &files[..]) {
        (Some(out), TableFormat::Csv, files) => {
            std::fs::create_dir_all(out).map_err(|e| format!("{} cannot be made: {e}", out.display()))?;
            files.iter().try_for_each(|(name, bytes)| save(&out.join(name), bytes))?;
            say::result(out.display().to_string());
        }
        (Some(out), _, [(_, bytes)]) => {
            save(out, bytes)?;
            say::result(out.display().to_string());
        }
        (None, TableFormat::Json | TableFormat::Markdown, [(_, bytes)]) => say::bytes(bytes),
        (None, TableFormat::Xlsx, [(_, bytes)]) if !std::io::stdout().is_terminal() => say::bytes(bytes),
        _ => {
            return Err(
                "say where to by `--out`: a workbook is nothing for a terminal, tables are several files".into()
            );
        }
    }
    Ok(())
}

/// Names and bytes of the files of a format.
fn files(format: TableFormat, document: &Value, shape: &Shape) -> Result<Vec<(String, Vec<u8>)>, String> {
    let one = |name: &str, bytes: Vec<u8>| vec![(name.to_owned(), bytes)];
    Ok(match format {
        TableFormat::Xlsx => one("dossier.xlsx", write::xlsx(document, shape).map_err(|e| e.to_string())?),
        TableFormat::Json => one("dossier.json", write::json(document, shape).into_bytes()),
        TableFormat::Markdown => one("dossier.md", write::markdown(document, shape).into_bytes()),
        TableFormat::Csv => {
            let files = write::csv(document, shape).map_err(|e| e.to_string())?;
            files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
        }
    })
}

/// Reads the files back: tables have no room for everything that YAML can say.
fn whole(files: &[(String, Vec<u8>)], document: &Value, shape: &Shape) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| format!("no room to check what was written: {e}"))?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).map_err(|e| format!("no room to check what was written: {e}"))?;
        paths.push(path);
    }
    let reading = read::read(&paths, None, shape);
    match reading.findings.first() {
        Some(finding) => Err(format!("tables cannot say all of it: {}", finding.text)),
        None if reading.document != *document => Err(format!(
            "tables cannot say all of it: {} would be lost or changed",
            differing(&reading.document, document)
        )),
        None => Ok(()),
    }
}

/// The first key under which two documents differ.
fn differing(a: &Value, b: &Value) -> String {
    let keys = |v: &Value| v.as_object().into_iter().flatten().map(|(k, _)| k.clone()).collect::<Vec<_>>();
    let mut all = keys(a);
    all.extend(keys(b));
    match all.iter().find(|key| a.get(key.as_str()) != b.get(key.as_str())) {
        Some(key) => match (a.get(key), b.get(key)) {
            (Some(a @ Value::Object(_)), Some(b @ Value::Object(_))) => format!("{key}/{}", differing(a, b)),
            _ => key.clone(),
        },
        None => String::new(),
    }
}
