//! results/results.json, from the journal and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use assay_model::assessment::{Assessment, Claim, ExternalEvidence};
use assay_model::catalogue::{CatalogueUnit, Claims, Profile, Way};
use assay_model::journal::{Line, kind};
use assay_model::results::{
    Conformance, Counts, EvidenceItem, LISTED, PlanInfo, RequirementResult, Results, SampleInfo, SharedObservation,
    ToolInfo, UnitResult, indexed,
};
use assay_model::{Effect, Reason, ReasonClass, Verdict};
use serde_json::Value;

use super::cases::{Cases, Progressed, unfinished};
use super::claims::{Said, assess};
use super::groups::{self, Groups, Place};
use super::inventory::Inventories;
use super::review::Review;
use super::to_do;
use super::waivers::Waivers;
use super::ways;
use crate::journal::{JournalError, digest, read, read_on, sorted_json};
use crate::judge::{conformance, phase};

/// Results, and what else the journal tells.
#[derive(Debug)]
pub struct Folded {
    /// The whole result.
    pub results: Results,
    /// Whether selected units lack a verdict; a run that has not ended yet may still lack none.
    pub units_missing: bool,
    /// Which cases are done.
    pub progressed: Progressed,
    /// The number that the next evidence item gets.
    pub next_evidence: u32,
    /// The data of `run.start`.
    pub start: Value,
    /// The data of `inputs.sealed`.
    pub sealed: Value,
    /// The register of secrets as far as the journal has it.
    pub register: Vec<Value>,
}

/// Folds a journal.
///
/// # Errors
/// It cannot be read or does not verify. A torn end is no error.
pub fn results(path: &Path) -> Result<Folded, JournalError> {
    let mut told = Told::default();
    let verified = read(path, |line| told.take(&line))?;
    let mut folded = told.fold();
    folded.results.journal_head = verified.head;
    folded.results.journal_records = verified.records;
    folded.results.run_id = verified.run.unwrap_or_default();
    Ok(folded)
}

/// Folds a pack's folder: the run's journal, and after it the record of its reviews where there is one.
///
/// # Errors
/// As [`results`]; or the reviews do not go on from the journal.
pub fn of_pack(folder: &Path) -> Result<Folded, JournalError> {
    let mut told = Told::default();
    let verified = read(&folder.join("journal/journal.jsonl"), |line| told.take(&line))?;
    let review = folder.join("review/review.jsonl");
    if review.exists() {
        read_on(&review, verified.clone(), |line| told.review.take(&line))?;
    }
    let mut folded = told.fold();
    folded.results.journal_head = verified.head;
    folded.results.journal_records = verified.records;
    folded.results.run_id = verified.run.unwrap_or_default();
    Ok(folded)
}

#[derive(Default)]
struct Told {
    cases: Cases,
    samples: Vec<SampleInfo>,
    seeded: Vec<String>,
    evidence: Vec<EvidenceItem>,
    register: Vec<Value>,
    shared: Vec<SharedObservation>,
    sealed: Value,
    sealed_sha256: String,
    start: Value,
    started: String,
    ended: String,
    end: Option<Value>,
    next_evidence: u32,
    review: Review,
    inventories: Inventories,
    waivers: Waivers,
    /// Copies of documents from elsewhere: evidence by number.
    external_kept: BTreeMap<String, String>,
}

/// The units of a plan, folded.
struct Units {
    results: indexed::Map<UnitResult>,
    /// Whether a unit moves its profile.
    counting: BTreeMap<String, bool>,
    counts: Counts,
    not_covered: Vec<(String, String)>,
    /// Where units belong that have no verdict.
    left_out: Vec<Place>,
    missing: bool,
}

