//! Evaluation, bounded in time and stack.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cel::common::types::CelBool;
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, ExecutionError};
use serde_json::Value;

use super::compile::{ENV, Program, on_big_stack};
use super::{Scope, clock, samples, text, value};

/// The interpreter knows no step limit; after this long it is told that its variables are gone.
const TIME_LIMIT: Duration = Duration::from_secs(2);
/// Trees up to this depth are safe on a worker's 2 MiB stack, in debug builds too.
const SHALLOW: usize = 12;

/// An expression could not be evaluated: a field that is not there, an index out of range, a type that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{source_text}` could not be evaluated: {text}")]
pub struct EvalError {
    /// The expression.
    pub source_text: String,
    /// Why.
    pub text: String,
}

pub(super) fn eval(program: &Program, scope: &Scope) -> Result<Value, EvalError> {
    bounded(program, &|| evaluate(program, scope, TIME_LIMIT))
}

pub(super) fn eval_converted(program: &Program, scope: &Converted) -> Result<Value, EvalError> {
    bounded(program, &|| resolve(program, scope, TIME_LIMIT))
}

/// On a big stack where the tree is deep; with the source in what goes wrong.
fn bounded(program: &Program, run: &(dyn Fn() -> Result<Value, String> + Sync)) -> Result<Value, EvalError> {
    let result = match program.expanded() {
        Ok(expanded) if expanded.depth <= SHALLOW => run(),
        Ok(_) => on_big_stack(run),
        Err(text) => Err(text),
    };
    result.map_err(|text| EvalError { source_text: program.source.clone(), text })
}

pub(super) fn evaluate(program: &Program, scope: &Scope, limit: Duration) -> Result<Value, String> {
    let mut converted = Converted::default();
    for name in &program.tree.names {
        if let Some(value) = scope.get(name) {
            converted.insert(name, value);
        }
    }
    resolve(program, &converted, limit)
}

fn resolve(program: &Program, scope: &Converted, limit: Duration) -> Result<Value, String> {
    let variables = Variables { scope, until: Instant::now() + limit, exceeded: AtomicBool::new(false) };
    let mut context = Context::with_env(ENV.clone());
    context.set_variable_resolver(&variables);
    samples::declare(&mut context).and_then(|()| text::declare(&mut context)).map_err(|e| e.to_string())?;
    let result = context.resolve(&program.expanded()?.tree);
    if variables.exceeded.load(Ordering::Relaxed) {
        return Err(format!("it took longer than {} s", limit.as_secs_f32()));
    }
    value::from_cel(&result.map_err(|e| explain(&e))?)
}

/// Variables in the interpreter's form: converted once, for as many evaluations as there are.
#[derive(Default)]
pub struct Converted(HashMap<String, Box<dyn Val>>);

impl Converted {
    /// All of `scope`.
    #[must_use]
    pub fn of(scope: &Scope) -> Self {
        let mut converted = Self::default();
        scope.iter().for_each(|(name, value)| converted.insert(name, value));
        converted
    }

    /// Adds a variable, or changes its value.
    pub fn insert(&mut self, name: &str, value: &Value) {
        if let Ok(value) = value::to_cel(value).try_into() {
            self.0.insert(name.to_owned(), value);
        }
    }
}

/// Asked on each turn of each loop, so it also keeps the time.
struct Variables<'s> {
    scope: &'s Converted,
    until: Instant,
    exceeded: AtomicBool,
}

impl VariableResolver for Variables<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        if Instant::now() >= self.until {
            self.exceeded.store(true, Ordering::Relaxed);
            return None;
        }
        if variable == clock::TICK {
            return Some(CowVal::owned(CelBool::from(true)));
        }
        self.scope.0.get(variable).map(|v| CowVal::Borrowed(v.as_ref()))
    }
}

/// The interpreter's errors in a plan author's words; values that they quote are cut short.
fn explain(error: &ExecutionError) -> String {
    let text = match error {
        ExecutionError::NoSuchKey(key) => format!("there is no field `{key}`"),
        ExecutionError::UndeclaredReference(name) => format!("there is no `{name}` here"),
        ExecutionError::IndexOutOfBounds(at) => format!("index {at:?} is outside the list"),
        ExecutionError::NoSuchOverload(e) => format!("{e}"),
        other => other.to_string(),
    };
    if text.chars().count() > 300 { text.chars().take(300).chain("...".chars()).collect() } else { text }
}
