//! Containers that stand somewhere in bytes without a container of their own: a boot loader before a kernel before a file
//! system, as flash holds them.

use memchr::memmem::Finder;

use super::{Format, Unpacker};

/// Beginnings that are tried: noise has some too.
const TRIES: usize = 256;

impl Unpacker<'_> {
    /// Opens what is found; `false` where nothing was.
    pub(super) fn carve(&mut self, place: &str, bytes: &[u8], depth: u8) -> bool {
        let mut hits: Vec<(usize, Format)> = Format::carved()
            .flat_map(|(magic, format)| {
                let finder = Finder::new(magic);
                finder.find_iter(bytes).map(move |at| (at, format)).take(TRIES).collect::<Vec<_>>()
            })
            .collect();
        hits.sort_by_key(|(at, _)| *at);
        let (mut end, mut found, mut told) = (0, false, 0);
        for (at, format) in hits.into_iter().take(TRIES) {
            if at < end || at == 0 || self.stopped() {
                continue;
            }
            let layers = self.layers.len();
            let part = &bytes[at..];
            let here = format!("{place}@{at:#x}");
            if !self.open(&here, at as u64, format, part, depth) {
                // A beginning that leads nowhere is chance.
                self.layers.truncate(layers);
                continue;
            }
            let used = self.layers.get(layers).map_or(1, |layer| layer.bytes);
            // A stream that broke off at once was chance too, and what stands behind its beginning is looked at.
            let whole = self.layers.get(layers).is_some_and(|layer| layer.complete);
            self.gap(place, told, &bytes[told..at]);
            end = at + if whole { usize::try_from(used).unwrap_or(1).max(1) } else { 1 };
            told = end.min(bytes.len());
            found = true;
        }
        if found {
            self.gap(place, told, &bytes[told..]);
        }
        found
    }

    /// What stands between containers: a boot loader, padding.
    fn gap(&mut self, place: &str, at: usize, bytes: &[u8]) {
        let padding = bytes.iter().all(|b| *b == 0 || *b == 0xff);
        if !padding {
            self.leaf(&format!("{place}@{at:#x}"), bytes);
        }
    }
}
