//! Operators and functions.

use cel::common::ast::{CallExpr, Expr as Node, IdedExpr, operators};

use super::{Checker, is_operator};
use crate::expr::{Type, walk};
use crate::load::suggest;

/// A function: name, whether it is called on a value, least and most arguments (the value included), what it gives.
struct Function {
    name: &'static str,
    method: bool,
    arguments: std::ops::RangeInclusive<usize>,
    gives: Type,
}

const fn function(name: &'static str, n: usize, gives: Type) -> Function {
    Function { name, method: false, arguments: n..=n, gives }
}

const fn method(name: &'static str, n: usize, gives: Type) -> Function {
    Function { name, method: true, arguments: n..=n, gives }
}

/// Everything that can be called, besides the loop macros.
static FUNCTIONS: [Function; 29] = [
    function("size", 1, Type::Int),
    method("size", 1, Type::Int),
    function("has", 1, Type::Bool),
    method("contains", 2, Type::Bool),
    method("startsWith", 2, Type::Bool),
    method("endsWith", 2, Type::Bool),
    method("matches", 2, Type::Bool),
    function("matches", 2, Type::Bool),
    function("int", 1, Type::Int),
    function("uint", 1, Type::Int),
    function("double", 1, Type::Float),
    function("string", 1, Type::Text),
    function("bool", 1, Type::Bool),
    function("bytes", 1, Type::Dyn),
    function("dyn", 1, Type::Dyn),
    function("type", 1, Type::Dyn),
    function("duration", 1, Type::Dyn),
    function("timestamp", 1, Type::Dyn),
    method("getFullYear", 1, Type::Int),
    method("getMonth", 1, Type::Int),
    method("getDayOfMonth", 1, Type::Int),
    method("getDate", 1, Type::Int),
    method("getDayOfWeek", 1, Type::Int),
    method("getDayOfYear", 1, Type::Int),
    method("getHours", 1, Type::Int),
    method("getMinutes", 1, Type::Int),
    method("getSeconds", 1, Type::Int),
    method("preset_passwords", 2, Type::Dyn),
    method("findAll", 2, Type::Dyn),
];

