//! What a person attaches to an answer: a photo or another file by its path, or a text that is typed.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use assay_model::{Direction, EvidenceKind, Recorder, StreamMeta};
use serde_json::{Map, json};

/// A photo of a label has a few megabytes; a film has no place here.
const LARGEST: u64 = 64 * 1024 * 1024;

/// An attachment that was looked at and can be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attachment {
    kind: String,
    /// The file; `None` for a typed text.
    path: Option<PathBuf>,
    text: String,
}

/// What to ask for.
pub(super) fn prompt(kind: &str) -> String {
    match kind {
        "text" => "text".to_owned(),
        other => format!("path of the {}", super::escaped(other)),
    }
}

/// Looks whether `line` can be attached as `kind`.
pub(super) fn check(kind: &str, line: &str) -> Result<Attachment, String> {
    if line.is_empty() {
        return Err(format!("a {kind} is required"));
    }
    if kind == "text" {
        return Ok(Attachment { kind: kind.to_owned(), path: None, text: line.to_owned() });
    }
    // Terminals quote a file that is dropped on them.
    let path = PathBuf::from(line.trim_matches(['\'', '"']));
    let meta = path.metadata().map_err(|e| format!("`{}` cannot be read: {e}", path.display()))?;
    if !meta.is_file() {
        return Err(format!("`{}` is no file", path.display()));
    }
    if meta.len() > LARGEST {
        return Err(format!("`{}` has {} bytes; at most {LARGEST} are taken", path.display(), meta.len()));
    }
    File::open(&path).map_err(|e| format!("`{}` cannot be read: {e}", path.display()))?;
    Ok(Attachment { kind: kind.to_owned(), path: Some(path), text: String::new() })
}

impl Attachment {
    /// Streams it into evidence of its own; what the answer says of it.
    pub(super) fn keep(&self, unit: &str, recorder: &dyn Recorder) -> std::io::Result<String> {
        let shown = self.path.as_ref().map_or_else(|| "terminal".to_owned(), |p| p.display().to_string());
        let name = self.path.as_ref().and_then(|p| p.file_name()).map(|n| n.to_string_lossy().into_owned());
        let mut settings = Map::new();
        settings.insert("unit".into(), json!(unit));
        let mut stream = recorder.stream(StreamMeta {
            kind: match self.kind.as_str() {
                "photo" => EvidenceKind::Image,
                "text" => EvidenceKind::Statement,
                _ => EvidenceKind::Document,
            },
            title: format!("{} for {unit}", self.kind),
            source: shown.clone(),
            file: name.unwrap_or_else(|| "statement.txt".to_owned()),
            settings,
        });
        match &self.path {
            None => stream.append(Direction::In, self.text.as_bytes()),
            Some(path) => {
                let mut file = File::open(path)?.take(LARGEST);
                let mut piece = vec![0; 64 * 1024];
                loop {
                    match file.read(&mut piece)? {
                        0 => break,
                        n => stream.append(Direction::In, &piece[..n]),
                    }
                }
            }
        }
        Ok(format!("{} {shown}", stream.id()))
    }
}
