//! Dossiers as files: read to JSON, written as YAML, held against the rules.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use assay_dossier::yaml::Written;
use assay_dossier::{Finding, Weight};
use assay_engine::load::{self, source, tree};
use assay_engine::plan::Registry;
use assay_model::{Diagnostic, SourceFile};
use serde_json::Value;

use crate::say;

/// The JSON of a YAML file.
pub(super) fn read(path: &Path) -> Result<Value, Box<Diagnostic>> {
    let source = source::read(path)?;
    Ok(tree::parse(&source.file)?.json())
}

/// Everything that the rules find in a written document, named `path` in messages.
pub(super) fn lint(written: &Written, path: &Path, registry: &Registry) -> Vec<Diagnostic> {
    let file = SourceFile { path: path.to_owned(), text: written.text.clone() };
    load::lint_product(&Arc::new(file), registry)
}

/// Where in the document a mistake stands: keys and row ids separated by `/`.
pub(super) fn path_of<'w>(mistake: &Diagnostic, written: &'w Written) -> Option<&'w str> {
    written.path_of_line(mistake.span.as_ref()?.line_column().0)
}

/// Writes a file as a whole or not at all.
pub(super) fn save(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let part = folder.join(format!(".{name}.part"));
    let written = std::fs::File::create(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| std::fs::rename(&part, path)).inspect_err(|_| drop(std::fs::remove_file(&part)))
}

/// Says what was found in imported files.
pub(super) fn findings(findings: &[Finding]) {
    for finding in findings {
        let word = if finding.weight == Weight::Mistake { "error" } else { "note" };
        say::note(format!("{word}[{}]: {}", finding.code, assay_reports::visible(&finding.text)));
        say::note(format!("  --> {}", assay_reports::visible(&finding.place.to_string())));
        if !finding.help.is_empty() {
            say::note(format!("  = help: {}", finding.help));
        }
        say::note("");
    }
}