impl Checker<'_> {
    pub(super) fn call(&mut self, node: &IdedExpr, call: &CallExpr) -> Type {
        if is_operator(&call.func_name) {
            return self.operator(node, call);
        }
        if let Some((target, variable, body)) = walk::binding(node) {
            let expected = if call.func_name == "map" { 1..=2 } else { 1..=1 };
            if expected.contains(&body.len()) {
                return self.macro_call(&call.func_name, target, variable, body);
            }
        }
        if call.func_name == operators::HAS && call.target.is_none() {
            return self.has(node, call);
        }
        if !FUNCTIONS.iter().any(|f| f.name == call.func_name) {
            // Its arguments may be names that it would bind: not looked at.
            call.target.as_deref().map(|target| self.infer(target));
            return self.unknown_function(node, call);
        }
        let arguments = call.target.as_deref().into_iter().chain(&call.args);
        let types: Vec<Type> = arguments.map(|a| self.infer(a)).collect();
        self.function(node, call, &types)
    }

    fn has(&mut self, node: &IdedExpr, call: &CallExpr) -> Type {
        match &call.args[..] {
            [IdedExpr { expr: Node::Select(_), .. }] => {
                // A misspelt field inside `has` would be false for ever: checked as any other.
                self.infer(&call.args[0]);
            }
            _ => {
                let place = self.program.function(node, "has");
                self.mistake("expr::arguments", "`has` takes one selection: `has(a.b)`".into(), place);
            }
        }
        Type::Bool
    }

    fn unknown_function(&mut self, node: &IdedExpr, call: &CallExpr) -> Type {
        let name = call.func_name.as_str();
        let place = self.program.function(node, name);
        let is_method = call.target.is_some();
        let loops = walk::BINDING.into_iter().filter(|b| *b != "sortBy");
        if loops.clone().any(|b| b == name) {
            let text = format!("`{name}` is asked of a list with a name and a condition");
            self.mistake("expr::arguments", text, place).help =
                Some(format!("write it as `list.{name}(x, condition on x)`"));
            return Type::Dyn;
        }
        let others = FUNCTIONS.iter().filter(|f| f.method == is_method).map(|f| f.name);
        let known: Vec<&str> = loops.filter(|_| is_method).chain(others).collect();
        let kind = if is_method { "method" } else { "function" };
        self.mistake("expr::unknown-function", format!("there is no {kind} `{name}`"), place).help =
            Some(suggest::of(name, &known, "there are"));
        Type::Dyn
    }

    fn function(&mut self, node: &IdedExpr, call: &CallExpr, types: &[Type]) -> Type {
        let name = call.func_name.as_str();
        let place = self.program.function(node, name);
        let is_method = call.target.is_some();
        let named: Vec<&Function> = FUNCTIONS.iter().filter(|f| f.name == name).collect();
        let Some(found) = named.iter().find(|f| f.method == is_method) else {
            let text = if is_method { "is no method" } else { "is a method" };
            let help = if is_method { format!("write `{name}(x)`") } else { format!("write `x.{name}(...)`") };
            self.mistake("expr::arguments", format!("`{name}` {text}"), place).help = Some(help);
            return Type::Dyn;
        };
        if !found.arguments.contains(&types.len()) {
            let own = usize::from(is_method);
            let (wants, has) = (found.arguments.end() - own, types.len() - own);
            let text =
                format!("`{name}` takes {wants} argument{}, and {has} are given", if wants == 1 { "" } else { "s" });
            self.mistake("expr::arguments", text, place);
            return found.gives.clone();
        }
        self.arguments(name, call, types);
        match name {
            "preset_passwords" => {
                Type::record("a row of `samples.preset_passwords`", [("sample", Type::Text), ("password", Type::Text)])
                    .listed()
            }
            "findAll" => Type::Text.listed(),
            _ => found.gives.clone(),
        }
    }

    /// Types of arguments where they are narrow.
    fn arguments(&mut self, name: &str, call: &CallExpr, types: &[Type]) {
        let nodes: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        match name {
            "size" if matches!(types[0], Type::Int | Type::Float | Type::Bool) => {
                let text = format!("`size` is asked of {}", types[0].describe());
                let place = self.whole(nodes[0]);
                self.mistake("expr::type", text, place);
            }
            "startsWith" | "endsWith" | "matches" | "contains" | "findAll" => {
                for (node, kind) in nodes.iter().zip(types) {
                    if !kind.is_text() && *kind != Type::Null {
                        let text = format!("`{name}` works on text, and this is {}", kind.describe());
                        let place = self.whole(node);
                        let found = self.mistake("expr::type", text, place);
                        if matches!(kind, Type::List(_)) {
                            found.help = Some("whether a list holds a value is asked by `value in list`".into());
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn operator(&mut self, node: &IdedExpr, call: &CallExpr) -> Type {
        let types: Vec<Type> = call.args.iter().map(|a| self.infer(a)).collect();
        match (call.func_name.as_str(), &types[..]) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, _) => {
                for (argument, kind) in call.args.iter().zip(&types) {
                    self.expect_bool(argument, kind);
                }
                Type::Bool
            }
            (operators::CONDITIONAL, [condition, a, b]) => {
                self.expect_bool(&call.args[0], condition);
                Type::union([a.clone(), b.clone()])
            }
            (operators::EQUALS | operators::NOT_EQUALS, [a, b]) => {
                self.equality(node, call, a, b);
                Type::Bool
            }
            (operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS, [a, b]) => {
                let ordered = a.is_number() && b.is_number() || a.is_text() && b.is_text();
                if !ordered && a.comparable(b) && !matches!(a, Type::Bool) || !a.comparable(b) {
                    self.operands(node, "compared", a, b);
                }
                Type::Bool
            }
            (operators::ADD, [a, b]) => self.sum(node, a, b),
            (operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO, [a, b]) => {
                if !a.is_number() || !b.is_number() {
                    self.operands(node, "calculated with", a, b);
                }
                if *a == Type::Dyn { b.clone() } else { a.clone() }
            }
            (operators::NEGATE, [a]) => a.clone(),
            (operators::IN, [a, b]) => {
                self.membership(node, a, b);
                Type::Bool
            }
            (operators::INDEX, [a, b]) => self.index(call, a, b),
            _ => Type::Dyn,
        }
    }

    fn equality(&mut self, node: &IdedExpr, call: &CallExpr, a: &Type, b: &Type) {
        if !a.comparable(b) {
            self.operands(node, "equal", a, b);
            return;
        }
        // A word that the schema does not list would make the comparison false for ever.
        for (kind, other) in [(a, &call.args[1]), (b, &call.args[0])] {
            if let (Type::Word(words), Some(text)) = (kind, walk::literal_text(other))
                && !words.iter().any(|w| w == text)
            {
                let at = self.program.start(other);
                let known: Vec<&str> = words.iter().map(String::as_str).collect();
                let message = format!("this is never `{text}`");
                self.mistake("expr::unknown-word", message, at..at + text.len() + 2).help =
                    Some(suggest::of(text, &known, "it can be"));
            }
        }
    }

    fn sum(&mut self, node: &IdedExpr, a: &Type, b: &Type) -> Type {
        let fits = a.is_number() && b.is_number()
            || a.is_text() && b.is_text()
            || matches!((a, b), (Type::List(_) | Type::Dyn, Type::List(_) | Type::Dyn));
        if !fits {
            self.operands(node, "added", a, b);
        }
        match (a, b) {
            (Type::Dyn, other) | (other, Type::Dyn) => other.clone(),
            (Type::Text | Type::Word(_), _) => Type::Text,
            _ => Type::union([a.clone(), b.clone()]),
        }
    }

    fn membership(&mut self, node: &IdedExpr, a: &Type, b: &Type) {
        match b {
            Type::List(element) if !a.comparable(element) => {
                let text = format!("{} cannot be in a list of {}", a.describe(), plural(element));
                let place = self.at(node, 2);
                self.mistake("expr::type", text, place);
            }
            Type::List(_) | Type::Map(_) | Type::Record(_) | Type::Dyn | Type::Null => {}
            other => {
                let text = format!("`in` needs a list or a mapping, and this is {}", other.describe());
                let place = self.at(node, 2);
                self.mistake("expr::type", text, place);
            }
        }
    }

    fn index(&mut self, call: &CallExpr, a: &Type, b: &Type) -> Type {
        let place = self.whole(&call.args[1]);
        match (a, b) {
            (Type::List(element), Type::Int | Type::Dyn) => (**element).clone(),
            (Type::List(_), other) => {
                let text = format!("a list is indexed by a number, and this is {}", other.describe());
                self.mistake("expr::type", text, place);
                Type::Dyn
            }
            (Type::Map(values), _) => (**values).clone(),
            (Type::Record(record), _) => match walk::literal_text(&call.args[1]) {
                Some(key) => match record.fields.iter().find(|(n, _)| n == key) {
                    Some((_, kind)) => kind.clone(),
                    None if record.open => Type::Dyn,
                    None => {
                        let known: Vec<&str> = record.fields.iter().map(|(n, _)| n.as_str()).collect();
                        let start = place.start;
                        let text = format!("{} has no field `{key}`", record.name);
                        self.mistake("expr::unknown-field", text, start..start + key.len() + 2).help =
                            Some(suggest::of(key, &known, "it has"));
                        Type::Dyn
                    }
                },
                None => Type::Dyn,
            },
            (Type::Dyn | Type::Null, _) => Type::Dyn,
            (other, _) => {
                let text = format!("`[...]` is asked of {}", other.describe());
                self.mistake("expr::type", text, place);
                Type::Dyn
            }
        }
    }

    fn operands(&mut self, node: &IdedExpr, verb: &str, a: &Type, b: &Type) {
        let text = format!("{} and {} cannot be {verb}", a.describe(), b.describe());
        let place = self.at(node, 2);
        self.mistake("expr::type", text, place);
    }
}

fn plural(kind: &Type) -> &'static str {
    match kind {
        Type::Int => "whole numbers",
        Type::Float => "numbers",
        Type::Text | Type::Word(_) => "texts",
        Type::Bool => "true and false",
        Type::List(_) => "lists",
        Type::Map(_) | Type::Record(_) => "mappings",
        Type::Dyn | Type::Null => "values",
    }
}