impl Told {
    fn take(&mut self, line: &Line) {
        self.cases.take(line);
        let data = &line.data;
        if self.started.is_empty() {
            self.started.clone_from(&line.t);
        }
        self.ended.clone_from(&line.t);
        match line.kind.as_str() {
            kind::INPUTS_SEALED => {
                self.sealed_sha256 = digest(&sorted_json(data));
                self.sealed = data.clone();
            }
            kind::RUN_START => self.start = data.clone(),
            kind::RUN_RESUME => self.end = None,
            kind::RUN_END => self.end = Some(data.clone()),
            kind::BENCH_OPEN => self.seeded = serde_json::from_value(data["seeded"].clone()).unwrap_or_default(),
            kind::SAMPLE_BIND => self.sample(line),
            kind::REDACTION_APPLIED if data["late"] == true => {} // says which lines, and is no entry of the register
            kind::REDACTION_APPLIED => self.register.push(data.clone()),
            kind::EVIDENCE_OPEN => {
                let id = data["id"].as_str().unwrap_or_default();
                let number = id.strip_prefix("E-").and_then(|n| n.parse().ok()).unwrap_or(0u32);
                self.next_evidence = self.next_evidence.max(number.saturating_add(1));
            }
            kind::EVIDENCE_CLOSE => self.evidence.push(evidence(line)),
            kind::EXTERNAL_KEPT => {
                let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
                self.external_kept.insert(text("number"), text("evidence"));
            }
            kind::INVENTORY_COMPARED => self.inventories.take(line),
            kind::WAIVER_APPLIED => self.waivers.take(line),
            kind::OBSERVATION | kind::PROMPT_ANSWERED if data["phase"] == phase::SHARED => self.share(line),
            _ => {}
        }
    }

    fn sample(&mut self, line: &Line) {
        let (dut, origin) = (&line.data["dut"], &line.data["origin"]);
        let info = SampleInfo {
            id: line.about.sample.clone().unwrap_or_default(),
            label: serde_json::from_value(dut["label"].clone()).unwrap_or_default(),
            origin: origin["kind"].as_str().unwrap_or_default().to_owned(),
            defects: serde_json::from_value(origin["defects"].clone()).unwrap_or_default(),
            host: dut["host"].as_str().or_else(|| dut["console"].as_str()).map(str::to_owned),
        };
        match self.samples.iter_mut().find(|s| s.id == info.id) {
            Some(known) => *known = info,
            None => self.samples.push(info),
        }
    }

    /// A resumed run observes again: the last word counts.
    fn share(&mut self, line: &Line) {
        // Thousands of products, each with observations of its own: those stay in the journal alone.
        if self.samples.first().is_some_and(|sample| sample.origin == LISTED) {
            return;
        }
        let text = |key: &str| line.data[key].as_str().unwrap_or_default().to_owned();
        let shared = SharedObservation {
            plan: text("plan"),
            name: text("name"),
            check: line.about.check.clone().unwrap_or_default(),
            sample: line.about.sample.clone(),
            observation: line.data["observation"].clone(),
            evidence: serde_json::from_value(line.data["evidence"].clone()).unwrap_or_default(),
        };
        let of = |s: &SharedObservation| (s.plan == shared.plan && s.name == shared.name) && s.sample == shared.sample;
        match self.shared.iter_mut().find(|s| of(s)) {
            Some(known) => *known = shared,
            None => self.shared.push(shared),
        }
    }

    /// Names of shared observations that a unit's expressions use.
    fn uses(&self, unit: &Value) -> Vec<String> {
        let names: Vec<String> = serde_json::from_value(unit["rule"]["uses"].clone()).unwrap_or_default();
        let of_plan = |name: &String| self.shared.iter().any(|s| unit["plan"] == s.plan.as_str() && s.name == *name);
        names.into_iter().filter(of_plan).collect()
    }

