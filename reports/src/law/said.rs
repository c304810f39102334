//! What the verdicts of a run say of a provision of EN 303 645.

use assay_model::Verdict;
use assay_model::results::{Results, UnitResult};
use serde_json::Value;

/// What a run says of something that it did not judge under that name. No verdict: verdicts are of units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Said {
    /// Nothing in the run is about it.
    Silent,
    /// What there is of it does not apply to the product.
    DoesNotApply,
    /// All of it was judged and holds.
    Holds,
    /// Some of it was judged, or was tried without an answer.
    Open,
    /// A part of it was found violated.
    DoesNotHold,
}

impl Said {
    /// For people.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Silent => "not looked at",
            Self::DoesNotApply => "does not apply",
            Self::Holds => "holds",
            Self::Open => "open",
            Self::DoesNotHold => "does not hold",
        }
    }

    /// The class of its mark: the colours of verdicts, in outline.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Silent => "not-run",
            Self::DoesNotApply => "not-applicable",
            Self::Holds => "pass",
            Self::Open => "inconclusive",
            Self::DoesNotHold => "fail",
        }
    }

    /// Of parts to the whole: one violation decides, and only a whole of parts that hold holds.
    pub(crate) fn fold(parts: impl IntoIterator<Item = Self>) -> Self {
        let (mut silent, mut other, mut worst) = (false, false, Self::Silent);
        for part in parts {
            silent |= part == Self::Silent;
            other |= part != Self::Silent;
            worst = worst.max(part);
        }
        match worst {
            Self::Holds | Self::DoesNotApply if silent && other => Self::Open,
            worst => worst,
        }
    }

    /// Of the verdicts of all units of one thing; `whole` says whether those are all that there are.
    pub(crate) fn of(verdicts: impl Iterator<Item = Verdict>, whole: bool) -> Self {
        let said = Self::fold(verdicts.map(|verdict| match verdict {
            Verdict::Pass => Self::Holds,
            Verdict::NotApplicable => Self::DoesNotApply,
            Verdict::Fail => Self::DoesNotHold,
            Verdict::Inconclusive | Verdict::Error | Verdict::NotRun => Self::Open,
        }));
        match said {
            Self::Holds | Self::DoesNotApply if !whole => Self::Open,
            said => said,
        }
    }
}

/// The verdict that counts: a reviewer's where there is one. A waiver changes none.
pub(crate) fn effective(unit: &UnitResult) -> Verdict {
    unit.overridden.as_ref().map_or(unit.verdict, |o| o.new)
}

/// The crosswalk of a record, over its verdicts.
pub(crate) struct Says<'a> {
    results: &'a Results,
    walk: &'a Value,
    /// Id of the catalogue whose units test the provisions.
    tests: &'a str,
}

/// Catalogue of the pairings.
const CROSSWALK: &str = "crosswalk-en-303-645-2.1.1";
/// Key of the law's items in a row.
const ITEMS: &str = "uk-psti";

impl<'a> Says<'a> {
    /// Where the record carries a crosswalk and a unit that it leads from.
    pub(crate) fn of(results: &'a Results) -> Option<Self> {
        let walk = results.catalogues.get(CROSSWALK)?;
        let says = Self { results, walk, tests: walk["tested_by"].as_str().unwrap_or_default() };
        says.provisions().iter().any(|p| says.provision(p) != Said::Silent).then_some(says)
    }

    pub(crate) fn walk(&self) -> &'a Value {
        self.walk
    }

    pub(crate) const fn results(&self) -> &'a Results {
        self.results
    }

    /// Provisions with a row, in the order of their numbers.
    pub(crate) fn provisions(&self) -> Vec<&'a str> {
        let rows = self.walk["rows"].as_object().into_iter().flatten();
        let mut provisions: Vec<&str> = rows.map(|(p, _)| p.as_str()).collect();
        provisions.sort_by_key(|p| numbers(p));
        provisions
    }

    /// What the units of a provision, and the items of the law that reuse it, say together.
    pub(crate) fn provision(&self, provision: &str) -> Said {
        let (whole, tested, items) = (self.tested(provision), self.tested_so_far(provision), self.by_items(provision));
        match (tested, items) {
            (Said::DoesNotHold, _) | (_, Said::DoesNotHold) => Said::DoesNotHold,
            (Said::Open, _) => Said::Open,
            // Tested in part without a doubt: the items may say the rest.
            (_, items) if items != Said::Silent && whole != tested => items,
            (Said::Silent, items) => items,
            _ => whole,
        }
    }

    /// What the provision's own test units say: it holds only where all that its catalogue has were judged.
    pub(crate) fn tested(&self, provision: &str) -> Said {
        let size = self.results.catalogues.get(self.tests).and_then(|c| c["units_of_provision"][provision].as_u64());
        let judged = self.units(provision).count();
        let whole = size.is_some_and(|size| u64::try_from(judged).is_ok_and(|n| n >= size));
        Said::of(self.units(provision), whole)
    }

    fn tested_so_far(&self, provision: &str) -> Said {
        Said::of(self.units(provision), true)
    }

    fn units(&self, provision: &str) -> impl Iterator<Item = Verdict> {
        let units = self.results.units.values();
        units.filter(move |u| u.catalogue == self.tests && u.provision == provision).map(effective)
    }

    /// What the items of the law say. Only a pairing that is sure carries an answer; the others say that there is one.
    fn by_items(&self, provision: &str) -> Said {
        let link = &self.walk["rows"][provision][ITEMS];
        let items: Vec<&str> = link["clauses"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let verdicts: Vec<Verdict> = items.iter().filter_map(|id| self.results.units.get(id)).map(effective).collect();
        let whole = verdicts.len() == items.len();
        match Said::of(verdicts.into_iter(), whole) {
            Said::Silent => Said::Silent,
            said if link["confidence"] == "high" => said,
            _ => Said::Open,
        }
    }
}

/// The numbers in an id: `5.10-1` comes after `5.9-3`.
fn numbers(id: &str) -> Vec<u32> {
    id.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_of_parts_that_hold_holds() {
        use Said::{DoesNotApply, DoesNotHold, Holds, Open, Silent};
        assert_eq!(Said::fold([]), Silent);
        assert_eq!(Said::fold([Holds, DoesNotApply]), Holds);
        assert_eq!(Said::fold([DoesNotApply, DoesNotApply]), DoesNotApply);
        assert_eq!(Said::fold([Holds, Silent]), Open);
        assert_eq!(Said::fold([DoesNotApply, Silent]), Open);
        assert_eq!(Said::fold([Silent, DoesNotHold, Open]), DoesNotHold);
        assert_eq!(Said::of([Verdict::Pass].into_iter(), false), Open);
        assert_eq!(Said::of([Verdict::Pass, Verdict::NotApplicable].into_iter(), true), Holds);
        assert_eq!(Said::of([Verdict::Pass, Verdict::NotRun].into_iter(), true), Open);
        assert_eq!(Said::of([].into_iter(), true), Silent);
    }
}
