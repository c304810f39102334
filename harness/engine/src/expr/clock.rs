//! A clock for loops. The interpreter has no step limit, so each turn of each loop is made to look at a variable of ours,
//! which is gone once the time is up.

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

/// No expression can write this name.
pub(super) const TICK: &str = "@tick";

/// Makes every loop in the tree look at [`TICK`] on each turn.
pub(super) fn install(node: &mut IdedExpr) {
    match &mut node.expr {
        Expr::Call(call) => {
            call.target.iter_mut().for_each(|target| install(target));
            call.args.iter_mut().for_each(install);
        }
        Expr::Comprehension(loop_) => {
            for part in [&mut loop_.iter_range, &mut loop_.accu_init, &mut loop_.loop_step, &mut loop_.result] {
                install(part);
            }
            // `map` and `filter` are recognised by their constant condition, and must stay so: there the step looks.
            if matches!(loop_.loop_cond.expr, Expr::Literal(_)) {
                look_in_step(&mut loop_.loop_step);
            } else {
                look(&mut loop_.loop_cond);
            }
        }
        Expr::List(list) => list.elements.iter_mut().for_each(install),
        Expr::Map(map) => map.entries.iter_mut().for_each(|e| entry(&mut e.expr)),
        Expr::Struct(s) => s.entries.iter_mut().for_each(|e| entry(&mut e.expr)),
        Expr::Select(select) => install(&mut select.operand),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

fn entry(entry: &mut EntryExpr) {
    match entry {
        EntryExpr::StructField(field) => install(&mut field.value),
        EntryExpr::MapEntry(entry) => {
            install(&mut entry.key);
            install(&mut entry.value);
        }
    }
}

/// `condition ? accumulator + [x] : accumulator`, or `accumulator + [x]`.
fn look_in_step(step: &mut IdedExpr) {
    let Expr::Call(call) = &mut step.expr else { return look(step) };
    match (call.func_name.as_str(), &mut call.args[..]) {
        (operators::CONDITIONAL, [condition, ..]) => look(condition),
        (operators::ADD, [_, IdedExpr { expr: Expr::List(list), .. }]) => list.elements.iter_mut().for_each(look),
        _ => look(step),
    }
}

/// `x` becomes `@tick ? x : false`.
fn look(node: &mut IdedExpr) {
    let node_of = |expr| IdedExpr { id: 0, expr };
    let inner = std::mem::take(node);
    let id = inner.id;
    let args =
        vec![node_of(Expr::Ident(TICK.to_owned())), inner, node_of(Expr::Literal(LiteralValue::Boolean(false.into())))];
    *node = IdedExpr {
        id,
        expr: Expr::Call(CallExpr { func_name: operators::CONDITIONAL.to_owned(), target: None, args }),
    };
}
