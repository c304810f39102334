//! Doubles for this crate's tests: a recorder that keeps everything in memory, and a pty to be the DUT's end of a line.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

use assay_model::{Direction, EvidenceId, EvidenceStream, Exchange, Recorder, StreamMeta};

/// A stream as it was kept.
#[derive(Default, Clone)]
pub(crate) struct Kept {
    pub(crate) meta: Option<StreamMeta>,
    pub(crate) pieces: Vec<(Direction, Vec<u8>)>,
    pub(crate) complete: bool,
    /// Bytes that were said to be lost.
    pub(crate) lost: u64,
}

impl Kept {
    pub(crate) fn bytes(&self, direction: Direction) -> Vec<u8> {
        self.pieces.iter().filter(|(d, _)| *d == direction).flat_map(|(_, bytes)| bytes.clone()).collect()
    }
}

/// Keeps streams in memory.
#[derive(Default)]
pub(crate) struct MemoryRecorder {
    streams: Arc<Mutex<BTreeMap<u32, Kept>>>,
}

impl MemoryRecorder {
    pub(crate) fn new() -> (Arc<Self>, Arc<dyn Recorder>) {
        let recorder = Arc::new(Self::default());
        (Arc::clone(&recorder), recorder)
    }

    /// The streams, in the order of opening.
    pub(crate) fn streams(&self) -> Vec<Kept> {
        self.streams.lock().expect("lock").values().cloned().collect()
    }
}

impl Recorder for MemoryRecorder {
    fn exchange(&self, _exchange: Exchange) {}

    fn stream(&self, meta: StreamMeta) -> Box<dyn EvidenceStream> {
        let mut streams = self.streams.lock().expect("lock");
        let id = u32::try_from(streams.len()).expect("few") + 1;
        streams.insert(id, Kept { meta: Some(meta), ..Kept::default() });
        Box::new(MemoryStream { id, streams: Arc::clone(&self.streams) })
    }

    fn now_ns(&self) -> u64 {
        0
    }
}

struct MemoryStream {
    id: u32,
    streams: Arc<Mutex<BTreeMap<u32, Kept>>>,
}

impl EvidenceStream for MemoryStream {
    fn id(&self) -> EvidenceId {
        EvidenceId(self.id)
    }

    fn append(&mut self, direction: Direction, bytes: &[u8]) {
        let mut streams = self.streams.lock().expect("lock");
        streams.get_mut(&self.id).expect("opened").pieces.push((direction, bytes.to_vec()));
    }

    fn dropped(&mut self, bytes: u64, _reason: &str) {
        self.streams.lock().expect("lock").get_mut(&self.id).expect("opened").lost += bytes;
    }
}

impl Drop for MemoryStream {
    fn drop(&mut self) {
        self.streams.lock().expect("lock").get_mut(&self.id).expect("opened").complete = true;
    }
}

/// The DUT's end of a pty, raw; and the path of ours.
pub(crate) fn pty() -> (File, String) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let master: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pty");
    grantpt(&master).expect("granted");
    unlockpt(&master).expect("unlocked");
    let path = ptsname(&master, Vec::new()).expect("named").into_string().expect("text");
    (File::from(master), path)
}
