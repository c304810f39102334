//! The catalogue folder.

use std::path::{Path, PathBuf};

use assay_model::{Diagnostic, Severity};

use super::files::Files;
use super::lower::suite::Seen;
use super::lower::{self, Mistakes};
use super::source::unreadable;
use crate::expr::on_big_stack;
use crate::plan::Catalogue;

/// Reads every `*.yaml` of a folder, in the order of their names, into one catalogue.
///
/// # Errors
/// Every mistake in them; an id that two files give.
pub fn load_catalogue(folder: &Path) -> Result<Catalogue, Vec<Diagnostic>> {
    on_big_stack(|| {
        let mistakes = Mistakes::default();
        let (files, mut catalogue, mut seen) = (Files::default(), Catalogue::default(), Seen::new());
        match std::fs::read_dir(folder) {
            Err(error) => mistakes.add(unreadable(folder, &error)),
            Ok(entries) => {
                let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).collect();
                paths.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
                paths.sort();
                for path in paths {
                    if let Some(node) = files.read(&path, "catalogue", None, &mistakes) {
                        lower::catalogue::lower(&node, &mut catalogue, &mut seen, &mistakes);
                    }
                }
            }
        }
        let found = mistakes.take();
        if found.iter().any(|d| d.severity == Severity::Error) { Err(found) } else { Ok(catalogue) }
    })
}
