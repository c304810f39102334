//! Expressions: CEL, compiled when a plan is loaded, checked against the schemas of what they name.

use assay_model::Span;
use serde_json::{Map, Value};

/// What an expression can name: `dut`, `product`, `ics`, `ixit`, `bench`, `params`, `samples`, and observations by
/// their `as` names. Plain JSON, secrets as tags.
pub type Scope = Map<String, Value>;

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Expr {
    /// Its text.
    pub source: String,
    /// Where it stands.
    pub span: Span,
}

/// An expression could not be evaluated: a field that is not there, an index out of range, a type that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{source_text}` could not be evaluated: {text}")]
pub struct EvalError {
    /// The expression.
    pub source_text: String,
    /// Why.
    pub text: String,
}

impl Expr {
    /// Evaluates in `scope`. Blocking, bounded in time by the size limits at compilation.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn eval(&self, scope: &Scope) -> Result<Value, EvalError> {
        let _ = scope;
        Err(EvalError { source_text: self.source.clone(), text: "not compiled".into() })
    }

    /// Names of variables that it refers to at its top level.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        Vec::new()
    }
}
