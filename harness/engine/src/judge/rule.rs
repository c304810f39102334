//! What a plan holds against an observation, apart from how the observation was made. It is written to the journal, so
//! that a pack can be judged again without the plan's file.

use std::collections::BTreeSet;

use assay_model::CheckKind;
use serde_json::{Value, json};

use crate::expr::Expr;
use crate::plan::{Action, Expectation, Level, Polarity, Scope, Step, Template, TextPart, Unit};

/// The judging half of a [`Unit`].
#[derive(Clone, Default)]
pub struct Rule {
    /// Name and expression of each control.
    pub controls: Vec<(String, Expr)>,
    /// What must hold.
    pub expect: Vec<Expectation>,
    /// Names that each loop binds, in the order of the plan; a loop inside another comes after it.
    pub loops: Vec<Loop>,
    /// Whether any check concludes from what it does not find.
    pub absence: bool,
    /// Judged once over all samples.
    pub over_samples: bool,
    /// Applicability.
    pub when: Option<Expr>,
    /// Names of the questions that a person is asked, with `pass` or `fail` among the answers.
    pub asks: Vec<String>,
    /// Every name that the unit refers to, in its steps too: which shared observations it rests on.
    pub uses: BTreeSet<String>,
}

/// A loop and the names that it binds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loop {
    /// Nesting, from 1.
    pub depth: usize,
    /// Its variable and the names of its own steps.
    pub names: BTreeSet<String>,
}

/// How a step is called in the journal: its `as` name, or what it does.
pub(crate) fn step_name(step: &Step) -> String {
    step.name.clone().unwrap_or_else(|| match &step.action {
        Action::Check { check, .. } => check.info().name.to_owned(),
        Action::Ask(_) => "ask".into(),
        Action::ForEach { .. } => "for_each".into(),
    })
}

/// Every name that a step refers to.
pub(crate) fn step_uses(step: &Step, into: &mut Vec<String>) {
    into.extend(step.unless.iter().flat_map(Expr::names));
    match &step.action {
        Action::Check { with, .. } => template_uses(with, into),
        Action::Ask(ask) => template_uses(&ask.text, into),
        Action::ForEach { over, steps, .. } => {
            into.extend(over.names());
            steps.iter().for_each(|step| step_uses(step, into));
        }
    }
}

fn template_uses(template: &Template, into: &mut Vec<String>) {
    match template {
        Template::Literal(_) => {}
        Template::Expr(expr) => into.extend(expr.names()),
        Template::List(items) => items.iter().for_each(|item| template_uses(item, into)),
        Template::Map(entries) => entries.iter().for_each(|(_, item)| template_uses(item, into)),
        Template::Text(parts) => {
            for part in parts {
                if let TextPart::Expr(expr) = part {
                    into.extend(expr.names());
                }
            }
        }
    }
}

/// The check of a step as results name it.
pub(crate) fn step_check(step: &Step) -> &str {
    match &step.action {
        Action::Check { check, .. } => check.info().name,
        Action::Ask(_) => "ask",
        Action::ForEach { .. } => "for_each",
    }
}

impl Rule {
    /// The judging half of a unit.
    #[must_use]
    pub fn of(unit: &Unit) -> Self {
        let mut rule = Self {
            controls: unit.control.iter().map(|c| (step_name(&c.step), c.expect.clone())).collect(),
            expect: unit.expect.clone(),
            when: unit.when.clone(),
            over_samples: unit.scope == Scope::Samples,
            ..Self::default()
        };
        rule.walk(&unit.steps, None, 0);
        let mut uses = Vec::new();
        for control in &unit.control {
            step_uses(&control.step, &mut uses);
            uses.extend(control.expect.names());
        }
        unit.steps.iter().chain(&unit.finally).for_each(|step| step_uses(step, &mut uses));
        for expectation in &unit.expect {
            uses.extend(expectation.that.names());
            uses.extend(expectation.show.iter().flat_map(Expr::names));
        }
        uses.extend(unit.when.iter().flat_map(Expr::names));
        rule.uses = uses.into_iter().collect();
        rule
    }

