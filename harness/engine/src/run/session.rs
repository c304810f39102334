//! A run from its first line to its last.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use assay_model::catalogue::Profile;
use assay_model::journal::{Ref, kind};
use assay_model::results::PlanInfo;
use assay_model::{AddressBook, Fault, Limits, OpenBench, Touches};
use serde_json::{Map, Value, json};
use tokio::sync::broadcast;
use tokio::task::{JoinError, JoinSet};

use super::attempt::{RunCx, Sample};
use super::baseline;
use super::bind;
use super::case::{Case, unit_facts};
use super::dispatcher::{Dispatcher, Lost, Sender, journal_path};
use super::event::RunEvent;
use super::evidence::{StepRecorder, Store};
use super::options::{MakeWays, RunError, RunOptions, RunOutcome};
use super::products;
use super::scope::Scopes;
use super::secrets::seal;
use super::step::note;
use super::{external, folder, inventory, statement, waivers};
use crate::fold::{self, Progressed};
use crate::journal::{Clock, Journal};
use crate::judge::{Rule, exit_code};
use crate::plan::{Plan, ResolvedRun, Scope as UnitScope, Unit, Waiver};
use crate::redact::Vault;

/// Longest close of a bench.
const CLOSING: Duration = Duration::from_secs(60);

/// Runs a plan. The folder stays `.partial`: sealing it is the caller's.
///
/// # Errors
/// The run could not begin (nothing was sent to a DUT), or could not keep its record (clean-up has run).
pub async fn run(
    resolved: ResolvedRun,
    options: RunOptions,
    events: broadcast::Sender<RunEvent>,
) -> Result<RunOutcome, RunError> {
    let id = uuid::Uuid::now_v7().to_string();
    let vault = Arc::new(Vault::new().map_err(|source| RunError::Folder { path: options.out.clone(), source })?);
    let dossier = Dossier::seal(&resolved, &vault)?;
    let name = resolved.bench.as_ref().map(|b| b.request.bench.as_str());
    let name = name.or_else(|| resolved.plans.first().map(|p| p.name.as_str())).unwrap_or("run");
    let folder = folder::make(&options.out, name, &id)?;
    let inputs = folder::seal_inputs(&folder, &resolved, &vault)?;
    let clock = Clock::start();
    let journal = Journal::create(&journal_path(&folder), &id, clock)?;
    keep_vault(&options, &id, &vault)?;

    let session = Session::open(folder, options.for_bench_of(&resolved), vault, journal, clock, 1, events)?;
    let mut sealed = json!({"files": inputs, "argv": session.options.argv, "tool": session.options.tool});
    if let Some(baseline) = &session.options.baseline {
        sealed["baseline"] = json!({"run_id": baseline.results.run_id, "sums_sha256": baseline.sums_sha256});
    }
    session.sender.append(note(kind::INPUTS_SEALED, Ref::default(), sealed));
    for entry in session.vault.register_entries() {
        let data = serde_json::to_value(entry).unwrap_or_default();
        session.sender.append(note(kind::REDACTION_APPLIED, Ref::default(), data));
    }
    let start = dossier.run_start(&resolved, &session.options);
    session.sender.append(note(kind::RUN_START, Ref::default(), start.clone()));
    let documents = resolved.product.as_ref().map_or(&[][..], |p| &p.external);
    external::keep(documents, &session.store, &session.sender);
    session.sender.settled().await;
    session.go(resolved, &dossier, start, &Progressed::default()).await
}

/// The parts of a dossier that expressions see, secrets as tokens.
pub(super) struct Dossier {
    product: Value,
    ics: Value,
    ixit: Value,
    samples: Vec<Value>,
}

impl Dossier {
    pub(super) fn seal(resolved: &ResolvedRun, vault: &Vault) -> Result<Self, RunError> {
        let Some(product) = &resolved.product else {
            return Ok(Self { product: json!({}), ics: json!({}), ixit: json!({}), samples: Vec::new() });
        };
        let folder = bind::folder_of(product);
        let sealed = |value: Value, place: &str| seal(&value, place, &folder, vault);
        let mut facts = sealed(Value::Object(product.product.clone()), "product")?;
        facts["procedures"] = sealed(product.procedures.clone(), "procedures")?;
        let mut samples = Vec::new();
        for sample in &product.samples {
            samples.push(seal(sample, "samples", &folder, vault)?);
        }
        Ok(Self {
            product: facts,
            ics: sealed(Value::Object(product.ics.clone()), "ics")?,
            ixit: sealed(Value::Object(product.ixit.clone()), "ixit")?,
            samples,
        })
    }

