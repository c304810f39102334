//! Where the bytes of an expression stand in the file that it came from.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use assay_model::{SourceFile, Span};

/// Maps bytes of a text to bytes of its file: the two differ in quoted, folded and block scalars.
#[derive(Debug, Clone)]
pub struct Place {
    file: Arc<SourceFile>,
    /// For each byte of the text, and one past its end, the byte in the file. Never decreasing.
    at: Arc<[usize]>,
}

impl Place {
    /// `at` has one entry for each byte of the text and one for its end.
    #[must_use]
    pub fn new(file: Arc<SourceFile>, at: Vec<usize>) -> Self {
        Self { file, at: at.into() }
    }

    /// A text that is its own file, called `name`.
    #[must_use]
    pub fn standalone(text: &str, name: &str) -> Self {
        let file = SourceFile { path: PathBuf::from(name), text: text.to_owned() };
        Self::new(Arc::new(file), (0..=text.len()).collect())
    }

    /// The place of a part of the text.
    #[must_use]
    pub fn part(&self, bytes: Range<usize>) -> Self {
        let end = self.at.len().saturating_sub(1);
        let (start, stop) = (bytes.start.min(end), bytes.end.min(end));
        Self { file: Arc::clone(&self.file), at: self.at.get(start..=stop).unwrap_or(&[0]).into() }
    }

    /// The span of a part of the text.
    #[must_use]
    pub fn span(&self, bytes: Range<usize>) -> Span {
        let end = self.at.len().saturating_sub(1);
        let start = self.at.get(bytes.start.min(end)).copied().unwrap_or_default();
        // The end is taken from the last byte inside, so that a span never runs over an escape or a line break after it.
        let stop = match bytes.end.checked_sub(1) {
            Some(last) if last >= bytes.start => self.at.get(last.min(end)).map_or(start, |b| b + 1),
            _ => start,
        };
        let text = &self.file.text;
        let start = (0..=start.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let stop = (stop.max(start)..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        Span { file: Arc::clone(&self.file), bytes: start..stop }
    }
}
