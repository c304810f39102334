//! Walks over syntax trees. All recursion here is bounded by the depth limit of compilation.

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, operators};

use super::Key;
use super::compile::Program;

/// The macros that bind a name: `list.all(x, ...)`.
pub(super) const BINDING: [&str; 7] = ["all", "exists", "exists_one", "existsOne", "map", "filter", "sortBy"];

/// The children of a node, in order of evaluation.
fn children(node: &IdedExpr) -> Vec<&IdedExpr> {
    match &node.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Comprehension(c) => vec![&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|e| entry(&e.expr)).collect(),
        Expr::Struct(s) => s.entries.iter().flat_map(|e| entry(&e.expr)).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    }
}

fn entry(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

/// Calls `f` on every node.
pub(super) fn each(node: &IdedExpr, f: &mut impl FnMut(&IdedExpr)) {
    f(node);
    for child in children(node) {
        each(child, f);
    }
}

/// Depth of the tree. Only called on a big stack, before the limit is known to hold.
pub(super) fn depth(node: &IdedExpr) -> usize {
    1 + children(node).into_iter().map(depth).max().unwrap_or(0)
}

/// A macro call that binds a name: its target, the name, and the arguments that may use it.
pub(super) fn binding(node: &IdedExpr) -> Option<(&IdedExpr, &str, &[IdedExpr])> {
    let Expr::Call(call) = &node.expr else { return None };
    let (target, [IdedExpr { expr: Expr::Ident(name), .. }, body @ ..]) = (call.target.as_deref()?, &call.args[..])
    else {
        return None;
    };
    (BINDING.contains(&call.func_name.as_str()) && !body.is_empty()).then_some((target, name, body))
}

/// Free variables, each once, in order of appearance.
pub(super) fn names(root: &IdedExpr) -> Vec<String> {
    fn walk<'e>(node: &'e IdedExpr, bound: &mut Vec<&'e str>, out: &mut Vec<String>) {
        if let Some((target, name, body)) = binding(node) {
            walk(target, bound, out);
            bound.push(name);
            body.iter().for_each(|b| walk(b, bound, out));
            bound.pop();
            return;
        }
        if let Expr::Ident(name) = &node.expr
            && !bound.contains(&name.as_str())
            && !out.contains(name)
        {
            out.push(name.clone());
        }
        children(node).into_iter().for_each(|c| walk(c, bound, out));
    }
    let mut out = Vec::new();
    walk(root, &mut Vec::new(), &mut out);
    out
}

/// A literal text.
pub(super) fn literal_text(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// See [`super::Expr::keys_of`].
pub(super) fn keys_of(program: &Program, root: &str) -> Vec<Key> {
    fn is_root(node: &IdedExpr, root: &str) -> bool {
        match (root.rsplit_once('.'), &node.expr) {
            (None, Expr::Ident(name)) => name == root,
            (Some((outer, field)), Expr::Select(select)) => select.field == field && is_root(&select.operand, outer),
            _ => false,
        }
    }
    fn walk(program: &Program, node: &IdedExpr, root: &str, asked: bool, out: &mut Vec<Key>) {
        let mut asked = asked;
        match &node.expr {
            Expr::Select(select) if is_root(&select.operand, root) => {
                let span = program.place.span(program.field(node, &select.field));
                out.push(Key { name: select.field.clone(), span, asked });
            }
            Expr::Call(call) if call.func_name == operators::INDEX && call.args.len() == 2 => {
                if let (true, Some(key)) = (is_root(&call.args[0], root), literal_text(&call.args[1])) {
                    let start = program.start(&call.args[1]);
                    out.push(Key {
                        name: key.to_owned(),
                        span: program.place.span(start..start + key.len() + 2),
                        asked,
                    });
                }
            }
            Expr::Call(call) if call.func_name == operators::IN && call.args.len() == 2 => {
                if let (true, Some(key)) = (is_root(&call.args[1], root), literal_text(&call.args[0])) {
                    let start = program.start(&call.args[0]);
                    let span = program.place.span(start..start + key.len() + 2);
                    out.push(Key { name: key.to_owned(), span, asked: true });
                }
            }
            Expr::Call(call) if call.func_name == operators::HAS => asked = true,
            _ => {}
        }
        children(node).into_iter().for_each(|c| walk(program, c, root, asked, out));
    }
    let mut out = Vec::new();
    walk(program, &program.tree.plain, root, false, &mut out);
    out
}

/// See [`super::Expr::lists_asked_of_all`].
pub(super) fn lists_asked_of_all(program: &Program) -> Vec<(String, assay_model::Span)> {
    fn walk(program: &Program, node: &IdedExpr, out: &mut Vec<(String, assay_model::Span)>) {
        match &node.expr {
            Expr::Call(call) if call.func_name == operators::LOGICAL_AND => {
                call.args.iter().for_each(|a| walk(program, a, out));
            }
            Expr::Call(call) if call.func_name == "all" => {
                let Some((target, ..)) = binding(node) else { return };
                let name = program.function(node, "all");
                let start = program.leftmost(target);
                let text = program.source.get(start..name.start).unwrap_or_default().trim_end();
                let text = text.strip_suffix('.').unwrap_or(text).trim_end();
                if !matches!(target.expr, Expr::List(_)) {
                    out.push((text.to_owned(), program.place.span(start..name.end)));
                }
            }
            _ => {}
        }
    }
    let mut out = Vec::new();
    walk(program, &program.tree.plain, &mut out);
    out
}

impl Program {
    /// Where a node's token starts in the source.
    pub(super) fn start(&self, node: &IdedExpr) -> usize {
        self.tree.starts.get(&node.id).copied().unwrap_or(0)
    }

    /// The field of a selection: its node points at the dot.
    pub(super) fn field(&self, node: &IdedExpr, field: &str) -> std::ops::Range<usize> {
        let dot = self.start(node);
        let at = self.source.get(dot..).and_then(|rest| rest.find(field)).map_or(dot, |skip| dot + skip);
        at..at + field.len()
    }

    /// The name of a called function: its node points at the bracket after it, or at the name.
    pub(super) fn function(&self, node: &IdedExpr, name: &str) -> std::ops::Range<usize> {
        let at = self.start(node);
        if self.source.get(at..).is_some_and(|rest| rest.starts_with(name)) {
            return at..at + name.len();
        }
        let start = self.source.get(..at).and_then(|before| before.rfind(name)).unwrap_or(at);
        start..start + name.len()
    }

    /// The text from a node's first token to its last, for an operator the operator itself.
    pub(super) fn leftmost(&self, node: &IdedExpr) -> usize {
        let mut least = self.start(node);
        each(node, &mut |n| least = least.min(self.start(n)));
        least
    }
}