    /// Everything about the run that is known before anything is opened.
    pub(super) fn run_start(&self, resolved: &ResolvedRun, options: &RunOptions) -> Value {
        let request = resolved.bench.as_ref().map(|b| &b.request);
        let bench = json!({
            "name": request.map_or("", |r| r.bench.as_str()),
            "limits": request.map_or_else(Limits::default, |r| r.limits),
            "permits": request.map_or(&[][..], |r| &r.permits),
        });
        let mut product = self.product.clone();
        if let Some(product) = product.as_object_mut() {
            product.remove("procedures");
        }
        let plans = resolved.plans.iter().map(plan_facts).collect::<Vec<_>>();
        let units = resolved
            .plans
            .iter()
            .flat_map(|plan| plan.units.iter().map(move |unit| unit_facts(unit, plan, &Rule::of(unit))));
        let scope = json!({"product": self.product, "ics": self.ics, "ixit": self.ixit, "bench": bench});
        let named = |profile: &&Profile| resolved.plans.iter().any(|p| p.profile.as_ref() == Some(&profile.id));
        let profiles: Vec<&Profile> = options.profiles.iter().filter(named).collect();
        let external = resolved.product.iter().flat_map(|p| &p.external).map(|e| &e.evidence).collect::<Vec<_>>();
        json!({
            "tool": options.tool,
            "operator": options.operator,
            "ledger": options.ledger,
            "bench": bench["name"],
            "provider": request.map(|r| r.provider.as_str()),
            "equipment": resolved.bench.as_ref().map_or(&[][..], |b| &b.equipment),
            "lab": resolved.lab,
            "host": options.host,
            "product": product,
            "plans": plans,
            "catalogues": catalogues(resolved),
            "profiles": profiles,
            "claims": claims(&profiles, &scope),
            "external": external,
            "waivers": waivers::stated(&resolved.waivers),
            "ways": options.requirement_ways,
            "units": units.collect::<Vec<_>>(),
            "scope": scope,
        })
    }
}

/// What the sealed inputs have of the standards; nothing where no unit is of theirs.
fn catalogues(resolved: &ResolvedRun) -> Value {
    let input = resolved.inputs.iter().find(|input| input.role == "catalogue");
    input.and_then(|input| serde_json::from_str(&input.file.text).ok()).unwrap_or_else(|| json!({}))
}

/// The statement, by profile that rests on claims.
fn claims(profiles: &[&Profile], scope: &Value) -> Map<String, Value> {
    let Some(scope) = scope.as_object() else { return Map::new() };
    let of = |profile: &&Profile| Some((profile.id.clone(), json!(statement::claims(profile.claims.as_ref()?, scope))));
    profiles.iter().filter_map(of).collect()
}

fn plan_facts(plan: &Plan) -> Value {
    let policy: BTreeMap<String, Value> =
        plan.policy.iter().filter_map(|name| Some((name.clone(), plan.params.get(name)?.clone()))).collect();
    let info = PlanInfo {
        plan: plan.name.clone(),
        title: plan.title.clone(),
        file: plan.file.path.display().to_string(),
        sha256: plan.sha256.clone(),
        basis: plan.basis.clone(),
        policy,
    };
    json!({"info": info, "profile": plan.profile, "params": plan.params})
}

/// The vault stays with the lab, readable by its owner alone.
fn keep_vault(options: &RunOptions, run: &str, vault: &Vault) -> Result<(), RunError> {
    let Some(folder) = &options.vaults else { return Ok(()) };
    let path = vault_path(folder, run);
    vault.keep_in(&path).map_err(|source| RunError::Folder { path, source })
}

/// The lab's file of a run's vault in the folder of them.
#[must_use]
pub fn vault_path(folder: &Path, run: &str) -> PathBuf {
    folder.join(format!("{run}.vault"))
}

/// A run whose journal is open.
pub(super) struct Session {
    pub(super) folder: PathBuf,
    pub(super) options: RunOptions,
    pub(super) vault: Arc<Vault>,
    pub(super) sender: Sender,
    dispatcher: Dispatcher,
    lost: Lost,
    store: Arc<Store>,
    events: broadcast::Sender<RunEvent>,
    run: String,
}

