//! A plan as it runs: everything resolved, every name known, every expression compiled.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use assay_model::assessment::ExternalEvidence;
use assay_model::catalogue::{CatalogueUnit, Profile, Way};
use assay_model::lab::Particulars;
use assay_model::touch::document::Politeness;
use assay_model::{BenchProvider, BenchRequest, Check, Diagnostic, Effect, Equipment, SourceFile, Span};
use serde_json::{Map, Value};

use crate::expr::Expr;
use crate::redact::LabKey;

/// What the engine is given to work with: the visible lists of checks and bench kinds, and the standards as data.
#[derive(Clone, Default)]
pub struct Registry {
    /// Every check.
    pub checks: Vec<Arc<dyn Check>>,
    /// Every kind of bench.
    pub providers: Vec<Arc<dyn BenchProvider>>,
    /// What unit ids mean.
    pub catalogue: Catalogue,
}

impl Registry {
    /// The check of that name.
    #[must_use]
    pub fn check(&self, name: &str) -> Option<&Arc<dyn Check>> {
        self.checks.iter().find(|c| c.info().name == name)
    }

    /// The bench kind of that name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Arc<dyn BenchProvider>> {
        self.providers.iter().find(|p| p.name() == name)
    }
}

/// The standards as data.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// Units by id.
    pub units: std::collections::BTreeMap<String, CatalogueUnit>,
    /// Profiles by id.
    pub profiles: Vec<Profile>,
    /// Ways to meet a requirement, each requirement's own items first.
    pub ways: Vec<Way>,
    /// What every dossier is held against before anything runs.
    pub rules: Vec<DossierRule>,
    /// Data of catalogues that rules compute with, by the names that rules give them.
    pub rule_data: std::collections::BTreeMap<String, Value>,
    /// What packs carry of each catalogue, by its id, so that reports are rendered under the edition of their run.
    pub reported: std::collections::BTreeMap<String, Value>,
}

/// A rule of consistency over a dossier, out of a catalogue's `rules:`.
#[derive(Debug, Clone)]
pub struct DossierRule {
    /// Its name, for the message's code.
    pub id: String,
    /// Asked only where true; everywhere where absent.
    pub when: Option<Expr>,
    /// A row's name, and the rows: asked once for each.
    pub for_each: Option<(String, Expr)>,
    /// Must be true.
    pub that: Expr,
    /// What is wrong where it is not.
    pub why: Template,
    /// What to do about it.
    pub help: Option<Template>,
    /// Keys and row ids on the way to the place that is pointed at, separated by `/`: `ixit/10-SecParam/SecParam-3/type`.
    pub at: Template,
    /// `level: warning`: said, and the run goes on.
    pub warning: bool,
}

/// Everything a run needs. Nothing has been opened yet.
#[derive(Clone)]
pub struct ResolvedRun {
    /// The plans, in order.
    pub plans: Vec<Plan>,
    /// The bench; `None` where no selected unit needs one.
    pub bench: Option<Bench>,
    /// The dossier; `None` where none was given.
    pub product: Option<Product>,
    /// Answers for operator steps.
    pub answers: Option<Answers>,
    /// What lab files state; `None` where there was none.
    pub lab: Option<Particulars>,
    /// Waivers of FAILs.
    pub waivers: Vec<Waiver>,
    /// Every file that was read, for `inputs/` of the pack: role and text.
    pub inputs: Vec<Input>,
    /// The products that a plan with `over:` is judged on; such a plan runs alone and without a bench.
    pub survey: Option<Survey>,
    /// Warnings; errors would have prevented this value.
    pub warnings: Vec<Diagnostic>,
}

/// A list of products, judged one by one on what is published about them.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The products, in the order of the list.
    pub products: Vec<Listed>,
    /// How many are in work at once.
    pub at_once: usize,
    /// How their pages are asked for.
    pub politeness: Politeness,
    /// The list.
    pub file: Arc<SourceFile>,
}

/// A product of a survey's list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Made of maker, product and model: results carry it where other runs carry a sample's id.
    pub id: String,
    /// Line of the list, from 1.
    pub line: usize,
    /// `product` as expressions see it: name, manufacturer, model, type, `documents {home, policy, support, statement,
    /// sales: [...]}`.
    pub product: Value,
}