    fn fold(mut self) -> Folded {
        let progressed = Progressed::of(&self.cases);
        let mut units = self.units();
        let (start, end) = (&self.start, self.end.as_ref());
        units.counts = self.review.apply(&mut units.results);
        let (waived, waivers) = self.waivers.apply(start, &mut units.results);
        let profiles = Profiles::of(start);
        let external = self.external();
        units.left_out.extend(profiles.places());
        let grouped = groups::fold(&groups::Parts {
            units: &units.results,
            left_out: &units.left_out,
            external: &external,
            strict: &profiles.strict_cases(),
        });
        let assessments = profiles.assess(start, &units.results, &grouped);
        let Groups { cases, groups, provisions } = grouped;
        let known: Vec<Way> = serde_json::from_value(start["ways"].clone()).unwrap_or_default();
        let requirements = ways::requirements(&known, &start["product"], &units.results);
        let results = Results {
            schema: "assay-results/1".into(),
            run_id: String::new(),
            tool: serde_json::from_value(start["tool"].clone()).unwrap_or_else(|_| ToolInfo {
                name: "assay".into(),
                version: String::new(),
                target: String::new(),
            }),
            started: self.started,
            ended: self.ended,
            partial: units.missing || end.is_none(),
            // A run without an end lost what came after: as good as lost evidence.
            exit_code: end.and_then(|e| e["exit_code"].as_u64()).and_then(|c| u8::try_from(c).ok()).unwrap_or(5),
            bench: start["bench"].as_str().unwrap_or_default().to_owned(),
            bench_defects: self.seeded,
            equipment: serde_json::from_value(start["equipment"].clone()).unwrap_or_default(),
            product: serde_json::from_value(start["product"].clone()).unwrap_or_default(),
            operator: start["operator"].as_str().map(str::to_owned),
            lab: self.review.stated(serde_json::from_value(start["lab"].clone()).ok()),
            host: serde_json::from_value(start["host"].clone()).ok(),
            report: self.review.report,
            plans: plans(start).filter_map(|p| serde_json::from_value::<PlanInfo>(p["info"].clone()).ok()).collect(),
            samples: self.samples,
            counts: units.counts,
            catalogues: serde_json::from_value(start["catalogues"].clone()).unwrap_or_default(),
            waived,
            cases,
            groups,
            provisions,
            profiles: profiles.conformance(&units, &assessments, &requirements),
            requirements,
            assessments,
            external,
            inventories: self.inventories.folded(),
            to_do: to_do::of(&units.results),
            waivers,
            units: units.results,
            shared: self.shared,
            not_covered: units.not_covered,
            evidence: self.evidence,
            baseline: end.and_then(|e| serde_json::from_value(e["baseline"].clone()).ok()),
            redactions: end.and_then(|e| e["redactions"]["replaced"].as_u64()).unwrap_or(0),
            inputs_sha256: self.sealed_sha256,
            journal_head: String::new(),
            journal_records: 0,
            ledger: serde_json::from_value(start["ledger"].clone()).ok(),
        };
        Folded {
            results,
            units_missing: units.missing,
            progressed,
            next_evidence: self.next_evidence.max(1),
            start: self.start,
            sealed: self.sealed,
            register: self.register,
        }
    }

    /// Documents from elsewhere, with their copies.
    fn external(&self) -> Vec<ExternalEvidence> {
        let mut documents: Vec<ExternalEvidence> =
            serde_json::from_value(self.start["external"].clone()).unwrap_or_default();
        for document in &mut documents {
            document.evidence = self.external_kept.get(&document.number).cloned();
        }
        documents
    }

