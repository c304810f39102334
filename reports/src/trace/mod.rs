//! What a run's folder tells beyond its results: when bytes and packets moved, and what was said on each line. Only the page
//! uses it; a page rendered without it has no timeline of bytes and no transcripts, and nothing else is different.

mod clock;
mod exchanges;
mod journal;
mod serial;

use std::collections::BTreeMap;
use std::path::Path;

use assay_model::results::Results;

pub(crate) use clock::{BINS, Clock, Lane, Lanes, column};
pub(crate) use exchanges::{Flow, Told};
pub(crate) use journal::Happening;
pub(crate) use serial::{Piece, Transcript};

/// What the folder of a run adds to its results. Same folder, same trace.
#[derive(Debug, Default)]
pub struct Trace {
    pub(crate) lanes: Lanes,
    /// Faults of the lab, answers of people, resumptions: in order.
    pub(crate) happenings: Vec<Happening>,
    pub(crate) transcripts: Vec<Transcript>,
    /// By evidence id.
    pub(crate) exchanges: BTreeMap<String, Told>,
    pub(crate) flows: Vec<Flow>,
}

impl Trace {
    /// Reads journal and evidence of `folder`, bounded in size. What cannot be read is left out: a report never fails on
    /// it, and `assay verify` says what is missing.
    #[must_use]
    pub fn read(folder: &Path, results: &Results) -> Self {
        if results.is_survey() {
            return Self::default(); // its page is a table of products
        }
        let clock = Clock::of(results);
        let mut told = journal::read(&folder.join("journal/journal.jsonl"), &clock);
        journal::windows_of_reasons(results, &clock, &mut told.windows);
        let mut trace = Self { lanes: Lanes::new(&clock), happenings: told.happenings, ..Self::default() };
        serial::read_all(folder, results, &told.anchors, &told.windows, &mut trace);
        exchanges::read_all(folder, results, &told.anchors, &mut trace);
        trace
    }
}
