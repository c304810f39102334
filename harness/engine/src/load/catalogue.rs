//! The catalogue folder.

use std::path::{Path, PathBuf};

use std::sync::Arc;

use assay_model::{Diagnostic, Severity, SourceFile};

use super::files::Files;
use super::lower::catalogue::Known;
use super::lower::{self, Mistakes};
use super::source::unreadable;
use super::tree;
use crate::expr::on_big_stack;
use crate::plan::Catalogue;

/// One catalogue of several texts, such as the ones that a binary carries: name and text of each.
///
/// # Errors
/// Every mistake in them; an id that two texts give.
pub fn catalogue_of(texts: &[(&str, &str)]) -> Result<Catalogue, Vec<Diagnostic>> {
    on_big_stack(|| {
        let mistakes = Mistakes::default();
        let (mut catalogue, mut known) = (Catalogue::default(), Known::default());
        let file = |(name, text): &(&str, &str)| SourceFile { path: PathBuf::from(name), text: (*text).to_owned() };
        let files: Vec<_> = texts.iter().map(|text| Arc::new(file(text))).collect();
        for parsed in tree::parse_all(&files) {
            match parsed {
                Ok(node) => lower::catalogue::lower(&node, &mut catalogue, &mut known, &mistakes),
                Err(diagnostic) => mistakes.add(*diagnostic),
            }
        }
        let found = mistakes.take();
        if found.iter().any(|d| d.severity == Severity::Error) { Err(found) } else { Ok(catalogue) }
    })
}

/// Reads every `*.yaml` of a folder, in the order of their names, into one catalogue.
///
/// # Errors
/// Every mistake in them; an id that two files give.
pub fn load_catalogue(folder: &Path) -> Result<Catalogue, Vec<Diagnostic>> {
    on_big_stack(|| {
        let mistakes = Mistakes::default();
        let (files, mut catalogue, mut known) = (Files::default(), Catalogue::default(), Known::default());
        match std::fs::read_dir(folder) {
            Err(error) => mistakes.add(unreadable(folder, &error)),
            Ok(entries) => {
                let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).collect();
                paths.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
                // Rules compute with catalogues that stand before them.
                paths.sort_by_key(|path| {
                    (path.file_stem().is_some_and(|n| n.to_string_lossy().ends_with("rules")), path.clone())
                });
                for path in paths {
                    if let Some(node) = files.read(&path, "catalogue", None, &mistakes) {
                        lower::catalogue::lower(&node, &mut catalogue, &mut known, &mistakes);
                    }
                }
            }
        }
        let found = mistakes.take();
        if found.iter().any(|d| d.severity == Severity::Error) { Err(found) } else { Ok(catalogue) }
    })
}