/// A file that decided the run.
#[derive(Debug, Clone)]
pub struct Input {
    /// `plan`, `suite`, `bench`, `product`, `answers`, `answers-signature`, `lab`, `waivers`, `catalogue`,
    /// `products`.
    pub role: &'static str,
    /// The file.
    pub file: Arc<SourceFile>,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
}

impl Input {
    /// A file that was read.
    #[must_use]
    pub fn new(role: &'static str, file: Arc<SourceFile>) -> Self {
        let sha256 = crate::journal::digest(file.text.as_bytes());
        Self { role, file, sha256 }
    }
}

/// One plan.
#[derive(Clone)]
pub struct Plan {
    /// Its name, `plan:`.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Standards it rests on.
    pub basis: Vec<String>,
    /// The profile that it completes, `profile:`, if any.
    pub profile: Option<String>,
    /// Its file.
    pub file: Arc<SourceFile>,
    /// SHA-256 of the file's bytes, hex.
    pub sha256: String,
    /// Parameter values after `--set`.
    pub params: Map<String, Value>,
    /// Names of parameters that are a lab's policy.
    pub policy: Vec<String>,
    /// Judged for each product of a list instead of on samples.
    pub over: Option<Over>,
    /// Observed once per sample, before the first unit that names one of them.
    pub shared: Vec<Step>,
    /// What is declared and found of one kind of thing, for the report.
    pub inventory: Vec<InventoryRule>,
    /// The units, in order.
    pub units: Vec<Unit>,
}

/// What is declared of one kind of thing, to be held against what was found of it on each sample. Never moves a verdict.
#[derive(Debug, Clone)]
pub struct InventoryRule {
    /// `network service`.
    pub kind: String,
    /// Gives `[{name, where}]`.
    pub declared: Expr,
    /// Gives `[{name, text}]`; absent where nothing looks for the thing.
    pub found: Option<Expr>,
}

/// `over:` as written: filled in with the parameters when the list is read.
#[derive(Debug, Clone)]
pub struct Over {
    /// Key, value, and where it stands.
    pub settings: Vec<(String, Template, Span)>,
    /// Where the key stands.
    pub span: Span,
}

/// Whether a unit is judged on each sample or once over all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Judged per sample.
    Each,
    /// Judged once over all samples.
    Samples,
}

/// How a unit is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// By checks alone.
    Automated,
    /// Checks gather, a person decides.
    Assisted,
    /// By a person.
    Assessor,
}

impl Class {
    /// The word in results and `explain --json`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Automated => "automated",
            Self::Assisted => "assisted",
            Self::Assessor => "assessor",
        }
    }
}

/// One unit of a plan.
#[derive(Clone)]
pub struct Unit {
    /// The unit's id.
    pub id: String,
    /// Further unit ids that the same expectations decide, each with its catalogue entry.
    pub also: Vec<(String, Option<CatalogueUnit>)>,
    /// The catalogue's entry.
    pub catalogue: Option<CatalogueUnit>,
    /// The catalogue's title, or the plan's.
    pub title: String,
    /// The question.
    pub question: String,
    /// Each or samples.
    pub scope: Scope,
    /// `samples:`, the least number; fewer give INCONCLUSIVE. Evaluated in the unit's scope.
    pub min_samples: Option<Template>,
    /// What the bench must provide.
    pub needs: Vec<String>,
    /// What the unit may do.
    pub effect: Effect,
    /// For one attempt, all steps together.
    pub deadline: Duration,
    /// Further attempts after ERROR; 1 unless the plan says otherwise.
    pub retries: u32,
    /// Applicability; false = NOT_APPLICABLE.
    pub when: Option<Expr>,
    /// Positive controls.
    pub control: Vec<Control>,
    /// What is done.
    pub steps: Vec<Step>,
    /// What must hold.
    pub expect: Vec<Expectation>,
    /// Clean-up: runs after pass, fail, error and cancel.
    pub finally: Vec<Step>,
    /// Free words.
    pub tags: Vec<String>,
    /// Automated, assisted or by an assessor: from its steps.
    pub class: Class,
    /// What it needs and the bench lacks; such a unit is deselected.
    pub lacks: Vec<String>,
    /// `None`: selected. `Some(reason)`: deselected by `--select`, or not possible on this bench.
    pub deselected: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// A control: holds before, and again after.
#[derive(Clone)]
pub struct Control {
    /// The step.
    pub step: Step,
    /// What must hold.
    pub expect: Expr,
    /// `once: true`: asked of the harness's own reference target, so the first answer of a run serves every unit and
    /// sample that asks the same.
    pub once: bool,
}

/// One step.
#[derive(Clone)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// The name that its observation gets.
    pub name: Option<String>,
    /// `per: sample` in a cross-sample unit: runs on each sample, and the name is a list in sample order.
    pub per_sample: bool,
    /// Skipped where true.
    pub unless: Option<Expr>,
    /// Its own limit inside the unit's.
    pub deadline: Option<Duration>,
    /// Where it stands.
    pub span: Span,
}

