//! Printing: results to standard output, all else to standard error, no colour where nobody can see it.

use std::io::{IsTerminal, Write};

use assay_model::{Diagnostic, Fault, Severity};

/// One line of a result. A closed pipe (`| head`) is no error of ours.
pub(crate) fn result(line: impl AsRef<str>) {
    let _ = writeln!(std::io::stdout().lock(), "{}", line.as_ref());
}

/// Bytes of a result, as they are.
pub(crate) fn bytes(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}

/// One line for the person at the terminal.
pub(crate) fn note(line: impl AsRef<str>) {
    let _ = writeln!(anstream::stderr().lock(), "{}", line.as_ref());
}

/// An error, with the next thing to do.
pub(crate) fn error(code: &str, text: impl AsRef<str>, help: Option<&str>) {
    note(format!("error[{code}]: {}", text.as_ref()));
    if let Some(help) = help.filter(|h| !h.is_empty()) {
        note(format!("  = help: {help}"));
    }
}

/// What is amiss and stops nothing.
pub(crate) fn warning(code: &str, text: impl AsRef<str>) {
    note(format!("warning[{code}]: {}", text.as_ref()));
}

/// A fault of the lab.
pub(crate) fn fault(fault: &Fault) {
    error(&fault.code, assay_reports::visible(&fault.text), Some(&fault.help));
}

/// Mistakes in files, and how many.
pub(crate) fn diagnostics(diagnostics: &[Diagnostic]) {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    for diagnostic in diagnostics {
        note(assay_engine::diagnostics::render(diagnostic, color));
        note("");
    }
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
    let warnings = diagnostics.len() - errors;
    let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, 0) => {}
        (0, w) => note(count(w, "warning")),
        (e, 0) => note(count(e, "error")),
        (e, w) => note(format!("{}, {}", count(e, "error"), count(w, "warning"))),
    }
}

/// One JSON value on a line of its own.
pub(crate) fn json(value: &impl serde::Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => result(text),
        Err(e) => error("json", format!("the result is no JSON: {e}"), None),
    }
}
