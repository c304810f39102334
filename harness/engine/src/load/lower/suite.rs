//! `suite.yaml`: the plans of a folder.

use std::collections::BTreeMap;
use std::path::PathBuf;

use assay_model::{Diagnostic, Span};

use super::Mistakes;
use super::fields::{Fields, header};
use crate::load::tree::Node;

pub(crate) const KEYS: [&str; 4] = ["assay", "suite", "title", "plans"];

/// The plans that a suite lists, as written, with their places.
pub(crate) fn lower(node: &Node, mistakes: &Mistakes) -> Vec<(PathBuf, Span)> {
    let Some(fields) = Fields::open("a suite", node, &KEYS, mistakes) else { return Vec::new() };
    header(&fields, "suite/1");
    fields.text("suite");
    fields.text("title");
    let Some(list) = fields.require("plans") else { return Vec::new() };
    let mut seen = Seen::new();
    let plans: Vec<(PathBuf, Span)> = fields
        .list("plans")
        .iter()
        .filter_map(|n| {
            let name = fields.as_text("plans", n)?;
            let known = seen.len();
            unique("suite::duplicate-plan", "the plan", &name, &n.span, &mut seen, mistakes);
            (seen.len() > known).then_some(())?;
            Some((PathBuf::from(name), n.span.clone()))
        })
        .collect();
    if plans.is_empty() && fields.list("plans").is_empty() {
        mistakes.add(Diagnostic::error("suite::empty", "a suite without plans runs nothing", Some(list.span.clone())));
    }
    plans
}

/// Names met so far, with their places.
pub(crate) type Seen = BTreeMap<String, Span>;

/// Reports `name` where it stands a second time, with the first place beside it.
pub(crate) fn unique(code: &'static str, what: &str, name: &str, span: &Span, seen: &mut Seen, mistakes: &Mistakes) {
    match seen.get(name) {
        Some(first) => mistakes.add(
            Diagnostic::error(code, format!("{what} `{name}` stands here a second time"), Some(span.clone()))
                .label(first.clone(), "first here"),
        ),
        None => drop(seen.insert(name.to_owned(), span.clone())),
    }
}
