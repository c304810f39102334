//! Plans, bench, dossier and answers, held against each other.

mod against;
mod external;
mod select;
mod survey;
mod units;
mod waivers;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_model::lab::Particulars;
use assay_model::{Diagnostic, Severity, SourceFile, Span};
use serde_json::Value;

use super::LoadRequest;
use super::files::{Files, beside};
use super::lower::bench::BenchFile;
use super::lower::params::Overrides;
use super::lower::plan::{LoweredPlan, Lowering};
use super::lower::{self, Mistakes};
use super::rules;
use super::snapshots;
use super::tree::Node;
use crate::expr::{both, on_big_stack};
use crate::journal::today;
use crate::plan::{Answers, Bench, Input, Product, Registry, ResolvedRun, Waiver};

pub(crate) use select::NOT_SELECTED;
pub(crate) use units::duplicates;

/// Reads everything that a run is decided on, and resolves it. Nothing is opened, started or sent.
///
/// # Errors
/// Every mistake in every file, with warnings among them, sorted by place.
pub fn load(request: &LoadRequest, registry: &Registry) -> Result<ResolvedRun, Vec<Diagnostic>> {
    on_big_stack(|| Loading { request, registry, mistakes: Mistakes::default(), files: Files::default() }.run())
}

/// A bench by itself, for one check by hand; its dossier is read where it names one.
///
/// # Errors
/// Every mistake in it.
pub fn load_bench(path: &Path, defects: &[String], registry: &Registry) -> Result<Bench, Vec<Diagnostic>> {
    let request = LoadRequest { bench: Some(path.to_owned()), defects: defects.to_vec(), ..LoadRequest::default() };
    on_big_stack(|| {
        let loading = Loading { request: &request, registry, mistakes: Mistakes::default(), files: Files::default() };
        let bench = loading.bench_file().and_then(|(bench, file)| {
            let product = loading.product(bench.product.clone());
            loading.bench(bench, file, product.as_ref())
        });
        let found = loading.mistakes.take();
        bench.filter(|_| found.iter().all(|d| d.severity != Severity::Error)).ok_or(found)
    })
}

/// Plans by themselves, without bench and dossier: for judging recorded observations by them.
///
/// # Errors
/// Every mistake in them.
pub fn load_plans(paths: &[PathBuf], registry: &Registry) -> Result<ResolvedRun, Vec<Diagnostic>> {
    let request = LoadRequest { plans: paths.to_vec(), ..LoadRequest::default() };
    on_big_stack(|| {
        let loading = Loading { request: &request, registry, mistakes: Mistakes::default(), files: Files::default() };
        let mut plans = loading.plans();
        duplicates(&mut plans, &loading.mistakes);
        let found = loading.mistakes.take();
        if found.iter().any(|d| d.severity == Severity::Error) {
            return Err(found);
        }
        let plans = plans.into_iter().map(finish).collect();
        let inputs = loading.files.into_inputs();
        Ok(ResolvedRun {
            plans,
            bench: None,
            product: None,
            answers: None,
            lab: None,
            waivers: Vec::new(),
            inputs,
            survey: None,
            warnings: found,
        })
    })
}

/// Lab files by themselves, for a review: what they state together, and the files with their digests.
///
/// # Errors
/// Every mistake in them.
pub fn load_lab(paths: &[PathBuf]) -> Result<(Particulars, Vec<Input>), Vec<Diagnostic>> {
    let request = LoadRequest { lab: paths.to_vec(), ..LoadRequest::default() };
    let registry = Registry::default();
    on_big_stack(|| {
        let loading =
            Loading { request: &request, registry: &registry, mistakes: Mistakes::default(), files: Files::default() };
        let stated = loading.lab(None);
        let found = loading.mistakes.take();
        match stated {
            Some(stated) if found.iter().all(|d| d.severity != Severity::Error) => {
                Ok((stated, loading.files.into_inputs()))
            }
            _ => Err(found),
        }
    })
}

/// A bench file as lowered, and its text.
type OpenedBench = (BenchFile, Arc<SourceFile>);