/// What a step does.
#[derive(Clone)]
pub enum Action {
    /// Runs a check.
    Check {
        /// The check.
        check: Arc<dyn Check>,
        /// Its parameters.
        with: Template,
    },
    /// Asks a person.
    Ask(Ask),
    /// Runs steps once per row. Names bound inside are bound per row, and an expectation that uses one is judged per
    /// row; over an empty list it evaluates nothing, which never passes.
    ForEach {
        /// The row's name.
        variable: String,
        /// The rows.
        over: Expr,
        /// The steps.
        steps: Vec<Step>,
    },
}

/// An operator step. Its observation is `{answer, value?, reason, operator, source, signed?}`.
#[derive(Clone)]
pub struct Ask {
    /// What to do and to look at.
    pub text: Template,
    /// Offered answers.
    pub answers: Vec<String>,
    /// Whether a value is a secret.
    pub secret: bool,
    /// Required attachments.
    pub evidence: Vec<String>,
    /// Whether a PASS needs attachments too.
    pub evidence_for_pass: bool,
}

/// What a violation of an expectation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polarity {
    /// A violation is something not seen: it counts only while controls hold.
    Absence,
    /// A violation is positive evidence: it stands even if a control fails afterwards.
    Presence,
}

/// What an expectation that does not hold comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The requirement is not met.
    Must,
    /// Something that a judgement rests on is missing, so the unit cannot be decided: INCONCLUSIVE.
    Needed,
    /// A remark; never moves a verdict.
    May,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::Must, Self::Needed, Self::May];

    /// The word in plans and results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Needed => "needed",
            Self::May => "may",
        }
    }

    /// The level of a word; `must` where there is none.
    #[must_use]
    pub fn of(word: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|level| Some(level.word()) == word).unwrap_or(Self::Must)
    }
}

/// One expectation.
#[derive(Clone)]
pub struct Expectation {
    /// Must be true.
    pub that: Expr,
    /// Why it matters.
    pub why: Option<String>,
    /// Evaluated where it is not.
    pub show: Option<Expr>,
    /// See [`Polarity`].
    pub polarity: Polarity,
    /// What a violation is worth.
    pub level: Level,
    /// Names bound inside a `for_each` that it uses: judged once per row of that loop.
    pub span: Span,
}

/// A value with `${...}` in it. One expression alone keeps its type; inside a longer string it is formatted.
#[derive(Debug, Clone)]
pub enum Template {
    /// Without expressions.
    Literal(Value),
    /// One expression.
    Expr(Expr),
    /// Text with expressions in it.
    Text(Vec<TextPart>),
    /// A list.
    List(Vec<Template>),
    /// A mapping.
    Map(Vec<(String, Template)>),
}

/// A part of a text.
#[derive(Debug, Clone)]
pub enum TextPart {
    /// As it stands.
    Text(String),
    /// Formatted: strings as they are, all else as JSON.
    Expr(Expr),
}

