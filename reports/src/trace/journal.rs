//! What the page needs of a journal: where evidence began on both clocks, when the console was used, and what happened
//! to the lab. The fold is the engine's work; nothing is judged here.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use assay_model::journal::{Ref, kind};
use assay_model::results::Results;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::clock::{Anchor, Clock};

/// Longest line that is looked at; longer ones are skipped.
const LONGEST: u64 = 8 << 20;
/// Happenings and windows kept; a run with more says so by its journal.
const KEPT: usize = 500;

/// Something that no verdict tells.
#[derive(Debug)]
pub(crate) struct Happening {
    pub(crate) at_ms: u64,
    pub(crate) sample: String,
    pub(crate) what: &'static str,
    pub(crate) text: String,
}

/// A time in which a sample's console was used, and by what.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub(crate) sample: String,
    pub(crate) label: String,
    pub(crate) from_ms: u64,
    pub(crate) to_ms: u64,
}

#[derive(Debug, Default)]
pub(super) struct Journal {
    pub(super) anchors: BTreeMap<String, Anchor>,
    pub(super) windows: Vec<Window>,
    pub(super) happenings: Vec<Happening>,
}

/// A line without its data, which is most of it.
#[derive(Deserialize)]
struct Head {
    t: String,
    mono_ns: u64,
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "ref", default)]
    about: Ref,
    #[serde(rename = "data")]
    _data: IgnoredAny,
}

#[derive(Deserialize)]
struct Data {
    data: Value,
}

pub(super) fn read(path: &Path, clock: &Clock) -> Journal {
    let mut journal = Journal::default();
    let Ok(file) = File::open(path) else { return journal };
    let mut reader = BufReader::new(file);
    let mut open: HashMap<(Option<String>, Option<String>), (u64, String)> = HashMap::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.by_ref().take(LONGEST).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return journal,
            Ok(_) => {}
        }
        let Ok(head) = serde_json::from_slice::<Head>(&line) else { continue };
        let Some(at_ms) = clock.at(&head.t) else { continue };
        let sample = head.about.sample.clone().unwrap_or_default();
        let data = || serde_json::from_slice::<Data>(&line).map(|d| d.data).unwrap_or_default();
        let key = (head.about.sample.clone(), head.about.step.clone());
        match head.kind.as_str() {
            kind::EVIDENCE_OPEN => {
                if let Some(id) = data()["id"].as_str() {
                    journal.anchors.insert(id.to_owned(), Anchor { at_ms, mono_ns: head.mono_ns });
                }
            }
            kind::STEP_START if head.about.check.as_deref().is_some_and(|c| c.starts_with("console.")) => {
                let unit = head.about.unit.map(|u| format!("{u}, ")).unwrap_or_default();
                open.insert(key, (at_ms, format!("{unit}{}", head.about.check.unwrap_or_default())));
            }
            kind::OBSERVATION | kind::INFRA_FAULT => {
                if let Some((from_ms, label)) = open.remove(&key)
                    && journal.windows.len() < KEPT
                {
                    journal.windows.push(Window { sample: sample.clone(), label, from_ms, to_ms: at_ms });
                }
                if head.kind == kind::INFRA_FAULT {
                    let data = data();
                    let text = data["fault"]["text"].as_str().unwrap_or("a fault without words").to_owned();
                    journal.happened(at_ms, sample, "lab fault", text);
                }
            }
            kind::PROMPT_TIMEOUT => journal.happened(at_ms, sample, "nobody answered", String::new()),
            kind::RUN_RESUME => journal.happened(at_ms, sample, "resumed", "the run went on after a crash".into()),
            kind::JOURNAL_RECOVERED => {
                journal.happened(at_ms, sample, "recovered", "a torn journal line was kept".into());
            }
            kind::BENCH_QUARANTINED => {
                journal.happened(at_ms, sample, "quarantined", "the bench could not reach its state again".into());
            }
            _ => {}
        }
    }
}

impl Journal {
    fn happened(&mut self, at_ms: u64, sample: String, what: &'static str, text: String) {
        if self.happenings.len() < KEPT {
            self.happenings.push(Happening { at_ms, sample, what, text });
        }
    }
}

/// Reasons that point at a serial item: the time of their case is worth reading.
pub(super) fn windows_of_reasons(results: &Results, clock: &Clock, windows: &mut Vec<Window>) {
    let serial: Vec<&str> = results.evidence.iter().filter(|e| e.kind == "serial").map(|e| e.id.as_str()).collect();
    for (id, unit) in results.units.iter() {
        for (sample, result) in &unit.samples {
            let refs = result.reasons.iter().flat_map(|r| &r.refs);
            let points = refs.clone().any(|r| serial.contains(&r.split('#').next().unwrap_or(r)));
            if let (true, Some(from_ms), Some(to_ms)) = (points, clock.at(&result.started), clock.at(&result.ended)) {
                let label = format!("{id}, {}", result.verdict);
                windows.push(Window { sample: sample.clone(), label, from_ms, to_ms });
            }
        }
    }
}
