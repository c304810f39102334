//! Steps: checks, questions to a person, loops.

use std::sync::Arc;

use assay_model::{Check, Diagnostic, Span};

use super::expression::{lower, lower_condition, lower_template};
use super::fields::Fields;
use super::{Mistakes, answers, scope, with};
use crate::expr::{Expr, Names, Type};
use crate::load::suggest;
use crate::load::tree::{Node, Yaml};
use crate::plan::{Action, Ask, Control, Registry, Step};

pub(crate) const KEYS: [&str; 11] =
    ["check", "with", "ask", "for_each", "steps", "as", "per", "unless", "deadline", "expect", "once"];
/// Keys that only controls have.
pub(crate) const CONTROL_ONLY: [&str; 2] = ["expect", "once"];
pub(crate) const ASK_KEYS: [&str; 5] = ["text", "answers", "secret", "evidence", "evidence_for_pass"];
pub(crate) const EVIDENCE: [&str; 3] = ["photo", "file", "text"];
/// Loops nest this deep.
const MAX_LOOPS: usize = 4;

/// Lowers the steps of one unit, or the shared ones; names become known as steps bind them.
pub(crate) struct Steps<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) mistakes: &'a Mistakes,
    /// What expressions may name from here on.
    pub(crate) names: Names,
    /// Whether the unit is judged once over all samples.
    pub(crate) over_samples: bool,
    /// Names bound so far, with their places.
    pub(crate) bound: super::suite::Seen,
}