struct Loading<'a> {
    request: &'a LoadRequest,
    registry: &'a Registry,
    mistakes: Mistakes,
    files: Files,
}

impl Loading<'_> {
    fn run(self) -> Result<ResolvedRun, Vec<Diagnostic>> {
        let (mut plans, bench, product) = self.plans_beside_product();
        duplicates(&mut plans, &self.mistakes);
        let named = |f: fn(&BenchFile) -> &Option<(PathBuf, Span)>| bench.as_ref().and_then(|(b, _)| f(b).clone());
        let answers = self.answers(named(|b| &b.answers), &plans);
        let lab = self.lab(bench.as_ref().map(|(b, _)| b));
        let waivers = self.waivers(product.as_ref(), &plans);
        select::select(&mut plans, self.request.select.as_deref(), &self.mistakes);
        let given = against::Given {
            explaining: self.request.explaining,
            bench: bench.as_ref().map(|(b, _)| b),
            registry: self.registry,
            bench_asked: self.request.bench.is_some(),
            product: product.as_ref(),
            // A bench file that could not be read may well have named one.
            product_asked: self.request.product.is_some()
                || named(|b| &b.product).is_some()
                || self.request.bench.is_some() && bench.is_none(),
        };
        external::set_aside(&mut plans, product.as_ref(), &self.mistakes);
        against::check(&mut plans, &given, &self.mistakes);
        let survey = survey::of(&plans, self.request, &self.files, &self.mistakes);
        let bench = bench.and_then(|(file_bench, file)| self.bench(file_bench, file, product.as_ref()));
        let found = self.mistakes.take();
        if found.iter().any(|d| d.severity == Severity::Error) {
            return Err(found);
        }
        let plans: Vec<crate::plan::Plan> = plans.into_iter().map(finish).collect();
        let mut inputs = self.files.into_inputs();
        inputs.extend(catalogue_input(&plans, self.registry));
        Ok(ResolvedRun { plans, bench, product, answers, lab, waivers, inputs, survey, warnings: found })
    }

    /// Plans here, bench and dossier on another thread: neither needs the other, and each takes its time.
    fn plans_beside_product(&self) -> (Vec<LoweredPlan>, Option<OpenedBench>, Option<Product>) {
        let (request, registry) = (self.request, self.registry);
        let (plans, (beside, bench, product)) = both(
            || self.plans(),
            || {
                let beside = Loading { request, registry, mistakes: Mistakes::default(), files: Files::default() };
                let bench = beside.bench_file();
                let product = beside.product(bench.as_ref().and_then(|(bench, _)| bench.product.clone()));
                (beside, bench, product)
            },
        );
        self.mistakes.extend(beside.mistakes.take());
        self.files.append(beside.files);
        (plans, bench, product)
    }

    fn bench_file(&self) -> Option<OpenedBench> {
        let node = self.files.read(self.request.bench.as_ref()?, "bench", None, &self.mistakes)?;
        let file = Arc::clone(&node.span.file);
        Some((lower::bench::lower(&node, self.registry, &self.mistakes)?, file))
    }

    fn plans(&self) -> Vec<LoweredPlan> {
        let overrides = Overrides::new(&self.request.set);
        let lowering =
            Lowering { registry: self.registry, mistakes: &self.mistakes, files: &self.files, overrides: &overrides };
        if self.request.plans.is_empty() {
            self.mistakes.add(Diagnostic::error("resolve::no-plan", "no plan is given", None));
        }
        let nodes: Vec<Node> =
            self.request.plans.iter().flat_map(|p| plan_nodes(p, &self.files, &self.mistakes)).collect();
        let plans: Vec<LoweredPlan> = nodes.iter().filter_map(|node| lowering.plan(node)).collect();
        if plans.len() == nodes.len() && !plans.is_empty() {
            overrides.report_unknown(&self.mistakes);
        }
        plans
    }

    /// The dossier, from the flag or else from where the bench file names it.
    fn product(&self, named: Option<(PathBuf, Span)>) -> Option<Product> {
        let (path, span) = self.request.product.clone().map(|p| (p, None)).or(named.map(|(p, s)| (p, Some(s))))?;
        let node = self.files.read(&path, "product", span.as_ref(), &self.mistakes)?;
        let mut product = lower::product::lower(&node, &self.mistakes)?;
        snapshots::read(&node, &mut product, &self.files, &self.mistakes);
        rules::check(&node, &product, &self.registry.catalogue, &self.mistakes);
        Some(product)
    }

    fn answers(&self, named: Option<(PathBuf, Span)>, plans: &[LoweredPlan]) -> Option<Answers> {
        let (path, span) = self.request.answers.clone().map(|p| (p, None)).or(named.map(|(p, s)| (p, Some(s))))?;
        let node = self.files.read(&path, "answers", span.as_ref(), &self.mistakes)?;
        let (answers, spans) = lower::answers::lower(&node, &self.mistakes)?;
        let known: Vec<&str> = units::ids(plans).map(|(id, _)| id).collect();
        // A bench's answers serve several plans; those of the command line are meant for this run.
        if self.request.answers.is_some() && !known.is_empty() {
            for (answer, span) in answers.answers.iter().zip(spans).filter(|(a, _)| !known.contains(&a.unit.as_str())) {
                let text = format!("no plan of this run has the unit `{}`", answer.unit);
                let mut warning = Diagnostic::warning("answers::unknown-unit", text, Some(span));
                warning.help =
                    super::suggest::nearest(&answer.unit, &known).map(|near| format!("did you mean `{near}`?"));
                self.mistakes.add(warning);
            }
        }
        Some(answers)
    }

    /// What the bench's lab file and those of the command line state, and whether any equipment is past its date.
    fn lab(&self, bench: Option<&BenchFile>) -> Option<Particulars> {
        let named = bench.and_then(|b| b.lab.clone()).map(|(path, span)| (path, Some(span)));
        let (mut stated, mut spans): (Option<Particulars>, Vec<Span>) = (None, Vec::new());
        for (path, span) in named.into_iter().chain(self.request.lab.iter().map(|p| (p.clone(), None))) {
            let Some(node) = self.files.read(&path, "lab", span.as_ref(), &self.mistakes) else { continue };
            let Some((own, own_spans)) = lower::lab::lower(&node, &self.mistakes) else { continue };
            // A later file's entry stands in place of an earlier one of the same id.
            let earlier = stated.unwrap_or_default();
            let kept = earlier.equipment.iter().zip(spans).filter(|(e, _)| own.equipment.iter().all(|o| o.id != e.id));
            spans = kept.map(|(_, span)| span).chain(own_spans).collect();
            stated = Some(earlier.with(own));
        }
        let rule = stated.as_ref().map(|s| s.overdue).unwrap_or_default();
        let today = lower::lab::today();
        if let Some(bench) = bench {
            lower::lab::overdue(&bench.equipment, &bench.equipment_spans, rule, &today, &self.mistakes);
        }
        if let Some(stated) = &stated {
            lower::lab::overdue(&stated.equipment, &spans, rule, &today, &self.mistakes);
        }
        stated
    }

    /// The waivers of `--waivers`. One that cannot count here, or soon ends, is a warning: it never stops a run.
    fn waivers(&self, product: Option<&Product>, plans: &[LoweredPlan]) -> Vec<Waiver> {
        let Some(path) = &self.request.waivers else { return Vec::new() };
        let Some(node) = self.files.read(path, "waivers", None, &self.mistakes) else { return Vec::new() };
        let waivers = lower::waivers::lower(&node, &today(), &self.mistakes);
        waivers::held_against(waivers, product, plans, &self.mistakes)
    }

    /// The bench as its provider is asked for it, after the provider has looked at its settings.
    fn bench(&self, bench: BenchFile, file: Arc<assay_model::SourceFile>, product: Option<&Product>) -> Option<Bench> {
        let provider = Arc::clone(self.registry.provider(&bench.request.provider)?);
        let mut request = bench.request;
        request.samples = product.map(|p| p.samples.clone()).unwrap_or_default();
        request.defects.clone_from(&self.request.defects);
        request.sample_count = self.request.samples;
        if provider.name() != "virtual" {
            let flags = [(self.request.samples.is_some(), "--samples"), (!request.defects.is_empty(), "--defect")];
            for (_, flag) in flags.into_iter().filter(|(given, _)| *given) {
                let text =
                    format!("`{flag}` is for virtual benches, and `{}` is `{}`", request.bench, request.provider);
                self.mistakes.add(Diagnostic::error("bench::not-virtual", text, Some(bench.provider_span.clone())));
            }
        }
        if self.request.samples == Some(0) {
            self.mistakes.add(Diagnostic::error("bench::no-samples", "`--samples 0` leaves nothing to test", None));
        }
        let found = provider.lint(&request).into_iter();
        self.mistakes
            .extend(found.map(|d| Diagnostic { span: d.span.or_else(|| Some(bench.provider_span.clone())), ..d }));
        let (product, answers) = (bench.product.map(|(p, _)| p), bench.answers.map(|(p, _)| p));
        Some(Bench { request, provider, equipment: bench.equipment, lab_key: bench.lab_key, file, product, answers })
    }
}