    fn walk(&mut self, steps: &[Step], within: Option<usize>, depth: usize) {
        for step in steps {
            if let (Some(at), Some(name)) = (within, &step.name) {
                self.loops[at].names.insert(name.clone());
            }
            match &step.action {
                Action::Check { check, .. } => self.absence |= check.info().kind == CheckKind::Absence,
                Action::Ask(ask) => {
                    if ask.answers.iter().any(|a| a == "pass" || a == "fail") {
                        self.asks.push(step_name(step));
                    }
                }
                Action::ForEach { variable, steps, .. } => {
                    let names = BTreeSet::from([variable.clone()]);
                    self.loops.push(Loop { depth: depth + 1, names });
                    self.walk(steps, Some(self.loops.len() - 1), depth + 1);
                }
            }
        }
    }

    /// The loop that an expectation is judged in: the innermost whose names it uses.
    #[must_use]
    pub fn loop_of(&self, expectation: &Expectation) -> Option<usize> {
        let used: BTreeSet<String> = expectation.that.names().into_iter().collect();
        let using = self.loops.iter().enumerate().filter(|(_, l)| !l.names.is_disjoint(&used));
        using.max_by_key(|(_, l)| l.depth).map(|(at, _)| at)
    }

    /// Whether a loop, or one around it, is among those that were left out.
    #[must_use]
    pub fn is_left_out(&self, of: usize, left_out: &BTreeSet<usize>) -> bool {
        let around = |of: usize| {
            let depth = self.loops.get(of)?.depth;
            (0..of).rev().find(|before| self.loops[*before].depth < depth)
        };
        std::iter::successors(Some(of), |of| around(*of)).any(|of| left_out.contains(&of))
    }

    /// For `run.start`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "when": self.when.as_ref().map(|e| &e.source),
            "absence": self.absence,
            "over_samples": self.over_samples,
            "asks": self.asks,
            "uses": self.uses,
            "controls": self.controls.iter().map(|(n, e)| json!({"name": n, "expect": e.source})).collect::<Vec<_>>(),
            "loops": self.loops.iter().map(|l| json!({"depth": l.depth, "names": l.names})).collect::<Vec<_>>(),
            "expect": self.expect.iter().map(|e| json!({
                "that": e.that.source,
                "why": e.why,
                "show": e.show.as_ref().map(|e| &e.source),
                "polarity": if e.polarity == Polarity::Presence { "presence" } else { "absence" },
                "level": e.level.word(),
            })).collect::<Vec<_>>(),
        })
    }
}

/// A rule from its journal form. `compile` makes an expression of a text.
///
/// # Errors
/// The text that could not be compiled.
pub fn rebuild_expressions(rule: &Value, mut compile: impl FnMut(&str) -> Option<Expr>) -> Result<Rule, String> {
    let mut expr = |value: &Value| -> Result<Expr, String> {
        let source = value.as_str().unwrap_or_default();
        compile(source).ok_or_else(|| source.to_owned())
    };
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut out = Rule {
        absence: rule["absence"] == true,
        over_samples: rule["over_samples"] == true,
        asks: texts(&rule["asks"]),
        ..Rule::default()
    };
    out.uses = texts(&rule["uses"]).into_iter().collect();
    if rule["when"].is_string() {
        out.when = Some(expr(&rule["when"])?);
    }
    for control in list(&rule["controls"]) {
        let name = control["name"].as_str().unwrap_or_default().to_owned();
        out.controls.push((name, expr(&control["expect"])?));
    }
    for one in list(&rule["loops"]) {
        let depth = one["depth"].as_u64().and_then(|d| usize::try_from(d).ok()).unwrap_or(1);
        out.loops.push(Loop { depth, names: texts(&one["names"]).into_iter().collect() });
    }
    for one in list(&rule["expect"]) {
        let that = expr(&one["that"])?;
        out.expect.push(Expectation {
            span: that.span.clone(),
            that,
            why: one["why"].as_str().map(str::to_owned),
            show: if one["show"].is_string() { Some(expr(&one["show"])?) } else { None },
            polarity: if one["polarity"] == "presence" { Polarity::Presence } else { Polarity::Absence },
            level: Level::of(one["level"].as_str()),
        });
    }
    Ok(out)
}
