//! Evidence on disk: one folder an item, `evidence/E-0007/`, written as it comes, so memory does not grow with a run.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use assay_model::journal::{Ref, kind};
use assay_model::{EvidenceId, EvidenceKind, EvidenceStream, Exchange, Fault, Outcome, Recorder, StreamMeta};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::dispatcher::Sender;
use super::original::Original;
use super::stream::Stream;
use crate::journal::{Clock, Entry};
use crate::redact::{LabKey, StreamRedactor, Vault, holds_a_secret};

/// Longest excerpt for a report, in bytes.
pub(super) const EXCERPT_BYTES: usize = 2048;
/// Faults inside one step that are told; more of them say nothing new.
const FAULTS_TOLD: usize = 16;

/// Makes evidence items, and knows which are open.
pub(super) struct Store {
    root: PathBuf,
    pub(super) lab_key: Option<LabKey>,
    pub(super) vault: Arc<Vault>,
    pub(super) sender: Sender,
    pub(super) clock: Clock,
    next: AtomicU32,
    open: Mutex<BTreeMap<EvidenceId, Arc<Mutex<Option<Item>>>>>,
}

/// An open item.
pub(super) struct Item {
    id: EvidenceId,
    about: Ref,
    meta: StreamMeta,
    folder: PathBuf,
    started: String,
    started_ns: u64,
    registered: usize,
    dropped: Vec<Value>,
    lost_units: u64,
    content: Content,
}

enum Content {
    Exchanges { out: Box<OutFile>, excerpt: String, count: u64 },
    Stream(Box<Stream>),
}

/// A file with its digest, made while it is written.
pub(super) struct OutFile {
    pub(super) path: PathBuf,
    file: File,
    sha256: Sha256,
    pub(super) size: u64,
    /// Places replaced by a redactor in front of this file.
    pub(super) hits: u64,
    /// What it was before, for the lab alone.
    pub(super) original: Option<Original>,
}

impl OutFile {
    pub(super) fn create(path: PathBuf) -> io::Result<Self> {
        let file = File::create_new(&path)?;
        Ok(Self { path, file, sha256: Sha256::new(), size: 0, hits: 0, original: None })
    }

    /// With its original beside it, where the lab has a key for that.
    pub(super) fn beside_original(path: PathBuf, lab_key: Option<&LabKey>) -> io::Result<Self> {
        let original = lab_key.map(|key| Original::create(&path, key)).transpose()?;
        Ok(Self { original, ..Self::create(path)? })
    }

    /// Takes a piece of the original, before redaction.
    pub(super) fn write_original(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.original.as_mut().map_or(Ok(()), |original| original.write(bytes))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.sha256.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Syncs and gives what `evidence.close` says of it, but for its path.
    pub(super) fn seal(self) -> io::Result<(PathBuf, Value)> {
        self.file.sync_all()?;
        let digest = hex::encode(self.sha256.finalize());
        Ok((self.path, json!({"size": self.size, "sha256": digest, "redactions": self.hits})))
    }

    /// Syncs, and takes out what was registered as a secret only after it had been written.
    /// Gives what `evidence.close` says of the file, and of its original where that is kept.
    fn close(mut self, vault: &Arc<Vault>, again: bool) -> io::Result<Vec<(PathBuf, Value)>> {
        self.file.sync_all()?;
        if again && let Some(clean) = redacted_twin(&self.path, vault)? {
            clean.file.sync_all()?;
            fs::rename(&clean.path, &self.path)?;
            (self.sha256, self.size) = (clean.sha256, clean.size);
            self.hits += clean.hits;
        }
        let on_disk = fs::metadata(&self.path)?.len();
        if on_disk != self.size {
            let text = format!("{} has {on_disk} bytes, and {} were written", self.path.display(), self.size);
            return Err(io::Error::other(text));
        }
        let digest = hex::encode(self.sha256.finalize());
        let mut kept = vec![(self.path, json!({"size": self.size, "sha256": digest, "redactions": self.hits}))];
        match self.original {
            Some(original) if self.hits > 0 => kept.push(original.keep()?),
            Some(original) => original.discard()?,
            None => {}
        }
        Ok(kept)
    }
}

/// A copy of a file without the secrets known by now; none where it holds none, which is nearly always so.
pub(super) fn redacted_twin(path: &Path, vault: &Arc<Vault>) -> io::Result<Option<OutFile>> {
    if !holds_a_secret(path, vault)? {
        return Ok(None);
    }
    let mut input = File::open(path)?;
    let mut redactor = StreamRedactor::new(vault.clone());
    let mut twin = OutFile::create(path.with_added_extension("tmp"))?;
    let (mut chunk, mut clean) = (vec![0; 1 << 16], Vec::new());
    loop {
        let length = input.read(&mut chunk)?;
        clean.clear();
        if length == 0 {
            redactor.finish(&mut clean);
        } else {
            redactor.push(&chunk[..length], &mut clean);
        }
        twin.write(&clean)?;
        if length == 0 {
            break;
        }
    }
    twin.hits = redactor.hits();
    Ok(Some(twin))
}

impl Store {
    pub(super) fn new(
        root: PathBuf,
        lab_key: Option<LabKey>,
        vault: Arc<Vault>,
        sender: Sender,
        clock: Clock,
        next: u32,
    ) -> Arc<Self> {
        Arc::new(Self { root, lab_key, vault, sender, clock, next: AtomicU32::new(next), open: Mutex::default() })
    }

