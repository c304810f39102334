//! Expectations, and what can be said against them before anything runs.

use assay_model::Diagnostic;

use super::Mistakes;
use super::expression::{lower, lower_condition};
use super::fields::Fields;
use crate::expr::{Expr, Names};
use crate::load::tree::{Node, Yaml};
use crate::plan::{Expectation, Level, Polarity};

pub(crate) const KEYS: [&str; 5] = ["that", "why", "show", "polarity", "level"];

/// One expression or mapping, or a list of them.
pub(crate) fn lower_all(node: &Node, names: &Names, mistakes: &Mistakes) -> Vec<Expectation> {
    match &node.value {
        Yaml::List(items) => items.iter().filter_map(|item| one(item, names, mistakes)).collect(),
        _ => one(node, names, mistakes).into_iter().collect(),
    }
}

fn one(node: &Node, names: &Names, mistakes: &Mistakes) -> Option<Expectation> {
    let Yaml::Map(_) = node.value else {
        let that = lower_condition(node, names, mistakes)?;
        let span = that.span.clone();
        return Some(Expectation {
            that,
            why: None,
            show: None,
            polarity: Polarity::Absence,
            level: Level::Must,
            span,
        });
    };
    let fields = Fields::open("an expectation", node, &KEYS, mistakes)?;
    let that = fields.require("that").and_then(|n| lower_condition(n, names, mistakes));
    let why = fields.text("why");
    let show = fields.get("show").and_then(|n| lower(n, names, mistakes)).map(|(expr, _)| expr);
    let polarity = match fields.word("polarity", &["absence", "presence"]).as_deref() {
        Some("presence") => Polarity::Presence,
        _ => Polarity::Absence,
    };
    let level = Level::of(fields.word("level", &Level::ALL.map(Level::word)).as_deref());
    Some(Expectation { that: that?, why, show, polarity, level, span: fields.first() })
}

/// Warns of `list.all(...)` where nothing says that the list has anything in it.
///
/// `guarded`: the unit has a control or a least number of samples.
pub(crate) fn warn_of_empty(expectations: &[Expectation], others: &[&Expr], guarded: bool, mistakes: &Mistakes) {
    if guarded {
        return;
    }
    let all: Vec<&Expr> = expectations.iter().map(|e| &e.that).chain(others.iter().copied()).collect();
    for expectation in expectations.iter().filter(|e| e.level != Level::May) {
        for (list, span) in expectation.that.lists_asked_of_all() {
            if all.iter().any(|e| e.asks_size_of(&list)) {
                continue;
            }
            let text = format!("`{list}.all(...)` proves nothing where `{list}` is empty");
            mistakes.add(
                Diagnostic::warning("plan::empty-all", text, Some(span))
                    .help(format!("add a control, or expect `{list}.size() > 0` as well")),
            );
        }
    }
}
