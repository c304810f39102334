//! The timeline: serial, network, power and verdicts of every sample on one clock, as a picture and as a table.

use askama::Template;
use assay_model::Verdict;

use super::{Built, Section, Source};
use crate::entry::{Entry, Scope};
use crate::html::detail::Detail;
use crate::html::unit::Badge;
use crate::html::value::{cap_at, duration, offset};
use crate::trace::{BINS, Clock, Lane};

/// Samples that the picture has room for.
const SAMPLES: usize = 8;
/// Rows of the table.
const ROWS: usize = 300;
/// Places for verdicts side by side: each holds a letter.
const CELLS: usize = 60;
/// Left edge and width of the picture's plot, in its own units, and the height of a lane.
const LEFT: usize = 150;
const WIDTH: usize = 840;
const LANE: usize = 20;

#[derive(Template)]
#[template(path = "section/timeline.html")]
struct Body {
    lanes: Vec<LaneView>,
    ticks: Vec<(usize, String)>,
    height: usize,
    plot_height: usize,
    span: String,
    left_off: usize,
    rows: Vec<RowView>,
    more_rows: usize,
}

/// One lane of the picture.
struct LaneView {
    name: String,
    y: usize,
    class: &'static str,
    /// Left edge and width of each stretch in which something went on.
    bars: Vec<(usize, usize)>,
    /// Verdicts: left edge, the worst of the place, how many.
    cells: Vec<(usize, Badge, usize)>,
}

struct RowView {
    at: String,
    sample: String,
    what: String,
    badge: Option<Badge>,
}

/// A verdict at its time.
struct Set<'a> {
    at_ms: u64,
    sample: &'a str,
    unit: &'a str,
    verdict: Verdict,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let clock = Clock::of(source.results);
    let verdicts = verdicts(source, &clock);
    if verdicts.is_empty() && source.trace.lanes.by_lane.is_empty() {
        return Ok(None);
    }
    let mut names: Vec<&str> = source.results.samples.iter().map(|s| s.id.as_str()).collect();
    names.push(ALL);
    let lanes = lanes(source, &names, &verdicts, clock.span_ms);
    let rows = rows(source, &verdicts);
    let body = Body {
        height: lanes.len() * LANE + 26,
        plot_height: lanes.len() * LANE,
        ticks: ticks(clock.span_ms),
        span: duration(clock.span_ms),
        left_off: names.len().saturating_sub(SAMPLES + 1),
        more_rows: rows.len().saturating_sub(ROWS),
        rows: rows.into_iter().take(ROWS).collect(),
        lanes,
    };
    Section::of("timeline", "Timeline", &body)
}

/// Verdicts over all samples stand under this name.
const ALL: &str = "all samples";

fn verdicts<'a>(source: &Source<'a>, clock: &Clock) -> Vec<Set<'a>> {
    let mut list: Vec<Set<'a>> = source
        .results
        .units
        .iter()
        .flat_map(|(id, unit)| Entry::of(id, unit))
        .filter_map(|entry| {
            let sample = match entry.scope {
                Scope::Sample(name) => name,
                Scope::All => ALL,
                Scope::Unit => return None,
            };
            let result = entry.result.filter(|r| r.attempts > 0)?;
            Some(Set { at_ms: clock.at(&result.ended)?, sample, unit: entry.id, verdict: entry.verdict })
        })
        .collect();
    list.sort_by_key(|set| set.at_ms);
    list
}

fn lanes(source: &Source<'_>, names: &[&str], verdicts: &[Set<'_>], span_ms: u64) -> Vec<LaneView> {
    let mut lanes: Vec<LaneView> = Vec::new();
    let mut add = |name: String, class, bars, cells| {
        lanes.push(LaneView { y: lanes.len() * LANE, name, class, bars, cells });
    };
    let shown = names.iter().take(SAMPLES).chain(names.iter().skip(SAMPLES).filter(|n| **n == ALL));
    for name in shown {
        for lane in [Lane::Serial, Lane::Network, Lane::Power, Lane::Probe] {
            if let Some(activity) = source.trace.lanes.by_lane.get(&((*name).to_owned(), lane)) {
                add(format!("{name} {}", lane.word()), lane.word(), bars(&activity.bins), Vec::new());
            }
        }
        let cells = cells(verdicts.iter().filter(|set| set.sample == *name), span_ms);
        if !cells.is_empty() {
            add(format!("{name} verdicts"), "verdicts", Vec::new(), cells);
        }
    }
    lanes
}

