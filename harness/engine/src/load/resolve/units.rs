//! Units over all plans.

use std::collections::BTreeMap;

use assay_model::{Diagnostic, Span};

use crate::load::lower::Mistakes;
use crate::load::lower::plan::LoweredPlan;

/// Every unit id, those of `also` included, with its place.
pub(crate) fn ids(plans: &[LoweredPlan]) -> impl Iterator<Item = (&str, &Span)> {
    plans.iter().flat_map(|p| &p.units).flat_map(|u| u.ids.iter().map(|(id, span)| (id.as_str(), span)))
}

/// A unit is decided once: an id that stands twice over all plans is reported at both places.
pub(crate) fn duplicates(plans: &[LoweredPlan], mistakes: &Mistakes) {
    let mut seen: BTreeMap<&str, &Span> = BTreeMap::new();
    for (id, span) in ids(plans) {
        match seen.get(id) {
            Some(first) => mistakes.add(
                Diagnostic::error(
                    "plan::duplicate-unit",
                    format!("the unit `{id}` is decided twice"),
                    Some(span.clone()),
                )
                .caret("again here")
                .label((*first).clone(), "first here")
                .help("remove one, or run the two plans apart"),
            ),
            None => drop(seen.insert(id, span)),
        }
    }
}
