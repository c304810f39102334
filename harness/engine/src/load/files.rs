//! The files of one load: each read and parsed once, and kept for the pack.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_model::{Diagnostic, SourceFile, Span};

use super::lower::Mistakes;
use super::tree::{self, Node};
use super::{products, source};
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
        let file = self.kept(source::read(path), role, named_at, mistakes)?;
        tree::parse(&file).map_err(|diagnostic| mistakes.add(*diagnostic)).ok()
    }

    /// Reads and parses several files that another one names. A mistake points at the place where it names them.
    pub(crate) fn read_all(
        &self,
        named: &[(PathBuf, &Span)],
        role: &'static str,
        mistakes: &Mistakes,
    ) -> Vec<Option<Node>> {
        let kept: Vec<_> =
            named.iter().map(|(path, span)| self.kept(source::read(path), role, Some(span), mistakes)).collect();
        let files: Vec<_> = kept.iter().flatten().cloned().collect();
        let mut parsed = tree::parse_all(&files).into_iter();
        let mut node = |_| parsed.next()?.map_err(|diagnostic| mistakes.add(*diagnostic)).ok();
        kept.into_iter().map(|file| file.and_then(&mut node)).collect()
    }

    /// Reads the list of a survey. A mistake points at `named_at`.
    pub(crate) fn read_list(&self, path: &Path, named_at: &Span, mistakes: &Mistakes) -> Option<Arc<SourceFile>> {
        self.kept(source::read_up_to(path, products::MAX_BYTES), "products", Some(named_at), mistakes)
    }

    fn kept(
        &self,
        tried: Result<source::Source, Box<Diagnostic>>,
        role: &'static str,
        named_at: Option<&Span>,
        mistakes: &Mistakes,
    ) -> Option<Arc<SourceFile>> {
        match tried {
            Ok(source) => {
                let mut inputs = self.inputs.borrow_mut();
                if !inputs.iter().any(|i| i.file.path == source.file.path && i.role == role) {
                    inputs.push(Input { role, file: source.file.clone(), sha256: source.sha256 });
                }
                Some(source.file)
            }
            Err(mut diagnostic) => {
                diagnostic.span = diagnostic.span.take().or_else(|| named_at.cloned());
                mistakes.add(*diagnostic);
                None
            }
        }
    }

    /// The digest of a file that was read.
    pub(crate) fn sha256(&self, path: &Path) -> String {
        let inputs = self.inputs.borrow();
        inputs.iter().find(|i| i.file.path == path).map(|i| i.sha256.clone()).unwrap_or_default()
    }

    /// Those that were read elsewhere, after these.
    pub(crate) fn append(&self, other: Self) {
        self.inputs.borrow_mut().extend(other.into_inputs());
    }

    pub(crate) fn into_inputs(self) -> Vec<Input> {
        self.inputs.into_inner()
    }
}

/// A path that a file names, from that file's folder.
pub(crate) fn beside(named_in: &Span, name: &str) -> PathBuf {
    named_in.file.path.parent().map_or_else(|| PathBuf::from(name), |folder| folder.join(name))
}
