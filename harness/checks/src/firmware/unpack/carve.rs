//! Containers that stand somewhere in bytes without a container of their own: a boot loader before a kernel before a file
//! system, as flash holds them.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::format::{self, Sought};
use super::{Outcome, Unpacker};

/// Beginnings that are tried: noise has some too.
const TRIES: usize = 2_048;

static BEGINNINGS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(format::SOUGHT.iter().map(|sought| sought.magic)).ok());

impl Unpacker<'_> {
    /// Opens what is found behind the first `from` bytes, which were opened; `false` where nothing was. What stands at the
    /// very start was tried already.
    pub(super) fn carve(&mut self, place: &str, bytes: &[u8], from: usize, depth: u8) -> bool {
        let (mut next, mut told, mut found, mut tries) = (from.max(1), from, false, 0);
        while let Some((at, sought)) = following(bytes, next) {
            next = at + 1;
            if self.stopped() {
                break;
            }
            tries += 1;
            if tries > TRIES {
                self.exhausted.insert("tries");
                break;
            }
            let (layers, part) = (self.layers.len(), &bytes[at..]);
            let here = format!("{place}@{at:#x}");
            let opened = sought.opens && self.open(&here, at as u64, sought.format, part, depth);
            if !opened {
                // A beginning that leads nowhere is chance; one with a whole header behind it is there, and was not read.
                let there = (sought.plausible)(part);
                self.layers.truncate(layers + usize::from(sought.opens && there));
                if there && !sought.opens {
                    let none = Outcome::not("there is no reader for it here");
                    self.layer(&here, at as u64, sought.format, part, none);
                }
                continue;
            }
            let layer = self.layers.get(layers);
            let used = layer.map_or(1, |layer| layer.bytes);
            // A stream that broke off at once was chance too, and what stands behind its beginning is looked at.
            let whole = layer.is_some_and(|layer| layer.complete);
            self.gap(place, told, &bytes[told..at.max(told)]);
            next = at + if whole { usize::try_from(used).unwrap_or(1).max(1) } else { 1 };
            told = next.min(bytes.len());
            found = true;
        }
        if found {
            self.gap(place, told, &bytes[told..]);
        }
        found
    }

    /// What stands between containers: a boot loader, padding.
    pub(super) fn gap(&mut self, place: &str, at: usize, bytes: &[u8]) {
        let padding = bytes.iter().all(|b| *b == 0 || *b == 0xff);
        if !padding {
            self.leaf(&format!("{place}@{at:#x}"), bytes);
        }
    }
}

/// The next beginning at or behind `from`.
fn following(bytes: &[u8], from: usize) -> Option<(usize, &'static Sought)> {
    let mut look_from = from;
    loop {
        let hit = BEGINNINGS.as_ref()?.find(bytes.get(look_from..)?)?;
        let sought = format::SOUGHT.get(hit.pattern().as_usize())?;
        let at = look_from + hit.start();
        match at.checked_sub(sought.offset).filter(|begins| *begins >= from) {
            Some(begins) => return Some((begins, sought)),
            None => look_from = at + 1,
        }
    }
}