    fn begin(&self, about: &Ref, meta: StreamMeta, exchanges: bool) -> io::Result<Arc<Mutex<Option<Item>>>> {
        let id = EvidenceId(self.next.fetch_add(1, Ordering::Relaxed));
        let folder = self.root.join(id.to_string());
        fs::create_dir_all(&folder)?;
        let content = if exchanges {
            let out = Box::new(OutFile::beside_original(folder.join("exchanges.jsonl"), self.lab_key.as_ref())?);
            Content::Exchanges { out, excerpt: String::new(), count: 0 }
        } else {
            Content::Stream(Box::new(Stream::create(&folder, &meta.file, &self.vault, self.lab_key.as_ref())?))
        };
        let opened = json!({"id": id, "kind": meta.kind, "title": meta.title, "source": meta.source});
        self.sender.append(Entry::tool(kind::EVIDENCE_OPEN, about.clone(), opened));
        let item = Item {
            id,
            about: about.clone(),
            meta,
            folder,
            started: crate::journal::utc_now(),
            started_ns: self.clock.now_ns(),
            registered: self.vault.registered(),
            dropped: Vec::new(),
            lost_units: 0,
            content,
        };
        let item = Arc::new(Mutex::new(Some(item)));
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id, item.clone());
        Ok(item)
    }