impl Session {
    pub(super) fn open(
        folder: PathBuf,
        options: RunOptions,
        vault: Arc<Vault>,
        journal: Journal,
        clock: Clock,
        next_evidence: u32,
        events: broadcast::Sender<RunEvent>,
    ) -> Result<Self, RunError> {
        let run = journal.run().to_owned();
        let lost = Lost::new(options.cancel.clone());
        let (dispatcher, sender) = Dispatcher::start(journal, vault.clone(), lost.clone())
            .map_err(|source| RunError::Folder { path: folder.clone(), source })?;
        let evidence = folder.join("evidence");
        let store = Store::new(evidence, options.lab_key.clone(), vault.clone(), sender.clone(), clock, next_evidence);
        Ok(Self { folder, options, vault, sender, dispatcher, lost, store, events, run })
    }

    /// Opens the bench, runs what is missing, closes everything, writes the results.
    pub(super) async fn go(
        self,
        resolved: ResolvedRun,
        dossier: &Dossier,
        start: Value,
        progressed: &Progressed,
    ) -> Result<RunOutcome, RunError> {
        let selected = resolved.plans.iter().flat_map(|p| &p.units).filter(|u| u.deselected.is_none()).count();
        let _ = self.events.send(RunEvent::RunStarted {
            run: self.run.clone(),
            folder: self.folder.display().to_string(),
            bench: start["bench"].as_str().unwrap_or_default().to_owned(),
            units: selected,
            products: resolved.survey.as_ref().map_or(0, |survey| survey.products.len()),
        });
        let mut scopes = Scopes::default();
        scopes.take(kind::RUN_START, &Ref::default(), &self.vault.redact_json(start));
        let (bench, mut fault) = self.open_bench(&resolved).await;
        let politeness = resolved.survey.as_ref().map(|survey| survey.politeness.clone());
        let dossier_folder = resolved.product.as_ref().map_or_else(|| ".".into(), bind::folder_of);
        let make = |make: MakeWays| make(self.own_recorder(&resolved), &dossier_folder, politeness);
        let ways = self.options.ways.map_or_else(Touches::default, make);
        let samples = match &bench {
            Some(bench) => {
                let registered = self.vault.registered();
                self.reference(bench.as_ref(), &mut scopes);
                let bound = bind::bind(bench, &dossier.samples, &ways, &self.vault, &self.store, &mut scopes).await;
                for entry in self.vault.register_entries().into_iter().skip(registered) {
                    let data = serde_json::to_value(entry).unwrap_or_default();
                    self.sender.append(note(kind::REDACTION_APPLIED, Ref::default(), data));
                }
                bound.unwrap_or_else(|error| {
                    let failed = Fault::plan("secret", error.to_string());
                    let data = json!({"phase": "bind", "fault": failed});
                    self.sender.append(note(kind::INFRA_FAULT, Ref::default(), data));
                    fault = Some(failed);
                    Vec::new()
                })
            }
            None => resolved
                .survey
                .as_ref()
                .map(|survey| products::bind(survey, &self.store, &mut scopes))
                .unwrap_or_default(),
        };
        let mut ways = ways;
        if let Some(documents) = samples.first().and_then(|sample| sample.touches.documents.clone()) {
            ways.documents = Some(documents); // a step over all samples reads what the bench serves too
        }
        let _ = self.events.send(RunEvent::BenchReady { samples: samples.iter().map(|s| s.id.clone()).collect() });
        let cx = Arc::new(RunCx {
            vault: self.vault.clone(),
            sender: self.sender.clone(),
            store: self.store.clone(),
            events: self.events.clone(),
            cancel: self.options.cancel.clone(),
            addresses: bench.as_ref().map_or_else(|| Arc::new(AddressBook::new()), |b| b.addresses()),
            limits: resolved.bench.as_ref().map_or_else(Limits::default, |b| b.request.limits),
            bench: bench.clone(),
            samples,
            scopes: RwLock::new(scopes),
            answers: resolved.answers.clone(),
            operator: self.options.operator.clone(),
            ways,
            asked_once: tokio::sync::Mutex::default(),
            record: self.options.record,
            prompt: tokio::sync::Mutex::default(),
        });
        let plans: Vec<Arc<Plan>> = resolved.plans.into_iter().map(Arc::new).collect();
        for plan in &plans {
            if let Some(survey) = resolved.survey.as_ref().filter(|_| plan.over.is_some()) {
                self.products(&cx, plan, survey, progressed).await;
                continue;
            }
            for unit in plan.units.iter().filter(|u| u.deselected.is_none()) {
                self.unit(&cx, plan, unit, fault.as_ref(), progressed).await;
            }
        }
        self.inventories(&cx, plans).await;
        drop(cx);
        self.close(bench, &resolved.waivers).await
    }

