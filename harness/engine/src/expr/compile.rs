//! Compilation under limits: the parser recurses so deeply that hostile nesting would abort the process.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use assay_model::Diagnostic;
use cel::Env;
use cel::common::ast::IdedExpr;
use cel::parser::ParseErrors;

use super::{Place, clock, walk};

/// Longest expression, in bytes.
pub(super) const MAX_BYTES: usize = 2_048;
/// Deepest nesting of brackets.
pub(super) const MAX_BRACKETS: usize = 16;
/// Deepest syntax tree: long chains of operators nest as brackets do.
const MAX_DEPTH: usize = 256;
/// Up to here a tree stays inside [`MAX_DEPTH`] whatever its macros become: brackets bound how deep those nest.
const EXPANDS_SAFELY: usize = 96;
/// Parsed texts that are kept, so that a text that stands in many units is parsed once.
const KEPT: usize = 8_192;
/// Stack of a thread that parses or evaluates: both nest as deep as an expression does.
pub(crate) const STACK_BYTES: usize = 64 << 20;

/// The functions that every expression may call.
pub(super) static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));
/// The same without macros: the tree as its author wrote it, which is what can be checked and explained.
static PLAIN: LazyLock<Env> = LazyLock::new(|| Env::default().with_optional_support(false).with_stdlib());

/// A compiled expression: what its text says, and where it stands.
#[derive(Debug)]
pub(super) struct Program {
    /// What the text says; shared by all places with the same text.
    pub(super) tree: Arc<Tree>,
    /// The source's place.
    pub(super) place: Place,
    /// The source.
    pub(super) source: String,
}

/// A parsed text.
#[derive(Debug)]
pub(super) struct Tree {
    /// For checks: as written.
    pub(super) plain: IdedExpr,
    /// Start of each node's token in bytes of the source, by the ids of `plain`.
    pub(super) starts: HashMap<u64, usize>,
    /// Free variables, each once.
    pub(super) names: Vec<String>,
    expanded: OnceLock<Result<Expanded, String>>,
}

/// For evaluation: macros expanded, loops under the clock. Parsed when first asked for: most expressions of a plan are
/// checked in every command, and evaluated in few.
#[derive(Debug)]
pub(super) struct Expanded {
    pub(super) tree: IdedExpr,
    /// Depth of the deeper of both trees.
    pub(super) depth: usize,
}

static PARSED: LazyLock<Mutex<HashMap<String, Arc<Tree>>>> = LazyLock::new(Mutex::default);

impl Program {
    /// # Errors
    /// A macro that was not asked as it must be; the static check says so with its place.
    pub(super) fn expanded(&self) -> Result<&Expanded, String> {
        let made = || on_big_stack(|| expand(&self.source, &self.tree.plain));
        self.tree.expanded.get_or_init(made).as_ref().map_err(Clone::clone)
    }
}

fn expand(source: &str, plain: &IdedExpr) -> Result<Expanded, String> {
    let failed = |e: ParseErrors| e.errors.first().map_or_else(|| "this is no CEL".to_owned(), |e| e.msg.clone());
    let mut tree = ENV.compile(source).map_err(failed)?.expression().clone();
    clock::install(&mut tree);
    let depth = walk::depth(&tree).max(walk::depth(plain));
    if depth > MAX_DEPTH { Err(TOO_DEEP.to_owned()) } else { Ok(Expanded { tree, depth }) }
}

const TOO_DEEP: &str = "this expression nests too deeply: too many operators or selections in a chain";

pub(super) fn compile(source: &str, place: &Place) -> Result<Program, Box<Diagnostic>> {
    let whole = || Some(place.span(0..source.len()));
    if source.trim().is_empty() {
        return Err(Box::new(Diagnostic::error(
            "expr::empty",
            "an expression is expected here, and there is none",
            whole(),
        )));
    }
    if source.len() > MAX_BYTES {
        let text = format!("this expression has {} bytes; {MAX_BYTES} are the limit", source.len());
        return Err(Box::new(
            Diagnostic::error("expr::too-long", text, whole())
                .help("move the work into a check, or split the expectation into several"),
        ));
    }
    if let Some(at) = too_deep(source) {
        let text = format!("brackets nest deeper than {MAX_BRACKETS}");
        return Err(Box::new(Diagnostic::error("expr::too-deep", text, Some(place.span(at..at + 1)))));
    }
    let kept = PARSED.lock().ok().and_then(|parsed| parsed.get(source).cloned());
    let tree = match kept {
        Some(tree) => tree,
        None => on_big_stack(|| parse(source, place))?,
    };
    Ok(Program { tree, place: place.clone(), source: source.to_owned() })
}