    /// Closes an item in its turn; closing twice does nothing.
    fn close(&self, id: EvidenceId) {
        let slot = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let item = slot.and_then(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(item) = item {
            let (vault, ended_ns) = (self.vault.clone(), self.clock.now_ns());
            self.sender.close(Box::new(move || {
                let path = item.folder.clone();
                item.close(&vault, ended_ns).map_err(|e| format!("{}: {e}", path.display()))
            }));
        }
    }

    /// Closes what its owner left open: a console whose driver outlived the bench.
    pub(super) fn close_all(&self) {
        let ids: Vec<_> = self.open.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect();
        ids.into_iter().for_each(|id| self.close(id));
    }

    fn lost(&self, error: &io::Error) {
        self.sender.lost().report(format!("evidence below {}: {error}", self.root.display()));
    }
}

impl Item {
    fn close(self, vault: &Arc<Vault>, ended_ns: u64) -> io::Result<Entry> {
        let again = vault.registered() != self.registered;
        let (files, excerpt, count) = match self.content {
            Content::Exchanges { out, excerpt, count } => (vec![*out], excerpt, Some(count)),
            Content::Stream(stream) => {
                let (files, excerpt) = stream.finish()?;
                (files, excerpt, None)
            }
        };
        let mut listed = Vec::new();
        for file in files {
            for (path, mut facts) in file.close(vault, again)? {
                let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                facts["path"] = json!(format!("evidence/{}/{name}", self.id));
                listed.push(facts);
            }
        }
        let excerpt = vault.redact_str(&excerpt).into_owned();
        let redactions: u64 = listed.iter().filter_map(|f| f["redactions"].as_u64()).sum();
        let meta = json!({
            "evidence_id": self.id,
            "kind": self.meta.kind,
            "title": vault.redact_str(&self.meta.title),
            "sample_id": self.about.sample,
            "source": vault.redact_str(&self.meta.source),
            "settings": vault.redact_json(Value::Object(self.meta.settings)),
            "started": self.started,
            "ended": crate::journal::utc_now(),
            "mono_start_ns": self.started_ns,
            "mono_end_ns": ended_ns,
            "exchanges": count,
            "dropped": {"count": self.lost_units, "reports": self.dropped},
            "files": listed,
            "refs": [self.about],
            "redactions": redactions,
            "original_kept": redactions == 0 || listed.iter().any(|file| file["sensitivity"] == "restricted"),
        });
        let path = self.folder.join("meta.json");
        let mut out = OutFile::create(path)?;
        out.write(&serde_json::to_vec_pretty(&vault.redact_json(meta.clone()))?)?;
        out.write(b"\n")?;
        let (_, mut facts) = out.seal()?;
        facts["path"] = json!(format!("evidence/{}/meta.json", self.id));
        listed.push(facts);
        File::open(&self.folder)?.sync_all()?;
        let data = json!({
            "id": self.id,
            "kind": self.meta.kind,
            "title": meta["title"],
            "files": listed,
            "excerpt": excerpt,
            "dropped": self.lost_units,
            "redactions": redactions,
        });
        Ok(Entry::tool(kind::EVIDENCE_CLOSE, self.about, data))
    }
}

/// What a step left behind.
#[derive(Debug, Default)]
pub(super) struct Left {
    pub(super) evidence: Vec<String>,
    pub(super) dropped: u64,
    /// Faults of single exchanges, with their window.
    pub(super) faults: Vec<(Fault, u64, u64)>,
}

/// The recorder of one step, or of a DUT for the whole run.
pub(super) struct StepRecorder {
    store: Arc<Store>,
    about: Ref,
    state: Arc<Mutex<State>>,
    dropped: Arc<AtomicU64>,
}

#[derive(Default)]
struct State {
    exchanges: Option<(EvidenceId, Arc<Mutex<Option<Item>>>)>,
    ids: Vec<EvidenceId>,
    faults: Vec<(Fault, u64, u64)>,
    /// Streams whose owner is done with them: closed with the step, so that a secret that the check learns from one and
    /// registers afterwards is still taken out.
    left: Vec<EvidenceId>,
    finished: bool,
}

impl StepRecorder {
    pub(super) fn new(store: Arc<Store>, about: Ref) -> Arc<Self> {
        Arc::new(Self { store, about, state: Arc::default(), dropped: Arc::default() })
    }

    /// Ends the step: its exchanges are closed, and the streams that nobody holds any more; the others end with their
    /// owners.
    pub(super) fn finish(&self) -> Left {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((id, _)) = state.exchanges.take() {
            self.store.close(id);
        }
        state.finished = true;
        state.left.drain(..).for_each(|id| self.store.close(id));
        Left {
            evidence: state.ids.iter().map(ToString::to_string).collect(),
            dropped: self.dropped(),
            faults: std::mem::take(&mut state.faults),
        }
    }

