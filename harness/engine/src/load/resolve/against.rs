//! Selected units, held against what bench and dossier have.

use assay_model::{Diagnostic, Span};

use crate::expr::Expr;
use crate::load::lower::Mistakes;
use crate::load::lower::bench::BenchFile;
use crate::load::lower::ixit;
use crate::load::lower::plan::LoweredPlan;
use crate::load::lower::step::each_expr;
use crate::load::lower::unit::LoweredUnit;
use crate::load::suggest;
use crate::plan::{Product, Registry, Step};

/// What there is to hold them against.
pub(super) struct Given<'a> {
    /// What the bench lacks takes a unit out instead of being a mistake.
    pub(super) explaining: bool,
    pub(super) bench: Option<&'a BenchFile>,
    /// Has the kinds of bench.
    pub(super) registry: &'a Registry,
    /// A bench was asked for, even if its file is no good: its absence is no news then.
    pub(super) bench_asked: bool,
    pub(super) product: Option<&'a Product>,
    /// The same for the dossier.
    pub(super) product_asked: bool,
}

/// Reports what selected units lack, and deselects those that the bench does not permit.
pub(super) fn check(plans: &mut [LoweredPlan], given: &Given<'_>, mistakes: &Mistakes) {
    let provides = given.bench.map(|bench| provides(bench, given.registry, given.product));
    // A plan over a list of products has neither bench nor dossier: `survey` holds its units against what it has.
    for plan in plans.iter_mut().filter(|plan| plan.plan.over.is_none()) {
        let shared = &plan.plan.shared;
        for lowered in plan.units.iter_mut().filter(|u| u.unit.deselected.is_none()) {
            not_permitted(lowered, given);
            if lowered.unit.deselected.is_some() {
                continue;
            }
            match (&provides, given.bench) {
                (Some(words), Some(bench)) if given.explaining => lacks(lowered, bench, words),
                (Some(words), Some(bench)) => needs(lowered, bench, words, mistakes),
                _ if !given.bench_asked => no_bench(lowered, shared, mistakes),
                _ => {}
            }
            if lowered.unit.deselected.is_none() {
                asks_of_product(lowered, shared, given, mistakes);
            }
        }
    }
}

/// What a bench provides: what its kind says of its settings; else what all its DUTs have a key for.
pub(crate) fn provides(bench: &BenchFile, registry: &Registry, product: Option<&Product>) -> Vec<&'static str> {
    let request = &bench.request;
    let by_kind = registry.provider(&request.provider).and_then(|provider| provider.provides(request));
    let samples = product.is_some_and(|p| !p.samples.is_empty()).then_some("labels");
    let words = by_kind.unwrap_or_else(|| {
        let all = |key: &str| {
            !request.duts.is_empty() && request.duts.iter().all(|d| d.get(key).is_some_and(|v| !v.is_null()))
        };
        // Leased systems have a network of their own.
        let network = request.provider != "local" || all("host");
        let keyed = [("console", "console"), ("power", "power"), ("probe", "probe"), ("interface", "capture")];
        let keyed = keyed.into_iter().filter(|(key, _)| all(key)).map(|(_, word)| word);
        network.then_some("network").into_iter().chain(keyed).collect()
    });
    let mut all: Vec<&str> = ["documents", "operator"].into_iter().chain(words).collect();
    all.extend(samples.filter(|word| !all.contains(word)));
    all
}

fn not_permitted(lowered: &mut LoweredUnit, given: &Given<'_>) {
    let Some(bench) = given.bench else { return };
    let effect = lowered.unit.effect;
    if !bench.request.permits.contains(&effect) {
        let permits: Vec<&str> = bench.request.permits.iter().map(|e| e.word()).collect();
        let permits = if permits.is_empty() { "nothing".to_owned() } else { permits.join(", ") };
        let name = &bench.request.bench;
        lowered.unit.deselected = Some(format!("not-permitted: it is {effect}, and bench `{name}` permits {permits}"));
    }
}

fn needs(lowered: &LoweredUnit, bench: &BenchFile, provides: &[&str], mistakes: &Mistakes) {
    for (need, span) in lowered.needs.iter().filter(|(need, _)| !provides.contains(&need.as_str())) {
        let name = &bench.request.bench;
        let text = format!("unit `{}` needs `{need}`, and nothing on bench `{name}` provides it", lowered.unit.id);
        let help = match need.as_str() {
            "labels" => "give a dossier with `samples`, or choose another bench with `--bench`".to_owned(),
            "network" => "give each DUT a `host`, or choose another bench with `--bench`".to_owned(),
            "capture" => "give each DUT the `interface` that its packets pass on".to_owned(),
            other => format!("give each DUT a `{other}`, or choose another bench with `--bench`"),
        };
        mistakes.add(
            Diagnostic::error("resolve::not-provided", text, Some(span.clone()))
                .label(bench.span.clone(), format!("provides {}", suggest::list(provides)))
                .help(help),
        );
    }
}