/// A bench file.
#[derive(Clone)]
pub struct Bench {
    /// What its provider is asked for; carries name, limits, permits and DUTs.
    pub request: BenchRequest,
    /// The provider.
    pub provider: Arc<dyn BenchProvider>,
    /// The equipment register.
    pub equipment: Vec<Equipment>,
    /// Whom originals of redacted evidence are encrypted to; without it they are not kept.
    pub lab_key: Option<LabKey>,
    /// Its file.
    pub file: Arc<SourceFile>,
    /// `product:` and `answers:`, resolved against its folder; flags win.
    pub product: Option<PathBuf>,
    /// See `product`.
    pub answers: Option<PathBuf>,
}

/// A dossier. Secrets stand as `{"secret": {"label" | "file" | "env": "..."}}`; the runner reads and registers them.
#[derive(Debug, Clone)]
pub struct Product {
    /// name, type, manufacturer, model, firmware, ...
    pub product: Map<String, Value>,
    /// Editions of the standards that its ICS and IXIT follow.
    pub editions: Map<String, Value>,
    /// Label data and custody per sample.
    pub samples: Vec<Value>,
    /// Provision → {support, detail}.
    pub ics: Map<String, Value>,
    /// `auth_mech` → rows or record, as CEL sees them, plus `endpoints`.
    pub ixit: Map<String, Value>,
    /// Machine-readable ways to set up, reset and log on, as CEL sees them under `product.procedures`.
    pub procedures: Value,
    /// Certificates and reports of other labs.
    pub external: Vec<External>,
    /// Its file.
    pub file: Arc<SourceFile>,
}

/// A document from elsewhere that covers groups of units.
#[derive(Debug, Clone)]
pub struct External {
    /// What it is, and whether it counts on the day of loading.
    pub evidence: ExternalEvidence,
    /// Its file, to be copied into the pack.
    pub path: PathBuf,
}

/// An answers file.
#[derive(Debug, Clone)]
pub struct Answers {
    /// Who answered.
    pub operator: Map<String, Value>,
    /// The answers.
    pub answers: Vec<Answered>,
    /// Who signed the file, where a signature beside it was found good; set by who verifies it.
    pub signed: Option<String>,
    /// Its file.
    pub file: Arc<SourceFile>,
}

/// An accepted deviation: a FAIL that it covers stays a FAIL, and is flagged.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// Its id.
    pub id: String,
    /// What it covers.
    pub covers: Covers,
    /// Facts of the product that must be as here: `model`, `firmware`.
    pub product: std::collections::BTreeMap<String, String>,
    /// Samples that it is for; empty: all.
    pub samples: Vec<String>,
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approver: String,
    /// ISO date of its first day.
    pub start: String,
    /// ISO date of its last day.
    pub expires: String,
    /// Why it does not count in this run: `expired`, `not begun`, `other product`. Absent where it does.
    pub void: Option<&'static str>,
    /// Where it stands.
    pub span: Span,
}

/// What a waiver is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Covers {
    /// One unit.
    Unit(String),
    /// Every unit of a group.
    Group(String),
    /// Every unit of a provision.
    Provision(String),
}

/// One answer of an answers file.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The unit.
    pub unit: String,
    /// The sample, or `*`.
    pub sample: String,
    /// The step's `as` name, where a unit has several asks.
    pub step: Option<String>,
    /// The answer.
    pub answer: String,
    /// The value, for answer `value`.
    pub value: Option<Value>,
    /// The reason.
    pub reason: String,
    /// Attachments, resolved against the file's folder.
    pub evidence: Vec<PathBuf>,
    /// ISO date.
    pub dated: Option<String>,
}

impl Template {
    /// Calls `f` on each expression in it.
    pub(crate) fn each_expr<'t>(&'t self, f: &mut impl FnMut(&'t Expr)) {
        match self {
            Self::Literal(_) => {}
            Self::Expr(expr) => f(expr),
            Self::Text(parts) => parts.iter().for_each(|part| {
                if let TextPart::Expr(expr) = part {
                    f(expr);
                }
            }),
            Self::List(items) => items.iter().for_each(|item| item.each_expr(f)),
            Self::Map(entries) => entries.iter().for_each(|(_, value)| value.each_expr(f)),
        }
    }
}