    /// What the tool's own ways record with. Those of a survey keep each page once for all who ask, as soon as they have
    /// it: this recorder belongs to no step, and streams end with their owner.
    fn own_recorder(&self, resolved: &ResolvedRun) -> Arc<StepRecorder> {
        let recorder = StepRecorder::new(self.store.clone(), Ref::default());
        if resolved.survey.is_some() {
            recorder.finish();
        }
        recorder
    }

    /// Says what the bench's known-bad target is, before any plan can name it, and what was seeded beside the DUTs.
    fn reference(&self, bench: &dyn OpenBench, scopes: &mut Scopes) {
        let data = json!({"reference": bench.reference(), "seeded": bench.seeded()});
        scopes.take(kind::BENCH_OPEN, &Ref::default(), &data);
        self.sender.append(note(kind::BENCH_OPEN, Ref::default(), data));
    }

    async fn open_bench(&self, resolved: &ResolvedRun) -> (Option<Arc<dyn OpenBench>>, Option<Fault>) {
        let Some(bench) = &resolved.bench else { return (None, None) };
        match bind::open(bench, resolved.product.as_ref(), &self.options.cancel).await {
            Ok(open) => (Some(Arc::from(open)), None),
            Err(fault) => {
                let data = json!({"phase": "open", "fault": fault});
                self.sender.append(note(kind::INFRA_FAULT, Ref::default(), data));
                let text = self.vault.redact_str(&fault.text).into_owned();
                let _ = self.events.send(RunEvent::Note { text });
                (None, Some(fault))
            }
        }
    }

    /// Runs one unit: its samples at once, or once over all.
    async fn unit(
        &self,
        cx: &Arc<RunCx>,
        plan: &Arc<Plan>,
        unit: &Unit,
        bench_fault: Option<&Fault>,
        progressed: &Progressed,
    ) {
        let samples: Vec<Option<Arc<Sample>>> = match unit.scope {
            UnitScope::Each if !cx.samples.is_empty() => cx.samples.iter().cloned().map(Some).collect(),
            UnitScope::Each | UnitScope::Samples => vec![None],
        };
        let (unit, rule) = (Arc::new(unit.clone()), Arc::new(Rule::of(unit)));
        let mut tasks = JoinSet::new();
        for sample in samples {
            let id = sample.as_ref().map(|s| s.id.clone());
            if cx.cancel.is_cancelled() || progressed.is_done(&unit.id, id.as_deref()) {
                continue;
            }
            if let Some(fault) = bench_fault {
                self.set_error(&unit.id, &plan.name, id, fault);
                continue;
            }
            let attempted = progressed.attempts(&unit.id, id.as_deref());
            let (cx, plan, unit, rule) = (cx.clone(), plan.clone(), unit.clone(), rule.clone());
            let case = Case { cx, plan, unit, rule, sample, attempted };
            tasks.spawn(async move { (id, tokio::spawn(case.run()).await) });
        }
        while let Some(done) = tasks.join_next().await {
            if let Ok((id, Err(error))) = done {
                self.set_panicked(&unit.id, &plan.name, id, &error);
            }
        }
    }

    /// Declared against found, for every plan that ran.
    async fn inventories(&self, cx: &Arc<RunCx>, plans: Vec<Arc<Plan>>) {
        let cx = cx.clone();
        let compared = tokio::task::spawn_blocking(move || {
            let scopes = cx.scopes.read().unwrap_or_else(PoisonError::into_inner);
            let ran = plans.iter().filter(|plan| plan.units.iter().any(|u| u.deselected.is_none()));
            ran.flat_map(|plan| inventory::compare(plan, &scopes)).collect::<Vec<_>>()
        });
        for entry in compared.await.unwrap_or_default() {
            self.sender.append(entry);
        }
    }

