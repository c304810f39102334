//! Serial transcripts: the bytes of a console around the times at which a check used it or a reason points at it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use assay_model::Direction;
use assay_model::results::{EvidenceItem, Results};
use serde::Deserialize;

use super::Trace;
use super::clock::{Anchor, Lane};
use super::journal::Window;

/// Bytes of one excerpt.
const EXCERPT: usize = 2 * 1024;
/// Bytes of the beginning, where other excerpts follow.
const BEGINNING: usize = 1024;
/// Excerpts of one transcript.
const EXCERPTS: usize = 8;
/// Bytes read of one direction.
const LONGEST: u64 = 4 << 20;
/// Lines read of one index.
const PIECES: usize = 20_000;
/// Pieces that follow on each other within this time are shown as one.
const SAME_MS: u64 = 200;

/// One console over the whole run.
#[derive(Debug)]
pub(crate) struct Transcript {
    pub(crate) evidence: String,
    pub(crate) title: String,
    /// The readable log of everything received.
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) excerpts: Vec<Excerpt>,
    /// Excerpts beyond those shown.
    pub(crate) left_off: usize,
    /// Bytes that the line lost.
    pub(crate) dropped: u64,
}

/// What passed in one window.
#[derive(Debug)]
pub(crate) struct Excerpt {
    pub(crate) label: String,
    pub(crate) from_ms: u64,
    pub(crate) pieces: Vec<Piece>,
    /// Bytes of the window beyond those shown.
    pub(crate) left_off: usize,
}

/// Bytes that went one way without a pause.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) at_ms: u64,
    pub(crate) direction: Direction,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Deserialize)]
struct Index {
    dir: Direction,
    len: u64,
    mono_ns: u64,
    offset: u64,
}

pub(super) fn read_all(
    folder: &Path,
    results: &Results,
    anchors: &BTreeMap<String, Anchor>,
    windows: &[Window],
    trace: &mut Trace,
) {
    for item in results.evidence.iter().filter(|item| item.kind == "serial") {
        let Some(pieces) = pieces(folder, item, anchors.get(&item.id).copied()) else { continue };
        let sample = item.sample.clone().unwrap_or_default();
        for piece in &pieces {
            trace.lanes.add(&sample, Lane::Serial, piece.at_ms, piece.at_ms);
        }
        trace.transcripts.push(transcript(item, &sample, &pieces, windows));
    }
}

/// All pieces in order; none where the index does not fit the bytes, as after a redaction that changed their number.
fn pieces(folder: &Path, item: &EvidenceItem, anchor: Option<Anchor>) -> Option<Vec<Piece>> {
    let file = |ending: &str| item.files.iter().find(|f| f.path.ends_with(ending));
    let index = file(".idx.jsonl")?;
    let received = file(".bin").filter(|f| !f.path.ends_with(".out.bin"))?;
    let received = read(folder, &received.path)?;
    let sent = file(".out.bin").and_then(|f| read(folder, &f.path)).unwrap_or_default();
    let anchor = anchor.unwrap_or(Anchor { at_ms: 0, mono_ns: 0 });
    let (mut list, mut ends) = (Vec::new(), [0u64; 2]);
    let lines = BufReader::new(open(folder, &index.path)?.take(LONGEST)).lines();
    for line in lines.map_while(Result::ok).take(PIECES) {
        let at: Index = serde_json::from_str(&line).ok()?;
        let (bytes, way) = match at.dir {
            Direction::In => (&received, 0),
            Direction::Out => (&sent, 1),
        };
        ends[way] = ends[way].max(at.offset.checked_add(at.len)?);
        let from = usize::try_from(at.offset).ok()?;
        let to = usize::try_from(at.offset.checked_add(at.len)?).ok()?;
        let bytes = bytes.get(from..to.min(bytes.len())).unwrap_or_default().to_vec();
        list.push(Piece { at_ms: anchor.at(at.mono_ns), direction: at.dir, bytes });
    }
    let whole = |seen: &[u8], end: u64| seen.len() as u64 == end || seen.len() as u64 >= LONGEST;
    (whole(&received, ends[0]) && whole(&sent, ends[1])).then_some(list)
}

/// Evidence paths are the engine's own, but a pack may come from anyone: none leads out of the folder.
pub(super) fn open(folder: &Path, path: &str) -> Option<File> {
    if crate::pack::path_problem(path).is_some() {
        return None;
    }
    let path = folder.join(path);
    std::fs::symlink_metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
    File::open(path).ok()
}

fn read(folder: &Path, path: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    open(folder, path)?.take(LONGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn transcript(item: &EvidenceItem, sample: &str, pieces: &[Piece], windows: &[Window]) -> Transcript {
    let mut of_sample: Vec<&Window> = windows.iter().filter(|w| w.sample == sample).collect();
    of_sample.sort_by_key(|w| (w.from_ms, w.to_ms));
    let beginning = if of_sample.is_empty() { EXCERPT } else { BEGINNING };
    let mut excerpts = vec![excerpt("beginning of the record".into(), pieces, beginning)];
    for window in of_sample {
        let inside: Vec<Piece> =
            pieces.iter().filter(|p| (window.from_ms..=window.to_ms).contains(&p.at_ms)).cloned().collect();
        match excerpts.last_mut() {
            // Units that share their steps look at the same bytes: said once, with every name.
            Some(last) if last.from_ms == window.from_ms && last.label != window.label => {
                last.label = format!("{}; {}", last.label, window.label);
            }
            _ => excerpts.push(Excerpt { from_ms: window.from_ms, ..excerpt(window.label.clone(), &inside, EXCERPT) }),
        }
    }
    excerpts.retain(|e| !e.pieces.is_empty());
    let left_off = excerpts.len().saturating_sub(EXCERPTS);
    excerpts.truncate(EXCERPTS);
    Transcript {
        evidence: item.id.clone(),
        title: item.title.clone(),
        path: item.files.iter().find(|f| f.path.ends_with(".log")).map_or_else(String::new, |f| f.path.clone()),
        bytes: pieces.iter().map(|p| p.bytes.len() as u64).sum(),
        excerpts,
        left_off,
        dropped: item.dropped,
    }
}

fn excerpt(label: String, pieces: &[Piece], limit: usize) -> Excerpt {
    let mut shown: Vec<Piece> = Vec::new();
    let (mut room, mut left_off, mut last_ms) = (limit, 0, 0);
    for piece in pieces {
        let take = piece.bytes.len().min(room);
        room -= take;
        left_off += piece.bytes.len() - take;
        if take == 0 {
            continue;
        }
        match shown.last_mut() {
            Some(last) if last.direction == piece.direction && piece.at_ms.saturating_sub(last_ms) < SAME_MS => {
                last.bytes.extend_from_slice(&piece.bytes[..take]);
            }
            _ => shown.push(Piece { bytes: piece.bytes[..take].to_vec(), ..piece.clone() }),
        }
        last_ms = piece.at_ms;
    }
    Excerpt { label, from_ms: shown.first().map_or(0, |p| p.at_ms), pieces: shown, left_off }
}
