//! Waivers files: deviations that somebody with authority accepts for a time.

use std::collections::BTreeMap;

use assay_model::{Diagnostic, Span};

use super::fields::{Fields, header};
use super::suite::{Seen, unique};
use super::{Mistakes, dates};
use crate::load::tree::Node;
use crate::plan::{Covers, Waiver};

pub(crate) const KEYS: [&str; 2] = ["assay", "waivers"];
pub(crate) const ENTRY: [&str; 6] = ["id", "scope", "reason", "approver", "start", "expires"];
pub(crate) const SCOPE: [&str; 5] = ["unit", "group", "provision", "product", "samples"];
/// A waiver that ends within so many days is told of.
const WARNED_DAYS: i64 = 14;

/// Every waiver that is whole; what is past, to come or near its end on `today` is a warning.
pub(crate) fn lower(node: &Node, today: &str, mistakes: &Mistakes) -> Vec<Waiver> {
    let Some(fields) = Fields::open("a waivers file", node, &KEYS, mistakes) else { return Vec::new() };
    header(&fields, "waivers/1");
    fields.require("waivers");
    let mut ids = Seen::new();
    let entries = fields.list("waivers").iter();
    entries.filter_map(|entry| one(entry, today, &mut ids, mistakes)).collect()
}

fn one(node: &Node, today: &str, ids: &mut Seen, mistakes: &Mistakes) -> Option<Waiver> {
    let fields = Fields::open("a waiver", node, &ENTRY, mistakes)?;
    let id = fields.require_text("id");
    if let (Some(id), Some(node)) = (&id, fields.get("id")) {
        unique("waivers::duplicate", "the waiver", id, &node.span, ids, mistakes);
    }
    let scope = fields.require("scope").and_then(|n| Fields::open("`scope`", n, &SCOPE, mistakes));
    let covers = scope.as_ref().and_then(|scope| covers(scope, mistakes));
    let product = scope.as_ref().map(|scope| product(scope, mistakes)).unwrap_or_default();
    let samples = scope.as_ref().map(|scope| scope.texts("samples")).unwrap_or_default();
    let (reason, approver) = (fields.require_text("reason"), fields.require_text("approver"));
    let (start, expires) = dates::span(&fields, "start", "expires")?;
    let void = void(&start, &expires, today);
    let id = id?;
    time_warning(&id, (&start, &expires), today, void, &fields.key_span("expires"), mistakes);
    Some(Waiver {
        id,
        covers: covers?,
        product,
        samples,
        reason: reason?,
        approver: approver?,
        start,
        expires,
        void,
        span: fields.first(),
    })
}

fn covers(scope: &Fields<'_>, mistakes: &Mistakes) -> Option<Covers> {
    let given: Vec<&str> = ["unit", "group", "provision"].into_iter().filter(|k| scope.get(k).is_some()).collect();
    let [key] = given[..] else {
        let text = "a waiver covers one of `unit`, `group` and `provision`";
        mistakes.add(Diagnostic::error("waivers::scope", text, Some(scope.first())));
        return None;
    };
    let id = scope.require_text(key)?;
    Some(match key {
        "unit" => Covers::Unit(id),
        "group" => Covers::Group(id),
        _ => Covers::Provision(id),
    })
}

fn product(scope: &Fields<'_>, mistakes: &Mistakes) -> BTreeMap<String, String> {
    let Some(fields) = scope.get("product").and_then(|n| Fields::open_any("`product`", n, mistakes)) else {
        return BTreeMap::new();
    };
    let texts = fields.entries().iter();
    texts.filter_map(|entry| Some((entry.key.clone(), fields.as_text(&entry.key, &entry.value)?))).collect()
}

/// A waiver counts from its first day to its last.
fn void(start: &str, expires: &str, today: &str) -> Option<&'static str> {
    if today < start {
        Some("not begun")
    } else if today > expires {
        Some("expired")
    } else {
        None
    }
}