/// Suites in suites go this deep; a suite that lists itself ends there.
const MAX_SUITES: usize = 4;

/// The parsed plans that a path stands for: itself, or what its suite lists.
pub(crate) fn plan_nodes(path: &Path, files: &Files, mistakes: &Mistakes) -> Vec<Node> {
    plan_nodes_at(path, files, mistakes, 0)
}

fn plan_nodes_at(path: &Path, files: &Files, mistakes: &Mistakes, depth: usize) -> Vec<Node> {
    let suite = path.join("suite.yaml");
    let is_folder = path.is_dir();
    if is_folder && !suite.exists() {
        let text = format!("{} is a folder without a suite.yaml", path.display());
        let mistake = Diagnostic::error("file::no-suite", text, None);
        mistakes.add(mistake.help("name a plan file, or list the folder's plans in suite.yaml"));
        return Vec::new();
    }
    let (path, role) = if is_folder { (suite.as_path(), "suite") } else { (path, "plan") };
    let Some(node) = files.read(path, role, None, mistakes) else { return Vec::new() };
    let is_suite = node.get("assay").map(Node::json) == Some(Value::from("suite/1"));
    if !is_folder && !is_suite {
        return vec![node];
    }
    let listed = lower::suite::lower(&node, mistakes);
    let listed: Vec<_> = listed.iter().map(|(name, span)| (beside(span, &name.to_string_lossy()), span)).collect();
    let plans: Vec<_> = listed.iter().filter(|(path, _)| !path.is_dir()).cloned().collect();
    let mut plans = files.read_all(&plans, "plan", mistakes).into_iter();
    listed
        .iter()
        .flat_map(|(path, span)| match path.is_dir() {
            false => plans.next().flatten().into_iter().collect(),
            true if depth < MAX_SUITES => plan_nodes_at(path, files, mistakes, depth + 1),
            true => {
                let text = format!("suites stand in suites more than {MAX_SUITES} deep here");
                let mistake = Diagnostic::error("suite::too-deep", text, Some((*span).clone()));
                mistakes.add(mistake.help("does a suite list itself?"));
                Vec::new()
            }
        })
        .collect()
}

/// What the pack carries of the standards, where a unit of theirs runs: reports of later years read it, not newer data.
fn catalogue_input(plans: &[crate::plan::Plan], registry: &Registry) -> Option<Input> {
    let any = plans.iter().flat_map(|p| &p.units).any(|unit| unit.catalogue.is_some());
    if !any || registry.catalogue.reported.is_empty() {
        return None;
    }
    let text = serde_json::to_string(&registry.catalogue.reported).ok()?;
    let sha256 = crate::journal::digest(text.as_bytes());
    Some(Input { role: "catalogue", file: Arc::new(SourceFile { path: "catalogue.json".into(), text }), sha256 })
}

fn finish(lowered: LoweredPlan) -> crate::plan::Plan {
    let mut plan = lowered.plan;
    plan.units = lowered.units.into_iter().map(|u| u.unit).collect();
    plan
}
