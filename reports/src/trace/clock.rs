//! One clock for everything that is shown side by side: milliseconds since the run began.

use std::collections::BTreeMap;

use assay_model::results::Results;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Columns of a timeline.
pub(crate) const BINS: usize = 400;

/// From wall-clock times, as journal and results have them, to milliseconds since the run began.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Option<OffsetDateTime>,
    /// How long the run took; at least 1.
    pub(crate) span_ms: u64,
}

impl Clock {
    pub(crate) fn of(results: &Results) -> Self {
        let mut clock = Self { start: OffsetDateTime::parse(&results.started, &Rfc3339).ok(), span_ms: 1 };
        clock.span_ms = clock.at(&results.ended).unwrap_or(1).max(1);
        clock
    }

    /// `None` for what is no time, or before the run.
    pub(crate) fn at(&self, text: &str) -> Option<u64> {
        let t = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        u64::try_from((t - self.start?).whole_milliseconds()).ok()
    }
}

/// Where a journal line stands on both clocks. Monotonic times near it are told by it, also after a resumption.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Anchor {
    pub(super) at_ms: u64,
    pub(super) mono_ns: u64,
}

impl Anchor {
    pub(super) const fn at(self, mono_ns: u64) -> u64 {
        if mono_ns >= self.mono_ns {
            self.at_ms.saturating_add((mono_ns - self.mono_ns) / 1_000_000)
        } else {
            self.at_ms.saturating_sub((self.mono_ns - mono_ns) / 1_000_000)
        }
    }
}

/// A kind of thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// Bytes on a serial line, either way.
    Serial,
    /// Requests over the network.
    Network,
    /// The power switch.
    Power,
    /// The debug probe.
    Probe,
}

impl Lane {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::Network => "network",
            Self::Power => "power",
            Self::Probe => "probe",
        }
    }

    /// By the name of a protocol; the console shows as its bytes.
    pub(super) fn of(protocol: &str) -> Option<Self> {
        match protocol {
            "power" => Some(Self::Power),
            "probe" => Some(Self::Probe),
            "console" | "operator" => None,
            _ => Some(Self::Network),
        }
    }
}

/// How much went on per lane, sample and column.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    span_ms: u64,
    pub(crate) by_lane: BTreeMap<(String, Lane), Activity>,
}

/// One lane of one sample.
#[derive(Debug)]
pub(crate) struct Activity {
    /// Things per column.
    pub(crate) bins: Vec<u32>,
    pub(crate) count: u64,
    pub(crate) first_ms: u64,
    pub(crate) last_ms: u64,
}

impl Lanes {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self { span_ms: clock.span_ms, by_lane: BTreeMap::new() }
    }

    /// Something that lasted.
    pub(super) fn add(&mut self, sample: &str, lane: Lane, from_ms: u64, to_ms: u64) {
        let (first, last) = (column(from_ms, self.span_ms), column(to_ms.max(from_ms), self.span_ms));
        let activity = self.by_lane.entry((sample.to_owned(), lane)).or_insert_with(|| Activity {
            bins: vec![0; BINS],
            count: 0,
            first_ms: from_ms,
            last_ms: to_ms,
        });
        activity.bins[first..=last].iter_mut().for_each(|bin| *bin = bin.saturating_add(1));
        activity.count += 1;
        activity.first_ms = activity.first_ms.min(from_ms);
        activity.last_ms = activity.last_ms.max(to_ms);
    }
}

/// The column of a time.
pub(crate) fn column(at_ms: u64, span_ms: u64) -> usize {
    let bins = BINS as u128;
    let column = u128::from(at_ms) * bins / u128::from(span_ms.max(1));
    usize::try_from(column.min(bins - 1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_tells_times_before_and_after_it() {
        let anchor = Anchor { at_ms: 1_000, mono_ns: 50_000_000 };
        assert_eq!((anchor.at(50_000_000), anchor.at(62_000_000), anchor.at(40_000_000)), (1_000, 1_012, 990));
        assert_eq!(Anchor { at_ms: 1, mono_ns: u64::MAX }.at(0), 0);
    }

    #[test]
    fn columns_stay_in_the_picture() {
        assert_eq!((column(0, 400), column(399, 400), column(u64::MAX, 1), column(5, 0)), (0, 399, 399, 399));
    }
}