fn parse(source: &str, place: &Place) -> Result<Arc<Tree>, Box<Diagnostic>> {
    let failed = |e: ParseErrors| Box::new(syntax_error(source, place, &e));
    let (plain, info) = PLAIN.parser().parse_with_source_info(source).map_err(failed)?;
    let mut starts = HashMap::new();
    walk::each(&plain, &mut |node| {
        if let Some((start, _)) = info.offset_for(node.id) {
            starts.insert(node.id, (start as usize).min(source.len()));
        }
    });
    let expanded = OnceLock::new();
    if walk::depth(&plain) > EXPANDS_SAFELY {
        let made = expand(source, &plain)
            .map_err(|text| Box::new(Diagnostic::error("expr::too-deep", text, Some(place.span(0..source.len())))))?;
        let _ = expanded.set(Ok(made));
    }
    let tree = Arc::new(Tree { names: walk::names(&plain), plain, starts, expanded });
    if let Ok(mut parsed) = PARSED.lock() {
        if parsed.len() >= KEPT {
            parsed.clear();
        }
        parsed.insert(source.to_owned(), Arc::clone(&tree));
    }
    Ok(tree)
}

/// The bracket that opens one level too many.
fn too_deep(source: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, c) in source.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => {
                depth += 1;
                if depth > MAX_BRACKETS {
                    return Some(at);
                }
            }
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn syntax_error(source: &str, place: &Place, errors: &ParseErrors) -> Diagnostic {
    let Some(first) = errors.errors.first() else {
        return Diagnostic::error("expr::syntax", "this is no CEL", Some(place.span(0..source.len())));
    };
    // Lines count from 1. Columns of the lexer and parser count from 1 too, in characters.
    let (line, column) = (first.pos.0.max(1) as usize, first.pos.1.max(1) as usize);
    let before: usize = source.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = source.get(before..).unwrap_or_default();
    let at = before + rest.char_indices().nth(column - 1).map_or(rest.trim_end().len(), |(b, _)| b);
    let text = first.msg.strip_prefix("Syntax error: ").unwrap_or(&first.msg);
    let short: String = text.split(" expecting ").next().unwrap_or(text).chars().take(200).collect();
    let short = if short.contains("'<EOF>'") { "it ends where more is expected".to_owned() } else { short };
    let width = source.get(at..).and_then(|s| s.chars().next()).map_or(0, char::len_utf8);
    Diagnostic::error("expr::syntax", format!("this is no CEL: {short}"), Some(place.span(at..at + width)))
        .help("see the language's own page at https://cel.dev; strings stand in quotes, equality is `==`")
}

thread_local! {
    static BIG: Cell<bool> = const { Cell::new(false) };
}

/// Says of the calling thread that it was started with [`STACK_BYTES`].
pub(crate) fn this_stack_is_big() {
    BIG.set(true);
}

/// Runs `work` on a thread with 64 MiB of stack, or right here where this thread is one already.
///
/// Where the system gives no further thread, `work` runs here: limits on length and depth have been checked before.
pub fn on_big_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if BIG.get() {
        return work();
    }
    both(|| (), work).1
}

/// Runs `beside` on a thread with 64 MiB of stack while `here` runs on this one; after it, where the system gives no
/// further thread.
pub(crate) fn both<A, B: Send>(here: impl FnOnce() -> A, beside: impl FnOnce() -> B + Send) -> (A, B) {
    let mut slot = Some(beside);
    let mut out = None;
    let done = std::thread::scope(|scope| {
        let (slot, out) = (&mut slot, &mut out);
        let body = move || {
            BIG.set(true);
            *out = slot.take().map(|work| work());
        };
        let builder = std::thread::Builder::new().name("expression".into()).stack_size(STACK_BYTES);
        let spawned = builder.spawn_scoped(scope, body);
        let done = here();
        if let Ok(thread) = spawned
            && let Err(panic) = thread.join()
        {
            std::panic::resume_unwind(panic);
        }
        done
    });
    match (out, slot) {
        (Some(value), _) => (done, value),
        (None, Some(work)) => (done, work()),
        (None, None) => unreachable!("the work was either done or is still here"),
    }
}
