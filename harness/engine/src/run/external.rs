//! Documents from elsewhere, copied into the pack.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use assay_model::journal::{Ref, kind};
use assay_model::{Direction, EvidenceKind, Fault, Recorder as _, StreamMeta};
use serde_json::{Map, json};

use super::dispatcher::Sender;
use super::evidence::{StepRecorder, Store};
use super::step::note;
use crate::plan::External;

/// Keeps every accepted document. One that cannot be read any more is the lab's trouble, told in the journal: its groups are
/// then covered by a number without a copy.
pub(super) fn keep(documents: &[External], store: &Arc<Store>, sender: &Sender) {
    for External { evidence, path } in documents.iter().filter(|d| d.evidence.accepted) {
        match copy(path, &format!("{} of {}", evidence.number, evidence.issuer), store) {
            Ok(id) => {
                let data = json!({"number": evidence.number, "evidence": id});
                sender.append(note(kind::EXTERNAL_KEPT, Ref::default(), data));
            }
            Err(error) => {
                let text = format!("document {} could not be kept from {}: {error}", evidence.number, path.display());
                let data = json!({"phase": "external", "fault": Fault::bench("external-evidence", text)});
                sender.append(note(kind::INFRA_FAULT, Ref::default(), data));
            }
        }
    }
}

fn copy(path: &Path, title: &str, store: &Arc<Store>) -> std::io::Result<String> {
    let mut input = File::open(path)?;
    let name = path.file_name().map_or_else(|| "document.bin".into(), |n| n.to_string_lossy().into_owned());
    let recorder = StepRecorder::new(store.clone(), Ref::default());
    let mut stream = recorder.stream(StreamMeta {
        kind: EvidenceKind::Document,
        title: title.to_owned(),
        source: path.display().to_string(),
        file: if name.contains('.') { name } else { format!("{name}.bin") },
        settings: Map::new(),
    });
    let mut chunk = vec![0; 1 << 16];
    loop {
        match input.read(&mut chunk)? {
            0 => break,
            length => stream.append(Direction::In, &chunk[..length]),
        }
    }
    let id = stream.id().to_string();
    drop(stream);
    recorder.finish();
    Ok(id)
}
