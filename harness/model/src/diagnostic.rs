//! A mistake in a file that a person wrote: what, where, what was expected, what to do.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A file as it was read, kept so that a caret can be drawn under any part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// As the user named it.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
}

/// A part of a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Byte range in its text.
    pub bytes: Range<usize>,
}

impl Span {
    /// Line and column of the start, both from 1; columns count characters.
    #[must_use]
    pub fn line_column(&self) -> (usize, usize) {
        let mut at = self.bytes.start.min(self.file.text.len());
        while !self.file.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &self.file.text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        (line, column)
    }

    /// `file:line:column`, as terminals make clickable.
    #[must_use]
    pub fn place(&self) -> String {
        let (line, column) = self.line_column();
        format!("{}:{line}:{column}", self.file.path.display())
    }
}

/// How grave a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing runs: exit 2.
    Error,
    /// Runs, but someone should look.
    Warning,
}

/// A second place that belongs to a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is to be seen there.
    pub text: String,
}

/// One mistake, with its place. Collected, never first-only; rendered by `cli`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable: `plan::unknown-key`.
    pub code: &'static str,
    /// How grave.
    pub severity: Severity,
    /// Lower-case sentence fragment: what is wrong, seen against expected.
    pub message: String,
    /// Where; `None` only where no file could be read.
    pub span: Option<Span>,
    /// Short text under the caret; may be empty.
    pub caret: String,
    /// Other places.
    pub labels: Vec<Label>,
    /// The next thing to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: &'static str, message: impl Into<String>, span: Option<Span>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            span,
            caret: String::new(),
            labels: Vec::new(),
            help: None,
        }
    }

    /// A warning at `span`.
    pub fn warning(code: &'static str, message: impl Into<String>, span: Option<Span>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message, span) }
    }

    /// The same with a text under the caret.
    #[must_use]
    pub fn caret(mut self, text: impl Into<String>) -> Self {
        self.caret = text.into();
        self
    }

    /// The same with one more place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// The same with the next thing to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
}