impl Steps<'_> {
    /// The steps of a list.
    pub(crate) fn lower(&mut self, nodes: &[Node]) -> Vec<Step> {
        nodes.iter().filter_map(|node| self.step(node, false, 0).map(|(step, _)| step)).collect()
    }

    /// The controls of a list.
    pub(crate) fn controls(&mut self, nodes: &[Node]) -> Vec<Control> {
        nodes.iter().filter_map(|node| self.control(node)).collect()
    }

    fn control(&mut self, node: &Node) -> Option<Control> {
        let (step, fields) = self.step(node, true, 0)?;
        let expect = lower_condition(fields.require("expect")?, &self.names, self.mistakes)?;
        if let Some(name) = step.name.as_ref().filter(|name| !expect.names().contains(name)) {
            let text = format!("this control does not look at `{name}`, what its own step observed");
            self.mistakes.add(Diagnostic::error("plan::control", text, Some(expect.span.clone())));
        }
        let once = fields.flag("once").unwrap_or(false);
        Some(Control { step, expect, once })
    }

    fn step<'n>(&mut self, node: &'n Node, control: bool, loops: usize) -> Option<(Step, Fields<'n>)>
    where
        Self: 'n,
    {
        let what = if control { "a control" } else { "a step" };
        let keys: Vec<&str> = KEYS.into_iter().filter(|k| control || !CONTROL_ONLY.contains(k)).collect();
        // The fields live as long as the node: they report into the same list.
        let fields = Fields::open(what, node, &keys, self.mistakes)?;
        let actions: Vec<&str> = ["check", "ask", "for_each"].into_iter().filter(|k| fields.get(k).is_some()).collect();
        let [action] = actions[..] else {
            let text = match &actions[..] {
                [] => format!("{what} needs one of `check`, `ask` and `for_each`"),
                several => format!("{what} does one thing, and this one names {}", suggest::list(several)),
            };
            self.mistakes.add(Diagnostic::error("plan::step", text, Some(fields.first())));
            return None;
        };
        self.fitting_keys(&fields, action);
        let unless = fields.get("unless").and_then(|n| lower_condition(n, &self.names, self.mistakes));
        let per_sample = self.per_sample(&fields);
        let (action, kind) = match action {
            "check" => self.check(&fields)?,
            "ask" => self.ask(&fields)?,
            _ => self.for_each(&fields, loops)?,
        };
        let name = fields.get("as").and_then(|n| self.bind(n, if per_sample { kind.listed() } else { kind }));
        let deadline = fields.duration("deadline");
        Some((Step { action, name, per_sample, unless, deadline, span: fields.first() }, fields))
    }

    fn fitting_keys(&self, fields: &Fields<'_>, action: &str) {
        let only = [("with", "check"), ("steps", "for_each")];
        for (key, belongs) in only.into_iter().filter(|(key, belongs)| fields.get(key).is_some() && action != *belongs)
        {
            let text = format!("`{key}` belongs to `{belongs}`, and this step has `{action}`");
            self.mistakes.add(Diagnostic::error("plan::step", text, Some(fields.key_span(key))));
        }
        if action == "for_each" && fields.get("as").is_some() {
            let text = "a loop has no observation of its own: its steps have";
            let mistake = Diagnostic::error("plan::step", text, Some(fields.key_span("as")));
            self.mistakes.add(mistake.help("put `as` on the steps inside"));
        }
    }

    fn per_sample(&self, fields: &Fields<'_>) -> bool {
        if fields.word("per", &["sample"]).is_none() {
            return false;
        }
        if !self.over_samples {
            let text = "`per: sample` is for units with `scope: samples`; this one runs on each sample anyway";
            self.mistakes.add(Diagnostic::error("plan::step", text, Some(fields.key_span("per"))));
        }
        self.over_samples
    }

    fn check(&self, fields: &Fields<'_>) -> Option<(Action, Type)> {
        let node = fields.require("check")?;
        let name = fields.as_text("check", node)?;
        let Some(check) = self.registry.check(&name) else {
            let known: Vec<&str> = self.registry.checks.iter().map(|c| c.info().name).collect();
            let text = format!("there is no check `{name}`");
            let mistake = Diagnostic::error("plan::unknown-check", text, Some(node.span.clone()));
            self.mistakes.add(mistake.help(suggest::of(&name, &known, "there are")));
            return None;
        };
        let schema = &check.info().params;
        let with = with::lower(fields.get("with"), &name, &node.span, schema, &self.names, self.mistakes);
        Some((Action::Check { check: Arc::clone(check), with }, observation(check.as_ref())))
    }

    fn ask(&self, fields: &Fields<'_>) -> Option<(Action, Type)> {
        let ask = Fields::open("`ask`", fields.get("ask")?, &ASK_KEYS, self.mistakes)?;
        let text = ask.require("text").map(|n| lower_template(n, &self.names, self.mistakes).0);
        let answers: Vec<String> = ask.words("answers", &answers::ANSWERS).into_iter().map(|(w, _)| w).collect();
        if ask.require("answers").is_some() && ask.list("answers").is_empty() {
            let text = "a question without answers cannot be answered";
            self.mistakes.add(Diagnostic::error("plan::ask", text, Some(ask.key_span("answers"))));
        }
        let secret = ask.flag("secret").unwrap_or(false);
        if secret && !answers.is_empty() && !answers.iter().any(|a| a == "value") {
            let text = "`secret` is about a `value`, and none is asked for";
            self.mistakes.add(Diagnostic::error("plan::ask", text, Some(ask.key_span("secret"))));
        }
        let evidence = ask.words("evidence", &EVIDENCE).into_iter().map(|(w, _)| w).collect();
        let evidence_for_pass = ask.flag("evidence_for_pass").unwrap_or(false);
        let kind = Type::record(
            "an answer",
            [
                ("answer", Type::Word(answers.clone())),
                ("value", Type::Text),
                ("reason", Type::Text),
                ("operator", Type::Text),
                ("source", Type::Text),
                ("signed", Type::Bool),
            ],
        );
        Some((Action::Ask(Ask { text: text?, answers, secret, evidence, evidence_for_pass }), kind))
    }

    fn for_each(&mut self, fields: &Fields<'_>, loops: usize) -> Option<(Action, Type)> {
        let node = fields.get("for_each")?;
        let text = fields.as_text("for_each", node)?;
        let wrong = |text: String| {
            Diagnostic::error("plan::for-each", text, Some(node.span.clone()))
                .help("write `for_each: m in ixit.auth_mech`")
        };
        if loops >= MAX_LOOPS {
            self.mistakes.add(wrong(format!("loops nest deeper than {MAX_LOOPS}")));
            return None;
        }
        let Some((variable, rows)) = text.split_once(" in ").filter(|(name, _)| is_name(name.trim())) else {
            self.mistakes.add(wrong("this is no loop".into()));
            return None;
        };
        let at = text.len() - rows.len();
        let inner = Node { value: Yaml::Text(rows.to_owned()), span: node.place_of(&text).span(at..text.len()) };
        let (over, kind) = lower(&inner, &self.names, self.mistakes)?;
        let element = match kind {
            Type::List(element) => *element,
            Type::Dyn => Type::Dyn,
            other => {
                let text = format!("a loop needs a list, and this gives {}", other.describe());
                self.mistakes.add(wrong(text));
                Type::Dyn
            }
        };
        let variable = variable.trim().to_owned();
        self.claim(&variable, &node.place_of(&text).span(0..variable.len()));
        self.names.set(&variable, element);
        fields.require("steps");
        let nodes = fields.list("steps");
        let steps: Vec<Step> = nodes.iter().filter_map(|n| self.step(n, false, loops + 1).map(|(s, _)| s)).collect();
        if nodes.is_empty() && fields.get("steps").is_some() {
            self.mistakes.add(Diagnostic::error(
                "plan::for-each",
                "this loop has no steps",
                Some(fields.key_span("steps")),
            ));
        }
        Some((Action::ForEach { variable, over, steps }, Type::Dyn))
    }

    fn bind(&mut self, node: &Node, kind: Type) -> Option<String> {
        let name = node.text().map(str::to_owned).filter(|name| is_name(name));
        let Some(name) = name else {
            let text = "a name starts with a letter and holds letters, digits and `_`";
            self.mistakes.add(Diagnostic::error("plan::name", text, Some(node.span.clone())));
            return None;
        };
        self.claim(&name, &node.span);
        self.names.set(&name, kind);
        Some(name)
    }

    /// A name is bound once in a unit, and never shadows what is there for all.
    fn claim(&mut self, name: &str, span: &Span) {
        if scope::RESERVED.contains(&name) {
            let text = format!("`{name}` is taken: every expression can name it");
            self.mistakes.add(Diagnostic::error("plan::name", text, Some(span.clone())));
            return;
        }
        super::suite::unique("plan::name", "the name", name, span, &mut self.bound, self.mistakes);
    }
}

/// The type of what a check observes.
pub(crate) fn observation(check: &dyn Check) -> Type {
    let info = check.info();
    Type::from_schema(&info.observation, &format!("the observation of `{}`", info.name))
}

fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !["true", "false", "null", "in"].contains(&text)
}

/// Calls `f` on each expression of some steps.
pub(crate) fn each_expr<'s>(steps: &'s [Step], f: &mut impl FnMut(&'s Expr)) {
    for step in steps {
        step.unless.iter().for_each(&mut *f);
        match &step.action {
            Action::Check { with, .. } => with.each_expr(f),
            Action::Ask(ask) => ask.text.each_expr(f),
            Action::ForEach { over, steps, .. } => {
                f(over);
                each_expr(steps, f);
            }
        }
    }
}

/// Calls `f` on each step, those in loops included.
pub(crate) fn each_step<'s>(steps: &'s [Step], f: &mut impl FnMut(&'s Step)) {
    for step in steps {
        f(step);
        if let Action::ForEach { steps, .. } = &step.action {
            each_step(steps, f);
        }
    }
}
