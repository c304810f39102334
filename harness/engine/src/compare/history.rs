//! A series of builds: for each unit, the first in which it failed and the last in which it did not.

use std::collections::BTreeMap;

use assay_model::Verdict;
use assay_model::results::{Results, UnitResult};
use serde::Serialize;

/// One build of the series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Build {
    /// The pack, as the caller names it.
    pub pack: String,
    /// UTC RFC 3339.
    pub started: String,
    /// As the dossier named it; empty where it named none.
    pub firmware: String,
}

/// Where a unit went bad for the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// The unit's id.
    pub unit: String,
    /// The newest PASS before; absent where no earlier build has one.
    pub last_good: Option<Build>,
    /// The first FAIL.
    pub first_bad: Build,
    /// Builds between the two that neither passed nor failed: the turn may lie in one of them.
    pub undecided_between: usize,
    /// The first PASS afterwards, where there is one.
    pub fixed_in: Option<Build>,
}

#[derive(Default)]
struct Track {
    last_good: Option<Build>,
    undecided: usize,
    turn: Option<Turn>,
}

/// Looks at `builds`, oldest first, unit by unit. Units that never failed are left out; PASS is good, FAIL is bad, all
/// else decides nothing. Order: still bad ones first, then by unit.
#[must_use]
pub fn first_bad(builds: &[(String, Results)]) -> Vec<Turn> {
    let mut tracks: BTreeMap<&str, Track> = BTreeMap::new();
    for (pack, results) in builds {
        let firmware = results.product.get("firmware").and_then(|v| v.as_str()).unwrap_or_default();
        let build = Build { pack: pack.clone(), started: results.started.clone(), firmware: firmware.to_owned() };
        for (id, unit) in results.units.iter() {
            tracks.entry(id).or_default().take(id, UnitResult::effective(unit), &build);
        }
    }
    let mut turns: Vec<Turn> = tracks.into_values().filter_map(|t| t.turn).collect();
    turns.sort_by_key(|t| t.fixed_in.is_some());
    turns
}

impl Track {
    fn take(&mut self, unit: &str, verdict: Verdict, build: &Build) {
        match verdict {
            Verdict::Pass => {
                if let Some(turn) = self.turn.as_mut().filter(|t| t.fixed_in.is_none()) {
                    turn.fixed_in = Some(build.clone());
                }
                self.last_good = Some(build.clone());
                self.undecided = 0;
            }
            Verdict::Fail if self.turn.as_ref().is_none_or(|t| t.fixed_in.is_some()) => {
                self.turn = Some(Turn {
                    unit: unit.to_owned(),
                    last_good: self.last_good.clone(),
                    first_bad: build.clone(),
                    undecided_between: self.undecided,
                    fixed_in: None,
                });
            }
            Verdict::Fail => {}
            _ => self.undecided += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Error, Fail, Pass};

    fn turn(verdicts: &[Verdict]) -> Option<(Option<String>, String, usize, Option<String>)> {
        let mut track = Track::default();
        for (n, verdict) in verdicts.iter().enumerate() {
            let build = Build { pack: n.to_string(), started: String::new(), firmware: String::new() };
            track.take("u", *verdict, &build);
        }
        let pack = |b: Option<Build>| b.map(|b| b.pack);
        track.turn.map(|t| (pack(t.last_good), t.first_bad.pack, t.undecided_between, pack(t.fixed_in)))
    }

    #[test]
    fn finds_the_turn_between_the_last_good_and_the_first_bad() {
        let some = |n: u8| Some(n.to_string());
        assert_eq!(turn(&[Pass, Pass, Fail, Fail]), Some((some(1), "2".into(), 0, None)));
        assert_eq!(turn(&[Pass, Error, Fail]), Some((some(0), "2".into(), 1, None)));
        assert_eq!(turn(&[Fail, Pass, Fail]), Some((some(1), "2".into(), 0, None)), "the last turn counts");
        assert_eq!(turn(&[Pass, Fail, Error, Pass]), Some((some(0), "1".into(), 0, some(3))));
        assert_eq!(turn(&[Fail]), Some((None, "0".into(), 0, None)));
        assert_eq!(turn(&[Pass, Error, Pass]), None);
    }
}
