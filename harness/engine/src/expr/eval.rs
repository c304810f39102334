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
use super::{Scope, clock, samples, value, walk};

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

pub(super) fn eval(source: &str, program: &Program, scope: &Scope) -> Result<Value, EvalError> {
    let run = || evaluate(program, scope, TIME_LIMIT);
    let result = if program.depth <= SHALLOW { run() } else { on_big_stack(run) };
    result.map_err(|text| EvalError { source_text: source.to_owned(), text })
}

pub(super) fn evaluate(program: &Program, scope: &Scope, limit: Duration) -> Result<Value, String> {
    let variables = Variables::new(program, scope, limit);
    let mut context = Context::with_env(ENV.clone());
    context.set_variable_resolver(&variables);
    samples::declare(&mut context).map_err(|e| e.to_string())?;
    let result = context.resolve(&program.expanded);
    if variables.exceeded.load(Ordering::Relaxed) {
        return Err(format!("it took longer than {} s", limit.as_secs_f32()));
    }
    value::from_cel(&result.map_err(|e| explain(&e))?)
}

/// The variables that an expression names, converted once. Asked on each turn of each loop, so it also keeps the time.
struct Variables {
    values: HashMap<String, Box<dyn Val>>,
    until: Instant,
    exceeded: AtomicBool,
}

impl Variables {
    fn new(program: &Program, scope: &Scope, limit: Duration) -> Self {
        let values = walk::names(&program.plain)
            .into_iter()
            .filter_map(|name| {
                let value = scope.get(&name)?;
                let boxed: Box<dyn Val> = value::to_cel(value).try_into().ok()?;
                Some((name, boxed))
            })
            .collect();
        Self { values, until: Instant::now() + limit, exceeded: AtomicBool::new(false) }
    }
}

impl VariableResolver for Variables {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        if Instant::now() >= self.until {
            self.exceeded.store(true, Ordering::Relaxed);
            return None;
        }
        if variable == clock::TICK {
            return Some(CowVal::owned(CelBool::from(true)));
        }
        self.values.get(variable).map(|v| CowVal::Borrowed(v.as_ref()))
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
