//! Ways that need no bench: documents, and the person at the terminal.

use std::path::Path;
use std::sync::Arc;

use assay_model::touch::document::Politeness;
use assay_model::{AddressBook, Recorder, Touches};
use tokio::sync::Mutex;

use crate::document::{DocumentSettings, DocumentSources, Library};
use crate::operator::{Terminal, TerminalOperator};

/// What the tool itself provides to units that touch no DUT: documents, whose relative paths begin in `dossier`, and a
/// terminal. Attachments go to `recorder`.
///
/// In a survey it is documents alone, asked for politely and each once; they go to `recorder` too.
#[must_use]
pub fn own_ways(recorder: Arc<dyn Recorder>, dossier: &Path, survey: Option<Politeness>) -> Touches {
    let settings = DocumentSettings { folder: dossier.to_owned(), ..DocumentSettings::default() };
    let documents = DocumentSources::new(settings, Arc::new(AddressBook::new()));
    if let Some(politeness) = survey {
        let library = documents.ok().and_then(|sources| Library::new(sources.polite(politeness), recorder).ok());
        return Touches { documents: library.map(|library| Arc::new(library) as _), ..Touches::default() };
    }
    let terminal = Terminal::standard().map(|terminal| Arc::new(Mutex::new(terminal)));
    let who = std::env::var("USER").unwrap_or_else(|_| "operator".into());
    Touches {
        // No roots of its own are given, so there is none that could be refused.
        documents: documents.ok().map(|documents| Arc::new(documents) as _),
        operator: Some(Arc::new(TerminalOperator::new(terminal, who, recorder))),
        ..Touches::default()
    }
}