    fn units(&mut self) -> Units {
        let mut units = Units {
            results: indexed::Map::default(),
            counting: BTreeMap::new(),
            counts: Counts::default(),
            not_covered: Vec::new(),
            left_out: Vec::new(),
            missing: false,
        };
        let start = std::mem::take(&mut self.start);
        for unit in start["units"].as_array().into_iter().flatten() {
            if let Some(reason) = unit["deselected"].as_str() {
                for (id, entry, _) in names(unit) {
                    units.left_out.extend(entry.as_ref().map(Place::from));
                    units.not_covered.push((id, reason.to_owned()));
                }
                continue;
            }
            let (result, whole) = self.unit(unit);
            units.missing |= !whole;
            let mut names = names(unit);
            let own = names.remove(0);
            let mut enter = |(id, entry, with): (String, Option<CatalogueUnit>, Option<String>), result: UnitResult| {
                units.counting.insert(id.clone(), entry.as_ref().is_none_or(|e| e.counts));
                units.counts.add(result.verdict);
                units.results.insert(id, entered(result, entry, with));
            };
            let others: Vec<_> = names.into_iter().map(|name| (name, result.clone())).collect();
            enter(own, result);
            others.into_iter().for_each(|(name, result)| enter(name, result));
        }
        self.start = start;
        units
    }

    /// One unit over its samples, and whether all of them have their verdict. Its cases are moved, not copied.
    fn unit(&mut self, unit: &Value) -> (UnitResult, bool) {
        let id = unit["id"].as_str().unwrap_or_default();
        let text = |key: &str| unit[key].as_str().unwrap_or_default().to_owned();
        let key = |sample: Option<&str>| (id.to_owned(), sample.map(str::to_owned));
        let not_reached = || {
            let text = "the run ended before this unit";
            unfinished(Reason::new(ReasonClass::Selection, "interrupted", text), &self.ended)
        };
        let over_all = self.cases.by_key.remove(&key(None));
        let mut samples = BTreeMap::new();
        let mut cross_sample = None;
        let mut whole = true;
        if unit["scope"] == "each" && over_all.is_none() && !self.samples.is_empty() {
            for sample in &self.samples {
                let case = self.cases.by_key.remove(&key(Some(&sample.id)));
                whole &= case.as_ref().is_some_and(|c| c.ended);
                samples.insert(sample.id.clone(), case.map_or_else(not_reached, |c| c.result));
            }
        } else {
            whole = over_all.as_ref().is_some_and(|c| c.ended);
            cross_sample = Some(over_all.map_or_else(not_reached, |c| c.result));
        }
        let children = samples.values().chain(cross_sample.as_ref()).map(|r| r.verdict);
        let result = UnitResult {
            // At least one child is always there; an empty set must not pass all the same.
            verdict: Verdict::fold(children).unwrap_or(Verdict::Error),
            title: text("title"),
            question: text("question"),
            plan: text("plan"),
            class: text("class"),
            kind: String::new(),
            provision: String::new(),
            case: String::new(),
            group: String::new(),
            catalogue: String::new(),
            effect: serde_json::from_value(unit["effect"].clone()).unwrap_or(Effect::Passive),
            uses: self.uses(unit),
            decided_with: None,
            samples,
            cross_sample,
            waived: None,
            overridden: None,
        };
        (result, whole)
    }
}

/// The profiles that plans of the run complete.
struct Profiles<'a> {
    known: Vec<Profile>,
    /// Id, and the value of its parameter `undetermined` in the plan that names it.
    named: Vec<(&'a str, String)>,
}

impl<'a> Profiles<'a> {
    fn of(start: &'a Value) -> Self {
        let known: Vec<Profile> = serde_json::from_value(start["profiles"].clone()).unwrap_or_default();
        let named = plans(start).filter_map(|plan| {
            let id = plan["profile"].as_str()?;
            let claims = known.iter().find(|p| p.id == id).and_then(|p| p.claims.as_ref());
            let choice = claims.and_then(|c| c.undetermined.as_ref()).and_then(|name| plan["params"][name].as_str());
            Some((id, choice.unwrap_or("inconclusive").to_owned()))
        });
        let named = named.collect();
        Self { known, named }
    }

    fn get(&self, id: &str) -> Option<&Profile> {
        self.known.iter().find(|p| p.id == id)
    }

    /// Profiles of claims, with the lab's choice.
    fn of_claims(&self) -> impl Iterator<Item = (&Profile, &Claims, &str)> {
        self.named.iter().filter_map(|(id, choice)| {
            let profile = self.get(id)?;
            Some((profile, profile.claims.as_ref()?, choice.as_str()))
        })
    }

