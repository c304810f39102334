//! Lint: each file by what its first line says it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_model::{Diagnostic, SourceFile};

use super::files::Files;
use super::lower::catalogue::Known;
use super::lower::params::Overrides;
use super::lower::plan::{LoweredPlan, Lowering};
use super::lower::{self, Mistakes};
use super::resolve::{duplicates, plan_nodes};
use super::rules;
use super::snapshots;
use super::source::unreadable;
use super::suggest;
use super::tree::{self, Node};
use crate::expr::on_big_stack;
use crate::journal::today;
use crate::plan::{Catalogue, Registry};

/// The words before the slash in `assay: plan/1`.
const KINDS: [&str; 11] =
    ["plan", "units", "suite", "bench", "product", "answers", "lab", "catalogue", "waivers", "snapshot", "statement"];
const MAX_FOLDERS: usize = 8;

/// Every mistake and warning in these files and folders, sorted by place. A folder stands for its YAML files that say
/// what they are.
#[must_use]
pub fn lint(paths: &[PathBuf], registry: &Registry) -> Vec<Diagnostic> {
    on_big_stack(|| {
        let linting = Linting { registry, mistakes: Mistakes::default(), files: Files::default() };
        for path in paths {
            linting.path(path, 0);
        }
        linting.mistakes.take()
    })
}

/// Every mistake and warning in a dossier whose text is at hand, as if it had been read from that file.
#[must_use]
pub fn lint_product(file: &Arc<SourceFile>, registry: &Registry) -> Vec<Diagnostic> {
    on_big_stack(|| {
        let mistakes = Mistakes::default();
        match tree::parse(file) {
            Ok(node) => {
                if let Some(product) = lower::product::lower(&node, &mistakes) {
                    rules::check(&node, &product, &registry.catalogue, &mistakes);
                }
            }
            Err(mistake) => mistakes.add(*mistake),
        }
        mistakes.take()
    })
}

/// The day on which files are looked at.
fn this_day() -> time::Date {
    time::OffsetDateTime::now_utc().date()
}

struct Linting<'a> {
    registry: &'a Registry,
    mistakes: Mistakes,
    files: Files,
}

impl Linting<'_> {
    fn path(&self, path: &Path, depth: usize) {
        if !path.is_dir() {
            return self.file(path, depth > 0);
        }
        match std::fs::read_dir(path) {
            Err(error) => self.mistakes.add(unreadable(path, &error)),
            Ok(entries) => {
                let mut inside: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).collect();
                inside.sort();
                for path in inside {
                    let is_yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
                    // A link to a folder may lead in a circle.
                    if is_yaml && path.is_file() || path.is_dir() && !path.is_symlink() && depth < MAX_FOLDERS {
                        self.path(&path, depth + 1);
                    }
                }
            }
        }
    }

    fn file(&self, path: &Path, found_in_folder: bool) {
        let Some(node) = self.files.read(path, "lint", None, &self.mistakes) else { return };
        let Some(header) = node.get("assay").and_then(Node::text) else {
            if let Some(rules) = self.statement_rules()
                && lower::statement::lint_twin(&node, &rules, this_day(), &self.mistakes).is_some()
            {
                return;
            }
            if !found_in_folder {
                let text = "this file does not say what it is";
                let mistake = Diagnostic::error("file::kind", text, Some(node.span.clone()));
                let known = "`assay: plan/1`, `bench/1`, `product/1`, `answers/1`, `lab/1`, `waivers/1`, `suite/1`";
                self.mistakes.add(mistake.help(format!("its first line is one of {known}")));
            }
            return;
        };
        match header.split_once('/').map_or(header, |(kind, _)| kind) {
            "plan" => drop(self.plan(&node)),
            "units" => self.with_lowering(|lowering| lowering.fragment(&node)),
            "suite" => {
                let nodes = plan_nodes(path, &self.files, &self.mistakes);
                let mut plans: Vec<LoweredPlan> = nodes.iter().filter_map(|n| self.plan(n)).collect();
                duplicates(&mut plans, &self.mistakes);
            }
            "bench" => self.bench(&node),
            "product" => {
                if let Some(product) = lower::product::lower(&node, &self.mistakes) {
                    rules::check(&node, &product, &self.registry.catalogue, &self.mistakes);
                }
            }
            "answers" => drop(lower::answers::lower(&node, &self.mistakes)),
            "lab" => {
                if let Some((stated, spans)) = lower::lab::lower(&node, &self.mistakes) {
                    let today = lower::lab::today();
                    lower::lab::overdue(&stated.equipment, &spans, stated.overdue, &today, &self.mistakes);
                }
            }
            "catalogue" => {
                // What the program's own catalogues have, for files that build on them.
                let Catalogue { rule_data, profiles, .. } = self.registry.catalogue.clone();
                let mut catalogue = Catalogue { rule_data, profiles, ..Catalogue::default() };
                let mut known = Known::default();
                lower::catalogue::lower(&node, &mut catalogue, &mut known, &self.mistakes);
            }
            "snapshot" => drop(snapshots::lower(&node, &self.mistakes)),
            "waivers" => drop(lower::waivers::lower(&node, &today(), &self.mistakes)),
            "statement" => self.statement(&node),
            other => {
                let span = node.get("assay").map(|n| n.span.clone());
                let mistake = Diagnostic::error("file::kind", format!("there is no kind of file `{other}`"), span);
                self.mistakes.add(mistake.help(suggest::of(other, &KINDS, "there are")));
            }
        }
    }

    fn statement_rules(&self) -> Option<lower::statement::Rules> {
        lower::statement::Rules::of(&self.registry.catalogue)
    }

    fn statement(&self, node: &Node) {
        match self.statement_rules() {
            Some(rules) => lower::statement::lint(node, &rules, this_day(), &self.mistakes),
            None => {
                let text = "no catalogue says what a statement of compliance holds";
                self.mistakes.add(Diagnostic::error("file::kind", text, Some(node.span.clone())));
            }
        }
    }

    fn plan(&self, node: &Node) -> Option<LoweredPlan> {
        let mut plan = None;
        self.with_lowering(|lowering| plan = lowering.plan(node));
        if let Some(plan) = &mut plan {
            duplicates(std::slice::from_mut(plan), &self.mistakes);
        }
        plan
    }

    fn with_lowering(&self, work: impl FnOnce(&Lowering<'_>)) {
        let overrides = Overrides::default();
        work(&Lowering {
            registry: self.registry,
            mistakes: &self.mistakes,
            files: &self.files,
            overrides: &overrides,
        });
    }

    fn bench(&self, node: &Node) {
        let Some(bench) = lower::bench::lower(node, self.registry, &self.mistakes) else { return };
        let mut request = bench.request;
        if let Some((path, span)) = &bench.product
            && let Some(node) = self.files.read(path, "product", Some(span), &self.mistakes)
            && let Some(product) = lower::product::lower(&node, &self.mistakes)
        {
            rules::check(&node, &product, &self.registry.catalogue, &self.mistakes);
            request.samples = product.samples;
        }
        if let Some((path, span)) = &bench.answers
            && let Some(node) = self.files.read(path, "answers", Some(span), &self.mistakes)
        {
            lower::answers::lower(&node, &self.mistakes);
        }
        let Some(provider) = self.registry.provider(&request.provider) else { return };
        let at = |d: Diagnostic| Diagnostic { span: d.span.or_else(|| Some(bench.provider_span.clone())), ..d };
        self.mistakes.extend(provider.lint(&request).into_iter().map(at));
    }
}