    /// Bytes or packets lost so far.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn keep(&self, exchange: &Exchange) -> io::Result<()> {
        let value = serde_json::to_value(exchange)?;
        let clean = self.store.vault.redact_json(value.clone());
        let redacted = clean != value;
        let original = self.store.lab_key.as_ref().map(|_| serde_json::to_vec(&value)).transpose()?;
        let mut line = serde_json::to_vec(&clean)?;
        line.push(b'\n');
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Outcome::Fault(fault), true) = (&exchange.outcome, state.faults.len() < FAULTS_TOLD) {
            state.faults.push((fault.clone(), exchange.started_ns, exchange.ended_ns));
        }
        if state.exchanges.is_none() {
            let step = self.about.step.as_deref().unwrap_or("the run");
            let meta = StreamMeta {
                kind: EvidenceKind::Exchanges,
                title: format!("exchanges of {step}"),
                source: exchange.protocol.clone(),
                file: "exchanges.jsonl".into(),
                settings: Map::new(),
            };
            let item = self.store.begin(&self.about, meta, true)?;
            let id = item.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|i| i.id);
            let Some(id) = id else { return Ok(()) };
            state.ids.push(id);
            state.exchanges = Some((id, item));
        }
        let Some((_, item)) = &state.exchanges else { return Ok(()) };
        let mut item = item.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Item { content: Content::Exchanges { out, excerpt, count }, .. }) = item.as_mut() {
            out.hits += u64::from(redacted);
            if let Some(mut original) = original {
                original.push(b'\n');
                out.write_original(&original)?;
            }
            out.write(&line)?;
            *count += 1;
            take_excerpt(excerpt, &line);
        }
        Ok(())
    }
}

impl Recorder for StepRecorder {
    fn exchange(&self, exchange: Exchange) {
        if let Err(error) = self.keep(&exchange) {
            self.store.lost(&error);
        }
    }

    fn stream(&self, meta: StreamMeta) -> Box<dyn EvidenceStream> {
        let dropped = self.dropped.clone();
        match self.store.begin(&self.about, meta, false) {
            Ok(item) => {
                let id = item.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(EvidenceId(0), |i| i.id);
                self.state.lock().unwrap_or_else(PoisonError::into_inner).ids.push(id);
                Box::new(OpenStream { store: self.store.clone(), id, item, dropped, state: self.state.clone() })
            }
            Err(error) => {
                self.store.lost(&error);
                let (store, state) = (self.store.clone(), self.state.clone());
                Box::new(OpenStream { store, id: EvidenceId(0), item: Arc::default(), dropped, state })
            }
        }
    }

    fn rests_on(&self, evidence: EvidenceId) {
        let ids = &mut self.state.lock().unwrap_or_else(PoisonError::into_inner).ids;
        if !ids.contains(&evidence) {
            ids.push(evidence);
        }
    }

    fn now_ns(&self) -> u64 {
        self.store.clock.now_ns()
    }
}

/// A stream in the hands of a driver. Dropping it closes the item, with its step at the earliest.
struct OpenStream {
    state: Arc<Mutex<State>>,
    store: Arc<Store>,
    id: EvidenceId,
    item: Arc<Mutex<Option<Item>>>,
    dropped: Arc<AtomicU64>,
}

impl EvidenceStream for OpenStream {
    fn id(&self) -> EvidenceId {
        self.id
    }

    fn append(&mut self, direction: assay_model::Direction, bytes: &[u8]) {
        let now = self.store.clock.now_ns();
        let mut item = self.item.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Item { content: Content::Stream(stream), .. }) = item.as_mut()
            && let Err(error) = stream.append(now, direction, bytes)
        {
            self.store.lost(&error);
        }
    }

    fn dropped(&mut self, bytes: u64, reason: &str) {
        self.dropped.fetch_add(bytes, Ordering::Relaxed);
        let mut item = self.item.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(item) = item.as_mut() {
            item.lost_units += bytes;
            if item.dropped.len() < 1000 {
                item.dropped.push(json!({"count": bytes, "reason": reason, "mono_ns": self.store.clock.now_ns()}));
            }
        }
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.finished {
            self.store.close(self.id);
        } else {
            state.left.push(self.id);
        }
    }
}

/// Adds readable text to an excerpt until it is long enough.
pub(super) fn take_excerpt(excerpt: &mut String, bytes: &[u8]) {
    let room = EXCERPT_BYTES.saturating_sub(excerpt.len());
    if room > 3 {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(room)]).into_owned();
        excerpt.extend(text.chars().filter(|c| *c != '\u{fffd}'));
        excerpt.truncate(excerpt.floor_char_boundary(EXCERPT_BYTES));
    }
}
