//! Units of a plan.

use std::time::Duration;

use assay_model::{Diagnostic, Effect, Span};

use super::expression::{lower_condition, lower_template};
use super::fields::Fields;
use super::step::{Steps, each_expr, each_step, observation};
use super::{Mistakes, expect};
use crate::expr::{Expr, Names, Type};
use crate::load::tree::{Node, Yaml};
use crate::plan::{Action, Class, Control, Expectation, Level, Registry, Scope, Step, Unit};

pub(crate) const KEYS: [&str; 16] = [
    "unit", "also", "title", "question", "scope", "samples", "needs", "effect", "deadline", "retries", "when",
    "control", "steps", "expect", "finally", "tags",
];
/// What a bench can provide.
pub(crate) const NEEDS: [&str; 8] =
    ["network", "console", "power", "labels", "documents", "probe", "capture", "operator"];
const DEADLINE: Duration = Duration::from_secs(60);
const MAX_RETRIES: i64 = 5;

/// A unit, and where its parts stand.
pub(crate) struct LoweredUnit {
    pub(crate) unit: Unit,
    /// The id and those of `also`.
    pub(crate) ids: Vec<(String, Span)>,
    /// Each word of `needs`; words that only its checks ask for stand at the check.
    pub(crate) needs: Vec<(String, Span)>,
    /// Where `effect` stands, or the unit.
    pub(crate) effect: Span,
}

/// What all units of a plan share.
pub(crate) struct Around<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) mistakes: &'a Mistakes,
    /// Names that every expression may use.
    pub(crate) names: &'a Names,
    /// Steps observed once per sample.
    pub(crate) shared: &'a [Step],
    /// Their names, which no unit may bind again.
    pub(crate) shared_names: &'a super::suite::Seen,
}

/// A unit from its node.
pub(crate) fn lower(node: &Node, around: &Around<'_>) -> Option<LoweredUnit> {
    let mistakes = around.mistakes;
    let fields = Fields::open("a unit", node, &KEYS, mistakes)?;
    let id = fields.require_text("unit");
    let question = fields.require_text("question").unwrap_or_default();
    let over_samples = fields.word("scope", &["each", "samples"]).is_some_and(|s| s == "samples");
    let names = with_shared(around, over_samples);
    let when = fields.get("when").and_then(|n| lower_condition(n, &names, mistakes));
    let min_samples = fields.get("samples").map(|n| min_samples(n, around.names, mistakes));
    let bound = around.shared_names.clone();
    let mut steps = Steps { registry: around.registry, mistakes, names, over_samples, bound };
    let control = steps.controls(fields.list("control"));
    let body = steps.lower(fields.list("steps"));
    let expectations = fields.get("expect").map(|n| expect::lower_all(n, &steps.names, mistakes)).unwrap_or_default();
    let finally = steps.lower(fields.list("finally"));
    let guarded = !control.is_empty() || min_samples.is_some();
    let conditions: Vec<&Expr> = when.iter().chain(control.iter().map(|c| &c.expect)).collect();
    expect::warn_of_empty(&expectations, &conditions, guarded, mistakes);
    let also: Vec<(String, Span)> =
        fields.list("also").iter().filter_map(|n| Some((fields.as_text("also", n)?, n.span.clone()))).collect();
    let needs = fields.words("needs", &NEEDS);
    let id_span = fields.get("unit").map_or_else(|| fields.first(), |n| n.span.clone());
    let id = id?;
    let unit = Unit {
        also: also.iter().map(|(id, _)| (id.clone(), around.registry.catalogue.units.get(id).cloned())).collect(),
        catalogue: around.registry.catalogue.units.get(&id).cloned(),
        title: title(&fields, &id, around.registry),
        question,
        scope: if over_samples { Scope::Samples } else { Scope::Each },
        min_samples,
        needs: needs.iter().map(|(word, _)| word.clone()).collect(),
        effect: fields.effect("effect").unwrap_or_default(),
        deadline: fields.duration("deadline").unwrap_or(DEADLINE),
        retries: fields.number("retries", 0, MAX_RETRIES).and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
        when,
        class: class(&control, &body, &expectations),
        control,
        steps: body,
        expect: expectations,
        finally,
        tags: fields.texts("tags"),
        lacks: Vec::new(),
        deselected: None,
        span: id_span.clone(),
        id: id.clone(),
    };
    judged(&unit, &fields, mistakes);
    let ids = std::iter::once((id, id_span)).chain(also).collect();
    let mut lowered = LoweredUnit { unit, ids, needs, effect: fields.key_span("effect") };
    checks_of(&mut lowered, around);
    known_ids(&lowered, around);
    Some(lowered)
}

/// Names of shared steps: lists in sample order where the unit is judged over samples.
fn with_shared(around: &Around<'_>, over_samples: bool) -> Names {
    let mut names = around.names.clone();
    for step in around.shared {
        if let (Some(name), Action::Check { check, .. }) = (&step.name, &step.action) {
            let kind = observation(check.as_ref());
            names.set(name, if over_samples { kind.listed() } else { kind });
        }
    }
    names
}

fn min_samples(node: &Node, names: &Names, mistakes: &Mistakes) -> crate::plan::Template {
    let (template, kind) = lower_template(node, names, mistakes);
    let wrong = match node.value {
        Yaml::Int(n) => (n < 1).then(|| format!("{n} samples are no least number")),
        _ => (!matches!(kind, Type::Int | Type::Dyn))
            .then(|| format!("`samples` is a number, and this is {}", kind.describe())),
    };
    if let Some(text) = wrong {
        mistakes.add(Diagnostic::error("plan::type", text, Some(node.span.clone())));
    }
    template
}