/// Neighbouring columns are one bar.
fn bars(bins: &[u32]) -> Vec<(usize, usize)> {
    let at = |column: usize| LEFT + column * WIDTH / BINS;
    let mut bars = Vec::new();
    let mut start = None;
    for column in 0..=bins.len() {
        match (bins.get(column).is_some_and(|n| *n > 0), start) {
            (true, None) => start = Some(column),
            (false, Some(from)) => {
                bars.push((at(from), (at(column) - at(from)).max(2)));
                start = None;
            }
            _ => {}
        }
    }
    bars
}

fn cells<'a>(verdicts: impl Iterator<Item = &'a Set<'a>>, span_ms: u64) -> Vec<(usize, Badge, usize)> {
    let mut places: Vec<Option<(Verdict, usize)>> = vec![None; CELLS];
    for set in verdicts {
        let place = crate::trace::column(set.at_ms, span_ms) * CELLS / BINS;
        let before = places[place];
        places[place] = Some(before.map_or((set.verdict, 1), |(v, n)| (v.worse(set.verdict), n + 1)));
    }
    let at = |n: usize| LEFT + n * WIDTH / CELLS;
    places.into_iter().enumerate().filter_map(|(n, p)| p.map(|(v, count)| (at(n), Badge::of(v), count))).collect()
}

/// At round times, at most ten.
fn ticks(span_ms: u64) -> Vec<(usize, String)> {
    let nice = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000];
    let step = nice.into_iter().find(|step| span_ms / step <= 10).unwrap_or_else(|| span_ms.div_ceil(10));
    let place = |at: u64| LEFT + usize::try_from(u128::from(at) * WIDTH as u128 / u128::from(span_ms)).unwrap_or(0);
    (0..=span_ms / step).map(|n| (place(n * step), duration(n * step))).collect()
}

fn rows(source: &Source<'_>, verdicts: &[Set<'_>]) -> Vec<RowView> {
    let mut rows: Vec<(u64, RowView)> = Vec::new();
    for ((sample, lane), activity) in &source.trace.lanes.by_lane {
        let what = match lane {
            Lane::Serial => "pieces on the serial line",
            Lane::Network => "exchanges over the network",
            Lane::Power => "uses of the power switch",
            Lane::Probe => "uses of the debug probe",
        };
        let what = format!("{} {what}, until {}", activity.count, offset(activity.last_ms));
        rows.push((
            activity.first_ms,
            RowView { at: offset(activity.first_ms), sample: sample.clone(), what, badge: None },
        ));
    }
    for h in &source.trace.happenings {
        let what = format!("{}: {}", h.what, cap_at(&h.text, 300));
        rows.push((h.at_ms, RowView { at: offset(h.at_ms), sample: h.sample.clone(), what, badge: None }));
    }
    if source.detail >= Detail::NoExcerpts {
        let sets = verdicts.iter().map(|set| {
            let row = RowView {
                at: offset(set.at_ms),
                sample: set.sample.to_owned(),
                what: set.unit.to_owned(),
                badge: Some(Badge::of(set.verdict)),
            };
            (set.at_ms, row)
        });
        rows.extend(sets);
    }
    rows.sort_by_key(|(at_ms, _)| *at_ms);
    rows.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_join_neighbours_and_ticks_are_few() {
        let mut bins = vec![0; BINS];
        bins[0..3].fill(1);
        bins[BINS - 1] = 7;
        assert_eq!(bars(&bins), [(LEFT, 6), (LEFT + (BINS - 1) * WIDTH / BINS, 3)]);
        for span in [1, 99, 9_412, 86_400_000, u64::MAX / 1_000] {
            let ticks = ticks(span);
            assert!((1..=11).contains(&ticks.len()), "{span}: {}", ticks.len());
            assert!(ticks.iter().all(|(x, _)| (LEFT..=LEFT + WIDTH).contains(x)));
        }
    }
}