fn time_warning(
    id: &str,
    (start, expires): (&str, &str),
    today: &str,
    void: Option<&str>,
    span: &Span,
    mistakes: &Mistakes,
) {
    let (code, text) = match void {
        Some("expired") => {
            ("waivers::expired", format!("waiver `{id}` ended on {expires}: what it covered counts again"))
        }
        Some(_) => {
            ("waivers::not-begun", format!("waiver `{id}` begins on {start}: until then nothing is waived by it"))
        }
        None => match days_left(expires, today) {
            Some(days @ ..=WARNED_DAYS) => {
                ("waivers::ends-soon", format!("waiver `{id}` ends on {expires}, in {days} days"))
            }
            _ => return,
        },
    };
    mistakes
        .add(Diagnostic::warning(code, text, Some(span.clone())).help("mend the product, or have it approved again"));
}

fn days_left(expires: &str, today: &str) -> Option<i64> {
    let date = |text| time::Date::parse(text, time::macros::format_description!("[year]-[month]-[day]")).ok();
    Some((date(expires)? - date(today)?).whole_days())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use assay_model::{Severity, SourceFile};

    use super::*;

    fn lowered(text: &str, today: &str) -> (Vec<Waiver>, Vec<String>) {
        let file = Arc::new(SourceFile { path: "w.yaml".into(), text: format!("assay: waivers/1\nwaivers:\n{text}") });
        let node = crate::load::tree::parse(&file).expect("YAML");
        let mistakes = Mistakes::default();
        let waivers = lower(&node, today, &mistakes);
        let found = mistakes.take();
        let word = |d: &Diagnostic| if d.severity == Severity::Error { "error" } else { "warning" };
        (waivers, found.iter().map(|d| format!("{} {}", word(d), d.code)).collect())
    }

    fn waiver(scope: &str) -> String {
        format!(
            "  - {{ id: W-1, scope: {scope}, reason: r, approver: a, start: \"2026-11-01\", expires: \"2026-12-31\" }}\n"
        )
    }

    #[test]
    fn a_waiver_counts_on_its_days_and_is_told_of_before_it_ends() {
        let text = waiver("{ unit: x }");
        let on = |today| {
            let (waivers, found) = lowered(&text, today);
            (waivers[0].void, found)
        };
        let warning = |code: &str| vec![format!("warning waivers::{code}")];
        assert_eq!(on("2026-10-31"), (Some("not begun"), warning("not-begun")));
        assert_eq!(on("2026-11-01"), (None, vec![]));
        assert_eq!(on("2026-12-16"), (None, vec![]));
        assert_eq!(on("2026-12-17"), (None, warning("ends-soon")));
        assert_eq!(on("2026-12-31"), (None, warning("ends-soon")));
        assert_eq!(on("2027-01-01"), (Some("expired"), warning("expired")));
    }

    #[test]
    fn what_is_missing_or_wrong_is_said_and_the_waiver_does_not_count() {
        let refused = |text: &str| {
            let (waivers, found) = lowered(text, "2026-11-10");
            assert!(waivers.is_empty(), "{text}");
            found
        };
        assert_eq!(refused(&waiver("{ unit: x, group: y }")), ["error waivers::scope"]);
        assert_eq!(refused(&waiver("{ samples: [s1] }")), ["error waivers::scope"]);
        assert_eq!(refused(&waiver("{ unti: x }")), ["error plan::unknown-key", "error waivers::scope"]);
        let nobody = waiver("{ unit: x }").replace("approver: a, ", "");
        assert_eq!(refused(&nobody), ["error plan::missing-key"]);
        let backwards = waiver("{ unit: x }").replace("2026-12-31", "2026-10-31");
        assert_eq!(refused(&backwards), ["error file::dates"]);
        assert_eq!(refused(&waiver("{ unit: x }").replace("2026-12-31", "soon")), ["error file::date"]);
        let twice = format!("{}{}", waiver("{ unit: x }"), waiver("{ unit: y }"));
        assert_eq!(lowered(&twice, "2026-11-10").1, ["error waivers::duplicate"]);
    }
}