fn title(fields: &Fields<'_>, id: &str, registry: &Registry) -> String {
    let own = fields.text("title");
    let from_catalogue = registry.catalogue.units.get(id).map(|u| u.title.clone());
    from_catalogue.or(own).unwrap_or_else(|| id.to_owned())
}

/// A person decides where a step asks one. The harness has a part in it where it observes, or judges anything beside the
/// answers.
fn class(control: &[Control], steps: &[Step], expectations: &[Expectation]) -> Class {
    let (mut asks, mut observed, mut answers) = (0, !control.is_empty(), Vec::new());
    each_step(steps, &mut |step| match &step.action {
        Action::Ask(_) => {
            asks += 1;
            answers.extend(step.name.clone());
        }
        Action::Check { .. } => observed = true,
        Action::ForEach { .. } => {}
    });
    let judged = expectations.iter().any(|e| e.that.names().iter().any(|name| !answers.contains(name)));
    match (asks, observed || judged) {
        (0, _) => Class::Automated,
        (_, false) => Class::Assessor,
        _ => Class::Assisted,
    }
}

/// A unit that nothing decides can never pass: better said now.
fn judged(unit: &Unit, fields: &Fields<'_>, mistakes: &Mistakes) {
    let mut person_decides = false;
    each_step(&unit.steps, &mut |step| {
        person_decides |= matches!(&step.action, Action::Ask(ask) if ask.answers.iter().any(|a| a == "pass"));
    });
    let mandatory = unit.expect.iter().any(|e| e.level == Level::Must);
    let written = fields.get("expect").is_some();
    if !mandatory && !person_decides && (!written || !unit.expect.is_empty()) {
        let text = if written {
            "none of its expectations is `level: must`: nothing decides this unit"
        } else {
            "this unit has no `expect`, and no question that can be answered by `pass`: nothing decides it"
        };
        mistakes.add(Diagnostic::error("plan::undecided", text, Some(unit.span.clone())));
    }
}

/// Holds effect and needs of a unit against those of its checks, shared ones that it names included.
///
/// A step with `unless` is left out where the plan says so, for want of a console for instance: what it needs is no
/// need of the unit. How deep it may reach is.
fn checks_of(lowered: &mut LoweredUnit, around: &Around<'_>) {
    let mut used: Vec<(&'static str, Effect, &[&'static str], Span)> = Vec::new();
    let mut take = |step: &Step, span: &Span| {
        if let Action::Check { check, .. } = &step.action {
            let info = check.info();
            let needs = if step.unless.is_some() { &[] } else { info.needs };
            used.push((info.name, info.effect, needs, span.clone()));
        }
    };
    let unit = &lowered.unit;
    let mut named: Vec<(String, Span)> = Vec::new();
    unit.each_expr(&mut |expr| named.extend(expr.names().into_iter().map(|name| (name, expr.span.clone()))));
    for step in around.shared {
        if let Some((_, span)) = named.iter().find(|(name, _)| Some(name) == step.name.as_ref()) {
            take(step, span);
        }
    }
    unit.control.iter().for_each(|c| take(&c.step, &c.step.span));
    each_step(&unit.steps, &mut |step| take(step, &step.span));
    each_step(&unit.finally, &mut |step| take(step, &step.span));
    for (name, effect, needs, span) in used {
        if effect > unit.effect {
            let text = format!("check `{name}` is `{effect}`, and this unit asks for `{}` only", unit.effect);
            around.mistakes.add(
                Diagnostic::error("plan::effect", text, Some(span.clone()))
                    .label(lowered.effect.clone(), "the unit")
                    .help(format!("write `effect: {effect}` in the unit")),
            );
        }
        for need in needs.iter().filter(|n| !lowered.needs.iter().any(|(known, _)| known == *n)).collect::<Vec<_>>() {
            lowered.needs.push(((*need).to_owned(), span.clone()));
        }
    }
    lowered.unit.needs = lowered.needs.iter().map(|(word, _)| word.clone()).collect();
}

/// An id that is nearly one of the catalogue's is probably a slip; any other is the plan's own.
fn known_ids(lowered: &LoweredUnit, around: &Around<'_>) {
    let known = &around.registry.catalogue.units;
    let ids: Vec<&str> = known.keys().map(String::as_str).collect();
    let plain = |id: &str| id.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_lowercase();
    for (id, span) in lowered.ids.iter().filter(|(id, _)| !known.contains_key(id)) {
        if let Some(near) = ids.iter().find(|k| plain(k) == plain(id)) {
            let text = format!("no catalogue has the unit `{id}`");
            let mistake = Diagnostic::warning("plan::unknown-unit", text, Some(span.clone()));
            around.mistakes.add(mistake.help(format!("did you mean `{near}`?")));
        }
    }
}

impl Unit {
    /// Every name that its expressions read, once or more often.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.each_expr(&mut |expr| names.extend(expr.names()));
        names
    }

    /// Calls `f` on each expression of the unit.
    pub(crate) fn each_expr<'u>(&'u self, f: &mut impl FnMut(&'u Expr)) {
        self.when.iter().for_each(&mut *f);
        self.min_samples.iter().for_each(|t| t.each_expr(f));
        for control in &self.control {
            each_expr(std::slice::from_ref(&control.step), f);
            f(&control.expect);
        }
        each_expr(&self.steps, f);
        for expectation in &self.expect {
            f(&expectation.that);
            expectation.show.iter().for_each(&mut *f);
        }
        each_expr(&self.finally, f);
    }
}