    /// ERROR for a case whose own task broke.
    pub(super) fn set_panicked(&self, unit: &str, plan: &str, sample: Option<String>, error: &JoinError) {
        let fault = Fault::adapter("unit-panicked", format!("running {unit}: {error}"));
        self.set_error(unit, plan, sample, &fault);
    }

    /// ERROR for a case that could not even begin, or whose own task broke.
    fn set_error(&self, unit: &str, plan: &str, sample: Option<String>, fault: &Fault) {
        let about = Ref { unit: Some(unit.to_owned()), sample: sample.clone(), ..Ref::default() };
        let reason = crate::judge::fault_reason(fault);
        let send = |kind, data: Value| self.sender.append(note(kind, about.clone(), data));
        send(kind::CASE_START, json!({"plan": plan}));
        let verdict = assay_model::Verdict::Error;
        send(kind::VERDICT_SET, json!({"verdict": verdict, "rule": "fault", "reasons": [reason]}));
        send(kind::CASE_END, json!({"verdict": verdict, "attempts": 0}));
        let reasons = vec![reason];
        let unit = unit.to_owned();
        let _ = self.events.send(RunEvent::UnitEnded { unit, sample, verdict, reasons, attempts: 0 });
    }

    async fn close(self, bench: Option<Arc<dyn OpenBench>>, accepted: &[Waiver]) -> Result<RunOutcome, RunError> {
        if let Some(bench) = bench
            && tokio::time::timeout(CLOSING, bench.close()).await.is_err()
        {
            let fault = Fault::bench("close", "the bench was not closed within 60 s");
            let data = json!({"phase": "close", "fault": fault});
            self.sender.append(note(kind::INFRA_FAULT, Ref::default(), data));
        }
        self.store.close_all();
        let (folder, vault, lab_key) = (self.folder.clone(), self.vault.clone(), self.store.lab_key.clone());
        self.sender.rework(Box::new(move |journal| super::late::redact(&folder, &vault, lab_key.as_ref(), journal)));
        self.sender.settled().await;

        let path = journal_path(&self.folder);
        let lost = |text| RunError::EvidenceLost { folder: self.folder.clone(), text };
        let so_far = match (self.lost.text(), fold::results(&path)) {
            (None, Ok(folded)) => folded,
            (text, folded) => {
                let text = text.or_else(|| folded.err().map(|e| e.to_string())).unwrap_or_default();
                let error = lost(text);
                self.dispatcher.finish(&self.sender).await;
                return Err(error);
            }
        };
        let waived = waivers::applied(&so_far.results, accepted);
        let judged = exit_code(&so_far.results.counts, so_far.results.waived + waived.len() as u64);
        waived.into_iter().for_each(|entry| self.sender.append(entry));
        let compared = self.options.baseline.as_ref().map(|old| baseline::held_against(old, &so_far.results));
        let judged = compared.as_ref().map_or(judged, |c| baseline::exit_code(judged, c));
        let code = self.options.cancel.exit_code().unwrap_or(judged);
        let mut end = Map::new();
        if let Some(compared) = &compared {
            end.insert("baseline".into(), json!(compared));
        }
        end.insert("exit_code".into(), json!(code));
        end.insert("partial".into(), json!(so_far.units_missing));
        end.insert("counts".into(), json!(so_far.results.counts));
        end.insert("redactions".into(), json!({"registered": self.vault.registered(), "replaced": self.vault.hits()}));
        drop(so_far); // a survey's results are large, and the whole ones follow
        self.sender.append(note(kind::RUN_END, Ref::default(), Value::Object(end)));
        let Self { folder, vault, sender, dispatcher, lost, events, .. } = self;
        dispatcher.finish(&sender).await;
        if let Some(text) = lost.text() {
            return Err(RunError::EvidenceLost { folder, text });
        }
        let folded = fold::results(&path)?;
        folder::write_up(&folder, &folded, &vault)
            .map_err(|e| RunError::EvidenceLost { folder: folder.clone(), text: e.to_string() })?;
        let results = folded.results;
        let _ = events.send(RunEvent::RunEnded { exit_code: code, counts: results.counts, partial: results.partial });
        Ok(RunOutcome { folder, results, exit_code: code, vault })
    }
}
