//! `assay product import FILE...`: a dossier out of workbooks, tables, JSON and Markdown.

use std::path::Path;

use assay_dossier::{Weight, read, yaml};
use assay_model::{Diagnostic, Severity};

use super::document;
use crate::args::ProductImport;
use crate::registry::{registry, shape};
use crate::{exit, say};

/// Exit 0 where the dossier is whole, 2 where files or rules say otherwise. What cannot be taken writes nothing.
pub(super) fn run(args: &ProductImport) -> u8 {
    let Some(shape) = shape() else { return exit::INVALID };
    if let Some(out) = args.out.as_ref().filter(|out| out.exists() && !args.replace) {
        let text = format!("{} is there already", out.display());
        say::error("import::exists", text, Some("name another file, or say `--replace`"));
        return exit::INVALID;
    }
    let reading = read::read(&args.files, args.edition.as_deref(), &shape);
    document::findings(&reading.findings);
    if !reading.is_sound() {
        let mistakes = reading.findings.iter().filter(|f| f.weight == Weight::Mistake).count();
        say::note(format!("nothing was written: {mistakes} mistake{}", if mistakes == 1 { "" } else { "s" }));
        return exit::INVALID;
    }
    let written = yaml::text(&reading.document, &shape, false);
    let name = args.out.as_deref().unwrap_or(Path::new("dossier"));
    let found = document::lint(&written, name, &registry());
    for mistake in &found {
        let from = document::path_of(mistake, &written).and_then(|path| reading.origins.of(path));
        told(mistake, from.map(ToString::to_string));
    }
    match &args.out {
        None => say::bytes(written.text.as_bytes()),
        Some(out) => {
            if let Err(e) = document::save(out, written.text.as_bytes()) {
                say::error("import::write", format!("{} cannot be written: {e}", out.display()), None);
                return exit::INVALID;
            }
            say::result(out.display().to_string());
        }
    }
    let errors = found.iter().filter(|d| d.severity == Severity::Error).count();
    if errors == 0 {
        return exit::OK;
    }
    say::note(format!(
        "the dossier says what the files say; {errors} thing{} must be mended before it can be run",
        if errors == 1 { "" } else { "s" }
    ));
    exit::INVALID
}

/// A mistake of the rules, with the cell or line that it came from.
fn told(mistake: &Diagnostic, from: Option<String>) {
    let word = if mistake.severity == Severity::Error { "error" } else { "warning" };
    say::note(format!("{word}[{}]: {}", mistake.code, assay_reports::visible(&mistake.message)));
    let place = mistake.span.as_ref().map(assay_model::Span::place);
    for place in from.iter().chain(place.iter()) {
        say::note(format!("  --> {}", assay_reports::visible(place)));
    }
    if let Some(help) = &mistake.help {
        say::note(format!("  = help: {}", assay_reports::visible(help)));
    }
    say::note("");
}
