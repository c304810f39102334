//! # `document.consistent`
//! **Question.** Do the places that state an end of support state the same one?
//! **Evidence for.** PSTI Schedule 4; Schedule 1 paragraph 3.
//! **Procedure.** Compares ISO dates that other checks have read, as exactly as the less exact of two is written.
//! **Observation.** Whether all that state one agree, which pairs do not, which places state none.
//! **Effect.** Touches nothing.
//! **Does not show.** Which of two dates is right.

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::Date;

use super::dates;

pub(crate) struct Consistent;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The places.
    ends: Vec<Place>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Place {
    /// `published page`, `sales page`, `statement`.
    place: String,
    /// ISO date; empty where the place states none.
    end: String,
    /// How exactly it is written: `day`, `month`, `quarter`, `year`.
    #[serde(default = "day")]
    precision: String,
}

fn day() -> String {
    "day".into()
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether at least two places state an end and all of them the same.
    agree: bool,
    /// How many places state one.
    stated: usize,
    /// Pairs that differ, in words.
    differing: Vec<String>,
    /// Places that state none.
    silent: Vec<String>,
}

#[async_trait]
impl TypedCheck for Consistent {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "document.consistent";
    const QUESTION: &'static str = "Do the places that state an end of support state the same one?";
    const EVIDENCE_FOR: &'static str = "PSTI Sch. 4; Sch. 1 para. 3";
    const DOES_NOT_SHOW: &'static str = "which of two dates is right";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Pure;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, _: &CheckContext, p: Params) -> Result<Observation, Fault> {
        compare(&p.ends)
    }
}

fn compare(places: &[Place]) -> Result<Observation, Fault> {
    let mut stated: Vec<(&Place, Date)> = Vec::new();
    let mut silent = Vec::new();
    for place in places {
        if place.end.is_empty() {
            silent.push(place.place.clone());
            continue;
        }
        let date = dates::only(&place.end).and_then(|f| f.date);
        stated.push((place, date.map_err(|e| Fault::plan("bad-date", format!("the end of `{}`: {e}", place.place)))?));
    }
    let mut differing = Vec::new();
    for (n, (a, one)) in stated.iter().enumerate() {
        for (b, other) in &stated[n + 1..] {
            if !same(*one, *other, coarser(&a.precision, &b.precision)) {
                differing.push(format!("{}: {}; {}: {}", a.place, a.end, b.place, b.end));
            }
        }
    }
    Ok(Observation { agree: stated.len() > 1 && differing.is_empty(), stated: stated.len(), differing, silent })
}

fn coarser<'p>(a: &'p str, b: &'p str) -> &'p str {
    let rank = |word: &str| ["day", "month", "quarter", "year"].iter().position(|w| *w == word).unwrap_or(0);
    if rank(a) >= rank(b) { a } else { b }
}

fn same(a: Date, b: Date, precision: &str) -> bool {
    let quarter = |d: Date| (u8::from(d.month()) - 1) / 3;
    match precision {
        "month" => a.year() == b.year() && a.month() == b.month(),
        "quarter" => a.year() == b.year() && quarter(a) == quarter(b),
        "year" => a.year() == b.year(),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(places: &[(&str, &str)]) -> Observation {
        let places: Vec<Place> = places
            .iter()
            .enumerate()
            .map(|(n, (end, precision))| Place {
                place: format!("p{n}"),
                end: (*end).into(),
                precision: (*precision).into(),
            })
            .collect();
        compare(&places).unwrap()
    }

    #[test]
    fn dates_agree_as_exactly_as_they_are_written() {
        assert!(of(&[("2031-12-31", "day"), ("2031-12-31", "day")]).agree);
        assert!(of(&[("2031-12-15", "day"), ("2031-12-31", "month")]).agree);
        assert!(of(&[("2031-10-15", "day"), ("2031-12-31", "quarter")]).agree);
        assert!(of(&[("2031-01-15", "day"), ("2031-12-31", "year")]).agree);
        for pair in [
            [("2031-12-31", "day"), ("2031-06-30", "day")],
            [("2031-12-31", "day"), ("2031-12-30", "day")],
            [("2031-11-30", "day"), ("2031-12-31", "month")],
            [("2031-09-30", "day"), ("2031-12-31", "quarter")],
        ] {
            let seen = of(&pair);
            assert!(!seen.agree && seen.differing.len() == 1, "{pair:?}");
        }
    }

    #[test]
    fn one_place_alone_or_none_agrees_with_nothing() {
        for places in
            [&[("2031-12-31", "day")][..], &[("2031-12-31", "day"), ("", "day")], &[("", "day"), ("", "day")], &[]]
        {
            assert!(!of(places).agree, "{places:?}");
        }
        assert_eq!(of(&[("2031-12-31", "day"), ("", "day")]).silent, ["p1"]);
        let bad = compare(&[Place { place: "p".into(), end: "soon".into(), precision: day() }]).unwrap_err();
        assert_eq!(bad.code, "bad-date");
    }
}
