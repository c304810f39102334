//! results/results.json, from the journal and nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use assay_model::catalogue::{CatalogueUnit, Profile};
use assay_model::journal::{Line, kind};
use assay_model::results::{
    Conformance, Counts, EvidenceItem, GroupResult, PlanInfo, Results, SampleInfo, ToolInfo, UnitResult, indexed,
};
use assay_model::{Effect, Reason, ReasonClass, Verdict};
use serde_json::Value;

use super::cases::{Cases, Progressed, unfinished};
use crate::journal::{JournalError, digest, read, sorted_json};
use crate::judge::conformance;

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

#[derive(Default)]
struct Told {
    cases: Cases,
    samples: Vec<SampleInfo>,
    evidence: Vec<EvidenceItem>,
    register: Vec<Value>,
    sealed: Value,
    sealed_sha256: String,
    start: Value,
    started: String,
    ended: String,
    end: Option<Value>,
    next_evidence: u32,
}

/// The units of a plan, folded.
struct Units {
    results: indexed::Map<UnitResult>,
    /// Whether a unit moves its profile.
    counting: BTreeMap<String, bool>,
    counts: Counts,
    not_covered: Vec<(String, String)>,
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
            kind::SAMPLE_BIND => self.sample(line),
            kind::REDACTION_APPLIED if data["late"] == true => {} // says which lines, and is no entry of the register
            kind::REDACTION_APPLIED => self.register.push(data.clone()),
            kind::EVIDENCE_OPEN => {
                let id = data["id"].as_str().unwrap_or_default();
                let number = id.strip_prefix("E-").and_then(|n| n.parse().ok()).unwrap_or(0u32);
                self.next_evidence = self.next_evidence.max(number.saturating_add(1));
            }
            kind::EVIDENCE_CLOSE => self.evidence.push(evidence(line)),
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

    fn fold(self) -> Folded {
        let units = self.units();
        let (start, end) = (&self.start, self.end.as_ref());
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
            equipment: serde_json::from_value(start["equipment"].clone()).unwrap_or_default(),
            product: serde_json::from_value(start["product"].clone()).unwrap_or_default(),
            operator: start["operator"].as_str().map(str::to_owned),
            plans: plans(start).filter_map(|p| serde_json::from_value::<PlanInfo>(p["info"].clone()).ok()).collect(),
            samples: self.samples,
            counts: units.counts,
            waived: 0,
            cases: grouped(&units.results, |u| &u.case),
            groups: grouped(&units.results, |u| &u.group),
            provisions: grouped(&units.results, |u| &u.provision),
            profiles: profiles(start, &units),
            catalogues: serde_json::from_value(start["catalogues"].clone()).unwrap_or_default(),
            units: units.results,
            not_covered: units.not_covered,
            evidence: self.evidence,
            redactions: end.and_then(|e| e["redactions"]["replaced"].as_u64()).unwrap_or(0),
            inputs_sha256: self.sealed_sha256,
            journal_head: String::new(),
            journal_records: 0,
        };
        Folded {
            results,
            units_missing: units.missing,
            progressed: Progressed::of(&self.cases),
            next_evidence: self.next_evidence.max(1),
            start: self.start,
            sealed: self.sealed,
            register: self.register,
        }
    }

    fn units(&self) -> Units {
        let mut units = Units {
            results: indexed::Map::default(),
            counting: BTreeMap::new(),
            counts: Counts::default(),
            not_covered: Vec::new(),
            missing: false,
        };
        for unit in self.start["units"].as_array().into_iter().flatten() {
            if let Some(reason) = unit["deselected"].as_str() {
                let all = names(unit).into_iter().map(|(id, ..)| (id, reason.to_owned()));
                units.not_covered.extend(all);
                continue;
            }
            let (result, whole) = self.unit(unit);
            units.missing |= !whole;
            for (id, entry, with) in names(unit) {
                units.counting.insert(id.clone(), entry.as_ref().is_none_or(|e| e.counts));
                units.counts.add(result.verdict);
                units.results.insert(id, entered(result.clone(), entry, with));
            }
        }
        units
    }

    /// One unit over its samples, and whether all of them have their verdict.
    fn unit(&self, unit: &Value) -> (UnitResult, bool) {
        let id = unit["id"].as_str().unwrap_or_default();
        let text = |key: &str| unit[key].as_str().unwrap_or_default().to_owned();
        let key = |sample: Option<&str>| (id.to_owned(), sample.map(str::to_owned));
        let not_reached = || {
            let text = "the run ended before this unit";
            unfinished(Reason::new(ReasonClass::Selection, "interrupted", text), &self.ended)
        };
        let over_all = self.cases.by_key.get(&key(None));
        let mut samples = BTreeMap::new();
        let mut cross_sample = None;
        let mut whole = true;
        if unit["scope"] == "each" && over_all.is_none() && !self.samples.is_empty() {
            for sample in &self.samples {
                let case = self.cases.by_key.get(&key(Some(&sample.id)));
                whole &= case.is_some_and(|c| c.ended);
                samples.insert(sample.id.clone(), case.map_or_else(not_reached, |c| c.result.clone()));
            }
        } else {
            whole = over_all.is_some_and(|c| c.ended);
            cross_sample = Some(over_all.map_or_else(not_reached, |c| c.result.clone()));
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
            decided_with: None,
            samples,
            cross_sample,
            waived: None,
            overridden: None,
        };
        (result, whole)
    }
}

fn profiles(start: &Value, units: &Units) -> BTreeMap<String, Conformance> {
    let known: Vec<Profile> = serde_json::from_value(start["profiles"].clone()).unwrap_or_default();
    let unit = |id: &str| {
        let counts = units.counting.get(id).copied().unwrap_or(true);
        units.results.get(id).map(|u| (u.verdict, counts))
    };
    let verdict = |id: &str| {
        let profile = known.iter().find(|p| p.id == id);
        profile.map_or(Conformance::Undetermined, |profile| conformance(profile, unit))
    };
    plans(start).filter_map(|plan| plan["profile"].as_str()).map(|id| (id.to_owned(), verdict(id))).collect()
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

/// The fold of units by what the catalogue says they belong to.
fn grouped(units: &indexed::Map<UnitResult>, by: impl Fn(&UnitResult) -> &String) -> indexed::Map<GroupResult> {
    let mut groups: indexed::Map<GroupResult> = indexed::Map::default();
    for (id, unit) in units.iter().filter(|(_, u)| !by(u).is_empty()) {
        match groups.get_mut(by(unit)) {
            Some(group) => {
                group.verdict = group.verdict.worse(unit.verdict);
                group.units.push(id.clone());
            }
            None => groups.insert(by(unit).clone(), GroupResult { verdict: unit.verdict, units: vec![id.clone()] }),
        }
    }
    groups
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
