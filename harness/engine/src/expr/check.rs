//! The static check of an expression: names, fields, functions and obvious mistakes of type, each with its place.
//!
//! It is quiet wherever a type is unknown: a false alarm would teach people to ignore it.

mod calls;

use assay_model::Diagnostic;
use cel::common::ast::{EntryExpr, Expr as Node, IdedExpr, LiteralValue, operators};

use super::compile::{Program, on_big_stack};
use super::{Expr, Type, walk};
use crate::load::suggest;

/// What an expression may name, with types.
#[derive(Debug, Clone, Default)]
pub struct Names(Vec<(String, Type)>);

impl Names {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a name, or replaces its type.
    pub fn set(&mut self, name: &str, kind: Type) {
        self.0.retain(|(n, _)| n != name);
        self.0.push((name.to_owned(), kind));
    }

    /// The same with one more name.
    #[must_use]
    pub fn with(&self, name: &str, kind: Type) -> Self {
        let mut names = self.clone();
        names.set(name, kind);
        names
    }

    /// The type of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Type> {
        self.0.iter().rev().find(|(n, _)| n == name).map(|(_, t)| t)
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(n, _)| n.as_str())
    }
}

/// The type of `expr` among `names`, and every mistake in it.
#[must_use]
pub fn check(expr: &Expr, names: &Names) -> (Type, Vec<Diagnostic>) {
    on_big_stack(|| {
        let mut checker = Checker { program: &expr.program, names: names.clone(), found: Vec::new() };
        let kind = checker.infer(&expr.program.tree.plain);
        (kind, checker.found)
    })
}

struct Checker<'e> {
    program: &'e Program,
    names: Names,
    found: Vec<Diagnostic>,
}

impl Checker<'_> {
    fn infer(&mut self, node: &IdedExpr) -> Type {
        match &node.expr {
            Node::Literal(literal) => of_literal(literal),
            Node::Ident(name) => self.name(node, name),
            Node::Select(select) => {
                let operand = self.infer(&select.operand);
                self.field(node, &operand, &select.field)
            }
            Node::List(list) => {
                let types: Vec<Type> = list.elements.iter().map(|e| self.infer(e)).collect();
                Type::union(types).listed()
            }
            Node::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.infer(&entry.key);
                        self.infer(&entry.value);
                    }
                }
                Type::Map(Box::new(Type::Dyn))
            }
            Node::Call(call) => self.call(node, call),
            Node::Struct(_) => {
                self.mistake("expr::type", "an expression cannot make a typed message".into(), self.at(node, 1));
                Type::Dyn
            }
            Node::Comprehension(_) | Node::Unspecified => Type::Dyn,
        }
    }

    fn name(&mut self, node: &IdedExpr, name: &str) -> Type {
        if let Some(kind) = self.names.get(name) {
            return kind.clone();
        }
        if ["int", "uint", "double", "string", "bool", "bytes", "list", "map", "null_type", "type"].contains(&name) {
            return Type::Dyn; // a type, for `type(x) == int`
        }
        let at = self.program.start(node);
        let known: Vec<&str> = self.names.all().collect();
        let help = suggest::of(name, &known, "known here are");
        self.mistake("expr::unknown-name", format!("there is no `{name}` here"), at..at + name.len()).help = Some(help);
        Type::Dyn
    }

    fn field(&mut self, node: &IdedExpr, operand: &Type, field: &str) -> Type {
        let place = self.program.field(node, field);
        match operand {
            Type::Record(record) => match record.fields.iter().find(|(name, _)| name == field) {
                Some((_, kind)) => kind.clone(),
                None if record.open => Type::Dyn,
                None => {
                    let known: Vec<&str> = record.fields.iter().map(|(n, _)| n.as_str()).collect();
                    let text = format!("{} has no field `{field}`", record.name);
                    self.mistake("expr::unknown-field", text, place).help = Some(suggest::of(field, &known, "it has"));
                    Type::Dyn
                }
            },
            Type::Map(values) => (**values).clone(),
            Type::Dyn | Type::Null => Type::Dyn,
            Type::List(_) => {
                let text = format!("`.{field}` is asked of a list");
                self.mistake("expr::type", text, place).help = Some(format!(
                    "ask its elements: `.all(x, x.{field} ...)`, `.map(x, x.{field})`, or one by `[0].{field}`"
                ));
                Type::Dyn
            }
            other => {
                let text = format!("`.{field}` is asked of {}", other.describe());
                self.mistake("expr::type", text, place);
                Type::Dyn
            }
        }
    }

    /// The loop macros: `list.all(x, ...)`.
    fn macro_call(&mut self, name: &str, target: &IdedExpr, variable: &str, body: &[IdedExpr]) -> Type {
        let over = self.infer(target);
        let element = match &over {
            Type::List(element) => (**element).clone(),
            Type::Map(_) | Type::Record(_) => Type::Text,
            Type::Dyn | Type::Null => Type::Dyn,
            other => {
                let text = format!("`{name}` needs a list, and this is {}", other.describe());
                let at = self.program.leftmost(target);
                self.mistake("expr::type", text, at..self.program.start(target).max(at) + 1);
                Type::Dyn
            }
        };
        let outer = self.names.clone();
        self.names.set(variable, element.clone());
        let types: Vec<Type> = body.iter().map(|b| self.infer(b)).collect();
        self.names = outer;
        let mut conditions = body;
        let result = match name {
            "map" => {
                conditions = &body[..body.len() - 1];
                types.last().cloned().unwrap_or(Type::Dyn).listed()
            }
            "filter" => match over {
                list @ Type::List(_) => list,
                _ => element.listed(),
            },
            _ => Type::Bool,
        };
        for (condition, kind) in conditions.iter().zip(&types) {
            self.expect_bool(condition, kind);
        }
        result
    }

    fn expect_bool(&mut self, node: &IdedExpr, kind: &Type) {
        if !kind.is_bool() && *kind != Type::Null {
            let text = format!("true or false is expected here, and this is {}", kind.describe());
            let place = self.whole(node);
            self.mistake("expr::type", text, place);
        }
    }

    fn mistake(&mut self, code: &'static str, text: String, place: std::ops::Range<usize>) -> &mut Diagnostic {
        self.found.push(Diagnostic::error(code, text, Some(self.program.place.span(place))));
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    fn at(&self, node: &IdedExpr, width: usize) -> std::ops::Range<usize> {
        let start = self.program.start(node);
        start..start + width
    }

    /// From a node's first token to the start of its last one, which is as much as the tree knows.
    fn whole(&self, node: &IdedExpr) -> std::ops::Range<usize> {
        let (mut first, mut last) = (usize::MAX, 0);
        walk::each(node, &mut |n| {
            let start = self.program.start(n);
            first = first.min(start);
            last = last.max(match &n.expr {
                Node::Ident(name) => start + name.len(),
                Node::Select(select) => self.program.field(n, &select.field).end,
                _ => start + 1,
            });
        });
        first.min(last)..last
    }
}

fn of_literal(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Double(_) => Type::Float,
        LiteralValue::Int(_) | LiteralValue::UInt(_) => Type::Int,
        LiteralValue::String(_) => Type::Text,
        LiteralValue::Null => Type::Null,
        LiteralValue::Bytes(_) => Type::Dyn,
    }
}

/// Whether `name` is an operator of the syntax tree.
fn is_operator(name: &str) -> bool {
    name.contains('_') && !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name == operators::IN
}
