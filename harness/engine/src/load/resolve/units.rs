//! Units over all plans.

use std::collections::BTreeMap;

use assay_model::{Diagnostic, Span};

use crate::load::lower::Mistakes;
use crate::load::lower::plan::LoweredPlan;

/// Every unit id, those of `also` included, with its place.
pub(crate) fn ids(plans: &[LoweredPlan]) -> impl Iterator<Item = (&str, &Span)> {
    plans.iter().flat_map(|p| &p.units).flat_map(|u| u.ids.iter().map(|(id, span)| (id.as_str(), span)))
}

/// A unit is decided once. One that several plans include from the same file is the first plan's; all else that stands twice
/// is reported at both places.
pub(crate) fn duplicates(plans: &mut [LoweredPlan], mistakes: &Mistakes) {
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    for plan in plans {
        plan.units.retain(|unit| {
            let again = |(id, span): &(String, Span)| seen.get(id).is_some_and(|first| same_place(first, span));
            let included_before = !unit.ids.is_empty() && unit.ids.iter().all(again);
            if !included_before {
                unit.ids.iter().for_each(|(id, span)| claim(id, span, &mut seen, mistakes));
            }
            !included_before
        });
    }
}

fn claim(id: &str, span: &Span, seen: &mut BTreeMap<String, Span>, mistakes: &Mistakes) {
    match seen.get(id) {
        Some(first) => mistakes.add(
            Diagnostic::error("plan::duplicate-unit", format!("the unit `{id}` is decided twice"), Some(span.clone()))
                .caret("again here")
                .label(first.clone(), "first here")
                .help("remove one, include both from one file, or run the two plans apart"),
        ),
        None => drop(seen.insert(id.to_owned(), span.clone())),
    }
}

/// The same bytes of the same file, whatever way led there.
fn same_place(one: &Span, other: &Span) -> bool {
    let path = |span: &Span| std::fs::canonicalize(&span.file.path).unwrap_or_else(|_| span.file.path.clone());
    one.bytes == other.bytes && one.file.text == other.file.text && path(one) == path(other)
}