    /// Every unit of them.
    fn places(&self) -> impl Iterator<Item = Place> {
        let rules = self.of_claims().flat_map(|(_, claims, _)| &claims.provisions);
        rules.flat_map(|rule| rule.units.iter().map(|unit| Place::new(unit, &rule.id)))
    }

    fn strict_cases(&self) -> BTreeSet<String> {
        let strict = self.of_claims().filter(|(_, _, choice)| *choice == "fail");
        strict.flat_map(|(_, claims, _)| &claims.provisions).flat_map(|r| &r.units).map(|u| u.case.clone()).collect()
    }

    fn assess(
        &self,
        start: &Value,
        units: &indexed::Map<UnitResult>,
        grouped: &Groups,
    ) -> BTreeMap<String, Assessment> {
        let one = |(profile, claims, undetermined): (&Profile, &Claims, &str)| {
            let said: Vec<Claim> = serde_json::from_value(start["claims"][&profile.id].clone()).unwrap_or_default();
            let (groups, provisions) = (&grouped.groups, &grouped.provisions);
            let said = Said { claims: &said, provisions, units, groups, undetermined };
            (profile.id.clone(), assess(profile, claims, &said))
        };
        self.of_claims().map(one).collect()
    }

    fn conformance(
        &self,
        units: &Units,
        assessments: &BTreeMap<String, Assessment>,
        requirements: &indexed::Map<RequirementResult>,
    ) -> BTreeMap<String, Conformance> {
        let elsewhere = ways::counted_elsewhere(requirements);
        let unit = |id: &str| {
            let counts = units.counting.get(id).copied().unwrap_or(true);
            let verdict = elsewhere.get(id).copied().or_else(|| units.results.get(id).map(UnitResult::effective))?;
            Some((verdict, counts))
        };
        let verdict = |id: &str| match assessments.get(id) {
            Some(assessment) => assessment.conformance,
            None => self.get(id).map_or(Conformance::Undetermined, |profile| conformance(profile, unit)),
        };
        self.named.iter().map(|(id, _)| ((*id).to_owned(), verdict(id))).collect()
    }
}

fn plans(start: &Value) -> impl Iterator<Item = &Value> {
    start["plans"].as_array().into_iter().flatten()
}

/// The ids that a unit decides, its own first: id, catalogue entry, and the unit that it is decided with.
fn names(unit: &Value) -> Vec<(String, Option<CatalogueUnit>, Option<String>)> {
    let id = unit["id"].as_str().unwrap_or_default();
    let entry = |value: &Value| serde_json::from_value(value["catalogue"].clone()).unwrap_or_default();
    let also = unit["also"].as_array().into_iter().flatten();
    let also = also.map(|one| (one["id"].as_str().unwrap_or_default().to_owned(), entry(one), Some(id.to_owned())));
    std::iter::once((id.to_owned(), entry(unit), None)).chain(also).collect()
}

fn entered(mut result: UnitResult, entry: Option<CatalogueUnit>, with: Option<String>) -> UnitResult {
    result.decided_with = with;
    if let Some(entry) = entry {
        if result.decided_with.is_some() {
            result.title = entry.title;
        }
        (result.kind, result.provision, result.case) = (entry.kind, entry.provision, entry.case);
        (result.group, result.catalogue) = (entry.group, entry.catalogue);
    }
    result
}

fn evidence(line: &Line) -> EvidenceItem {
    let data = &line.data;
    let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
    EvidenceItem {
        id: text("id"),
        kind: text("kind"),
        title: text("title"),
        sample: line.about.sample.clone(),
        unit: line.about.unit.clone(),
        files: serde_json::from_value(data["files"].clone()).unwrap_or_default(),
        excerpt: text("excerpt"),
        dropped: data["dropped"].as_u64().unwrap_or(0),
    }
}