/// Takes a unit out that the bench cannot serve.
fn lacks(lowered: &mut LoweredUnit, bench: &BenchFile, provides: &[&str]) {
    let missing = lowered.needs.iter().map(|(need, _)| need).filter(|need| !provides.contains(&need.as_str()));
    let missing: Vec<String> = missing.cloned().collect();
    if !missing.is_empty() {
        let needs: Vec<String> = missing.iter().map(|need| format!("`{need}`")).collect();
        let name = &bench.request.bench;
        lowered.unit.deselected =
            Some(format!("not-provided: needs {}, and nothing on bench `{name}` provides it", needs.join(" and ")));
        lowered.unit.lacks = missing;
    }
}

fn no_bench(lowered: &LoweredUnit, shared: &[Step], mistakes: &Mistakes) {
    let named = || {
        exprs(lowered, shared).into_iter().find_map(|e| {
            let name = e.names().into_iter().find(|n| ["dut", "bench", "samples"].contains(&n.as_str()))?;
            Some((name, e.span.clone()))
        })
    };
    if let Some((word, span)) = lowered.needs.first().cloned().or_else(named) {
        let text = format!("unit `{}` needs `{word}`, and no bench is given", lowered.unit.id);
        mistakes
            .add(Diagnostic::error("resolve::no-bench", text, Some(span)).help("name one with `--bench BENCH.yaml`"));
    }
}

/// The expressions of a unit, and of the shared steps that it names.
pub(super) fn exprs<'u>(lowered: &'u LoweredUnit, shared: &'u [Step]) -> Vec<&'u Expr> {
    let mut found = Vec::new();
    lowered.unit.each_expr(&mut |e| found.push(e));
    let names: Vec<String> = found.iter().flat_map(|e| e.names()).collect();
    for step in shared.iter().filter(|s| s.name.as_ref().is_some_and(|n| names.contains(n))) {
        each_expr(std::slice::from_ref(step), &mut |e| found.push(e));
    }
    found
}

fn asks_of_product(lowered: &LoweredUnit, shared: &[Step], given: &Given<'_>, mistakes: &Mistakes) {
    let exprs = exprs(lowered, shared);
    let id = &lowered.unit.id;
    let Some(product) = given.product else {
        let asked = |e: &&Expr| e.names().iter().any(|n| ["ixit", "ics", "product"].contains(&n.as_str()));
        if let Some(expr) = exprs.into_iter().find(asked).filter(|_| !given.product_asked) {
            let text = format!("unit `{id}` asks for the dossier, and none is given");
            let mistake = Diagnostic::error("resolve::no-product", text, Some(expr.span.clone()));
            mistakes.add(mistake.help("name one with `--product`, or by `product:` in the bench file"));
        }
        return;
    };
    let file = product.file.path.display();
    for (span, provision) in missing(&exprs, "ics", &|key| product.ics.contains_key(key)) {
        let text = format!("unit `{id}` asks whether `{provision}` is supported, and {file} does not declare it");
        let mistake = Diagnostic::error("product::undeclared", text, Some(span));
        mistakes.add(
            mistake
                .help(format!("add it under `ics`: `\"{provision}\": {{ support: Y }}`, or N or N/A with its detail")),
        );
    }
    let documents = product.product.get("documents");
    for (span, key) in missing(&exprs, "product.documents", &|key| documents.is_some_and(|d| d.get(key).is_some())) {
        let text = format!("unit `{id}` asks for `product.documents.{key}`, and {file} does not say it");
        let help = match key.as_str() {
            "home" => "add under `product`: `documents: { home: URL }`, the first page of the maker's website",
            "sales" => {
                "list under `product.documents.sales` the maker's own pages that invite a purchase; `[]` states that there is none"
            }
            "statement" => {
                "say under `product.documents.statement` where the statement of compliance is: a URL, or a file"
            }
            _ => "add it under `product.documents`",
        };
        mistakes.add(Diagnostic::error("product::missing-document", text, Some(span)).help(help));
    }
    for (span, table) in missing(&exprs, "ixit", &|key| product.ixit.contains_key(key)) {
        let Some(theirs) = ixit::standard_name(&table) else { continue };
        let text = format!("unit `{id}` asks for IXIT table `{theirs}`, and {file} has none");
        let mistake = Diagnostic::error("product::missing-table", text, Some(span));
        mistakes.add(mistake.help(format!("add `{theirs}:` under `ixit`; `[]` states that there is nothing to list")));
    }
}

/// Keys of `root` that are read, are not there, and are nowhere asked about by `has`.
fn missing(exprs: &[&Expr], root: &str, there: &dyn Fn(&str) -> bool) -> Vec<(Span, String)> {
    let keys: Vec<_> = exprs.iter().flat_map(|e| e.keys_of(root)).collect();
    let asked = |name: &str| keys.iter().any(|k| k.asked && k.name == name);
    let mut found: Vec<(Span, String)> = Vec::new();
    for key in keys.iter().filter(|k| !k.asked && !there(&k.name) && !asked(&k.name)) {
        if !found.iter().any(|(_, name)| *name == key.name) {
            found.push((key.span.clone(), key.name.clone()));
        }
    }
    found
}
