//! # `document.history`
//! **Question.** Has a published end of support ever been moved, and how soon was a longer one published?
//! **Evidence for.** PSTI Schedule 1 paragraph 3(3) and the later sub-paragraph against shortening.
//! **Procedure.** Orders dated snapshots of the published end and compares each with the ones before it.
//! **Observation.** Each shortening and lengthening; the days from a decided extension to the first snapshot that shows it.
//! **Effect.** Touches nothing.
//! **Does not show.** What was published on days without a snapshot.

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::Date;

use super::dates;

pub(crate) struct History;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// Earlier snapshots, in any order.
    snapshots: Vec<Snapshot>,
    /// The end as published now, ISO; empty where none could be read.
    current: String,
    /// Extensions that the maker declares.
    #[serde(default)]
    extensions: Vec<Extension>,
    /// ISO date of `current`; today where left out.
    #[serde(default)]
    today: Option<String>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Snapshot {
    /// ISO date on which the page was seen.
    seen: String,
    /// The end that it stated, ISO.
    end: String,
    /// Where the copy is kept.
    #[serde(default, rename = "copy")]
    _copy: String,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Extension {
    /// ISO date of the decision.
    decided: String,
    /// The new end, ISO.
    end: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether there is a present end and at least one earlier snapshot.
    comparable: bool,
    /// Snapshots, the present one included.
    snapshots: usize,
    /// Ends that came earlier than one published before, in words.
    shortened: Vec<String>,
    /// Ends that came later, in words.
    lengthened: Vec<String>,
    /// Declared extensions and how they were published.
    extensions: Vec<Publication>,
    /// Longer ends that no declared extension explains.
    undeclared: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Publication {
    /// ISO date of the decision.
    decided: String,
    /// ISO date of the first snapshot that shows it; empty where none does.
    published: String,
    /// Days between the two, at most: the page may have shown it before the snapshot; -1 where none shows it.
    days: i64,
}

#[async_trait]
impl TypedCheck for History {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "document.history";
    const QUESTION: &'static str =
        "Has a published end of support ever been moved, and how soon was a longer one published?";
    const EVIDENCE_FOR: &'static str = "PSTI Sch. 1 para. 3(3) and the rule against shortening";
    const DOES_NOT_SHOW: &'static str = "what was published on days without a snapshot";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Pure;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, _: &CheckContext, p: Params) -> Result<Observation, Fault> {
        look(&p)
    }
}

fn date(text: &str, what: &str) -> Result<Date, Fault> {
    dates::only(text).and_then(|f| f.date).map_err(|e| Fault::plan("bad-date", format!("{what}: {e}")))
}

fn look(p: &Params) -> Result<Observation, Fault> {
    let mut ends: Vec<(Date, Date)> = Vec::new();
    for s in &p.snapshots {
        ends.push((date(&s.seen, "`seen` of a snapshot")?, date(&s.end, "`end` of a snapshot")?));
    }
    if !p.current.is_empty() {
        ends.push((dates::today(p.today.as_deref())?, date(&p.current, "`current`")?));
    }
    // Of one day the present end comes last, after what was kept earlier on it.
    ends.sort_by_key(|(seen, _)| *seen);
    let (mut shortened, mut lengthened, mut longer) = (Vec::new(), Vec::new(), Vec::new());
    for (n, (seen, end)) in ends.iter().enumerate().skip(1) {
        let moved =
            |from: Date| format!("{} (seen {}), before that {}", dates::iso(*end), dates::iso(*seen), dates::iso(from));
        let latest = ends[..n].iter().map(|(_, e)| *e).max();
        if let Some(latest) = latest.filter(|latest| end < latest) {
            shortened.push(moved(latest));
        } else if let Some(latest) = latest.filter(|latest| end > latest) {
            lengthened.push(moved(latest));
            longer.push(*end);
        }
    }
    let mut extensions = Vec::new();
    let mut declared = Vec::new();
    for extension in &p.extensions {
        let (decided, end) = (date(&extension.decided, "`decided`")?, date(&extension.end, "`end` of an extension")?);
        declared.push(end);
        let first = ends.iter().find(|(seen, shown)| *seen >= decided && *shown >= end).map(|(seen, _)| *seen);
        extensions.push(Publication {
            decided: dates::iso(decided),
            published: first.map(dates::iso).unwrap_or_default(),
            days: first.map_or(-1, |seen| (seen - decided).whole_days()),
        });
    }
    let undeclared = longer.into_iter().filter(|end| !declared.contains(end)).map(dates::iso).collect();
    let comparable = !p.current.is_empty() && ends.len() > 1;
    Ok(Observation { comparable, snapshots: ends.len(), shortened, lengthened, extensions, undeclared })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(snapshots: &[(&str, &str)], current: &str, extensions: &[(&str, &str)]) -> Observation {
        let snapshots = snapshots.iter().map(|(seen, end)| Snapshot {
            seen: (*seen).into(),
            end: (*end).into(),
            _copy: String::new(),
        });
        let extensions =
            extensions.iter().map(|(decided, end)| Extension { decided: (*decided).into(), end: (*end).into() });
        let p = Params {
            snapshots: snapshots.collect(),
            current: current.into(),
            extensions: extensions.collect(),
            today: Some("2026-11-22".into()),
        };
        look(&p).unwrap()
    }

    #[test]
    fn an_end_that_stays_or_grows_is_not_shortened() {
        let seen = of(&[("2026-05-01", "2031-12-31")], "2031-12-31", &[]);
        assert!(seen.comparable && seen.shortened.is_empty() && seen.lengthened.is_empty());
        let longer = of(&[("2026-05-01", "2031-12-31")], "2033-12-31", &[("2026-11-20", "2033-12-31")]);
        assert_eq!((longer.shortened.len(), longer.lengthened.len(), longer.extensions[0].days), (0, 1, 2));
        assert!(longer.undeclared.is_empty());
        assert_eq!(of(&[("2026-05-01", "2031-12-31")], "2033-12-31", &[]).undeclared, ["2033-12-31"]);
    }

    #[test]
    fn shortening_is_seen_even_when_it_was_put_right_later() {
        assert_eq!(of(&[("2026-05-01", "2031-12-31")], "2029-12-31", &[]).shortened.len(), 1);
        // On the day of an earlier snapshot too: the present end is the later word.
        assert_eq!(of(&[("2026-11-22", "2031-12-31")], "2029-12-31", &[]).shortened.len(), 1);
        // In any order of the list.
        let back = of(&[("2026-07-01", "2029-12-31"), ("2026-05-01", "2031-12-31")], "2031-12-31", &[]);
        assert_eq!(back.shortened.len(), 1);
        assert_eq!(
            of(&[("2026-05-01", "2031-12-31")], "2031-12-31", &[("2026-06-01", "2033-12-31")]).extensions[0].days,
            -1
        );
    }

    #[test]
    fn without_an_end_today_or_a_snapshot_nothing_is_compared() {
        assert!(!of(&[("2026-05-01", "2031-12-31")], "", &[]).comparable);
        assert!(!of(&[], "2031-12-31", &[]).comparable);
    }
}
