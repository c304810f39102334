//! Expressions: CEL, compiled when a plan is loaded, checked against the schemas of what they name.

mod check;
mod clock;
mod compile;
mod eval;
mod place;
mod samples;
mod text;
mod types;
mod value;
mod walk;

pub use check::{Names, check};
pub use compile::on_big_stack;
pub(crate) use compile::{STACK_BYTES, both, this_stack_is_big};
pub use eval::{Converted, EvalError};
pub use place::Place;
pub use samples::samples_value;
pub use types::{Record, Type};

use std::sync::Arc;

use assay_model::{Diagnostic, Span};
use serde_json::{Map, Value};

/// What an expression can name: `dut`, `product`, `ics`, `ixit`, `bench`, `params`, `samples`, and observations by
/// their `as` names. Plain JSON, secrets as tags.
pub type Scope = Map<String, Value>;

/// A compiled expression. Cloning shares the compiled form.
#[derive(Debug, Clone)]
pub struct Expr {
    /// Its text.
    pub source: String,
    /// Where it stands.
    pub span: Span,
    program: Arc<compile::Program>,
}

impl Expr {
    /// Compiles `source`. `place` says where each of its bytes stands in a file.
    ///
    /// # Errors
    /// Too long, too deeply nested, or no CEL: with a caret at the spot.
    pub fn compile(source: &str, place: &Place) -> Result<Self, Box<Diagnostic>> {
        let program = compile::compile(source, place)?;
        Ok(Self { source: source.to_owned(), span: place.span(0..source.len()), program: Arc::new(program) })
    }

    /// Compiles an expression that stands in no plan: from the command line, under the name of its flag.
    ///
    /// # Errors
    /// As [`Expr::compile`].
    pub fn standalone(source: &str, name: &str) -> Result<Self, Box<Diagnostic>> {
        Self::compile(source, &Place::standalone(source, name))
    }

    /// Evaluates in `scope`. Blocking; bounded in time (2 s) and in stack, whatever the expression.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn eval(&self, scope: &Scope) -> Result<Value, EvalError> {
        eval::eval(&self.program, scope)
    }

    /// Evaluates as [`Expr::eval`], with variables that were converted before: for many expressions over one scope.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn eval_converted(&self, scope: &Converted) -> Result<Value, EvalError> {
        eval::eval_converted(&self.program, scope)
    }

    /// Names of variables that it refers to at its top level, each once, in order of appearance. Names that it binds
    /// itself (`x` in `list.all(x, ...)`) are not among them.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.program.tree.names.clone()
    }

    /// Keys that it reads directly from the variable `root`, with their places: `intf` of `ixit.intf`, `5.1-1` of
    /// `ics["5.1-1"]`, `home` of `product.documents.home` for the root `product.documents`. Those inside `has(...)` are told apart, because they ask and do not require.
    #[must_use]
    pub fn keys_of(&self, root: &str) -> Vec<Key> {
        walk::keys_of(&self.program, root)
    }

    /// Lists of which it demands something of all elements, as written: `ports.open` of `ports.open.all(...)`. Not those
    /// inside other loops or behind `||`, where the list may be allowed to be empty.
    pub(crate) fn lists_asked_of_all(&self) -> Vec<(String, Span)> {
        walk::lists_asked_of_all(&self.program)
    }

    /// Whether it looks at the size of `list`, or demands that it holds something.
    pub(crate) fn asks_size_of(&self, list: &str) -> bool {
        let text: String = self.source.split_whitespace().collect();
        let list: String = list.split_whitespace().collect();
        [format!("{list}.size()"), format!("size({list})"), format!("{list}.exists"), format!("{list}!=[]")]
            .iter()
            .any(|guard| text.contains(guard.as_str()))
    }
}

/// A key that an expression reads from a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// Inside `has(...)`.
    pub asked: bool,
}

#[cfg(test)]
mod tests;
