//! Answers files: what a person would say, said beforehand.

use std::path::Path;
use std::sync::Arc;

use assay_model::{Diagnostic, Span};

use super::Mistakes;
use super::fields::{Fields, header};
use crate::load::tree::Node;
use crate::plan::{Answered, Answers};

pub(crate) const KEYS: [&str; 3] = ["assay", "operator", "answers"];
pub(crate) const ANSWER_KEYS: [&str; 8] = ["unit", "sample", "step", "answer", "value", "reason", "evidence", "dated"];
/// What may be answered.
pub(crate) const ANSWERS: [&str; 6] = ["pass", "fail", "cannot-tell", "stop", "value", "done"];

/// The answers, and where each one's unit is named.
pub(crate) fn lower(node: &Node, mistakes: &Mistakes) -> Option<(Answers, Vec<Span>)> {
    let fields = Fields::open("an answers file", node, &KEYS, mistakes)?;
    header(&fields, "answers/1");
    let operator = fields.require("operator").and_then(|n| Fields::open_any("`operator`", n, mistakes));
    if let Some(operator) = &operator {
        operator.require_text("id");
    }
    let folder = node.span.file.path.parent().map(Path::to_path_buf).unwrap_or_default();
    let (mut answers, mut spans) = (Vec::new(), Vec::new());
    fields.require("answers");
    for item in fields.list("answers") {
        let Some(one) = Fields::open("an answer", item, &ANSWER_KEYS, mistakes) else { continue };
        let answer = one.require("answer").and_then(|n| one.as_word("answer", n, &ANSWERS));
        let reason = one.text("reason").unwrap_or_default();
        let unit = one.require_text("unit");
        let (Some(unit), Some(answer)) = (unit, answer) else { continue };
        needs_reason(&one, &answer, &reason, mistakes);
        spans.push(one.get("unit").map_or_else(|| one.first(), |n| n.span.clone()));
        answers.push(Answered {
            unit,
            sample: one.text("sample").unwrap_or_else(|| "*".into()),
            step: one.text("step"),
            value: if answer == "value" {
                one.require("value").map(Node::json)
            } else {
                one.get("value").map(Node::json)
            },
            answer,
            reason,
            evidence: one.texts("evidence").into_iter().map(|name| folder.join(name)).collect(),
            dated: one.text("dated").filter(|text| is_date(&one, text)),
        });
    }
    let operator = operator.and_then(|o| o.node().json().as_object().cloned()).unwrap_or_default();
    Some((Answers { operator, answers, signed: None, file: Arc::clone(&node.span.file) }, spans))
}

fn needs_reason(one: &Fields<'_>, answer: &str, reason: &str, mistakes: &Mistakes) {
    if reason.trim().is_empty() && !matches!(answer, "pass" | "done" | "value") {
        let text = format!("the answer `{answer}` needs a `reason`");
        mistakes.add(Diagnostic::error("answers::no-reason", text, Some(one.key_span("answer"))));
    }
}

fn is_date(one: &Fields<'_>, text: &str) -> bool {
    let good = time::Date::parse(text, time::macros::format_description!("[year]-[month]-[day]")).is_ok();
    if !good {
        let span = one.get("dated").map(|n| n.span.clone());
        let message = format!("`{text}` is no date");
        one.mistakes().add(Diagnostic::error("answers::date", message, span).help("write it as 2026-11-20"));
    }
    good
}
