//! The files of one load: each read and parsed once, and kept for the pack.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use assay_model::Span;

use super::lower::Mistakes;
use super::source;
use super::tree::{self, Node};
use crate::plan::Input;

/// Everything that was read, in order.
#[derive(Default)]
pub(crate) struct Files {
    inputs: RefCell<Vec<Input>>,
}

impl Files {
    /// Reads and parses `path`. A mistake points at `named_at`, where another file names it.
    pub(crate) fn read(
        &self,
        path: &Path,
        role: &'static str,
        named_at: Option<&Span>,
        mistakes: &Mistakes,
    ) -> Option<Node> {
        let tried = source::read(path).map_err(|mut d| {
            d.span = d.span.take().or_else(|| named_at.cloned());
            d
        });
        let parsed = tried.and_then(|source| {
            let mut inputs = self.inputs.borrow_mut();
            if !inputs.iter().any(|i| i.file.path == source.file.path && i.role == role) {
                inputs.push(Input { role, file: source.file.clone(), sha256: source.sha256 });
            }
            tree::parse(&source.file)
        });
        parsed.map_err(|diagnostic| mistakes.add(*diagnostic)).ok()
    }

    /// The digest of a file that was read.
    pub(crate) fn sha256(&self, path: &Path) -> String {
        let inputs = self.inputs.borrow();
        inputs.iter().find(|i| i.file.path == path).map(|i| i.sha256.clone()).unwrap_or_default()
    }

    pub(crate) fn into_inputs(self) -> Vec<Input> {
        self.inputs.into_inner()
    }
}

/// A path that a file names, from that file's folder.
pub(crate) fn beside(named_in: &Span, name: &str) -> PathBuf {
    named_in.file.path.parent().map_or_else(|| PathBuf::from(name), |folder| folder.join(name))
}
