//! What expressions can name, rebuilt from the journal alone: the runner and a later judge read the same lines.

use std::collections::{BTreeMap, BTreeSet};

use assay_model::Fault;
use assay_model::journal::{Ref, kind};
use serde_json::{Map, Value, json};

use crate::expr::{Scope, samples_value};
use crate::judge::{AttemptRecord, phase};

/// Everything that units can name before their own steps: product, ICS, IXIT, bench, samples, shared observations.
#[derive(Debug, Clone, Default)]
pub struct Scopes {
    common: Scope,
    samples: Vec<Bound>,
    /// Products of a survey, by id: `product` in their units.
    products: BTreeMap<String, Value>,
    /// By plan and name, then by sample (empty where there is none).
    shared: BTreeMap<(String, String), BTreeMap<String, Shared>>,
}

#[derive(Debug, Clone)]
struct Bound {
    id: String,
    dut: Value,
}

#[derive(Debug, Clone)]
struct Shared {
    seen: Result<Value, Fault>,
    dropped: u64,
    evidence: Vec<String>,
    faults: Vec<Fault>,
}

impl Scopes {
    /// Takes one journal line; those that bind nothing outside a unit are passed over.
    pub fn take(&mut self, kind: &str, about: &Ref, data: &Value) {
        match kind {
            kind::RUN_START | kind::RUN_RESUME => {
                if let Some(scope) = data["scope"].as_object() {
                    self.common = scope.clone();
                }
            }
            kind::BENCH_OPEN => {
                if let Some(bench) = self.common.get_mut("bench").and_then(Value::as_object_mut) {
                    bench.insert("reference".into(), data["reference"].clone());
                }
            }
            kind::SAMPLE_BIND => {
                let id = about.sample.clone().unwrap_or_default();
                if let Some(product) = data.get("product") {
                    self.products.insert(id, product.clone());
                    return;
                }
                let bound = Bound { id: id.clone(), dut: data["dut"].clone() };
                match self.samples.iter_mut().find(|s| s.id == id) {
                    Some(known) => *known = bound,
                    None => self.samples.push(bound),
                }
            }
            kind::STEP_START if data["phase"] == phase::SHARED && data.get("skipped").is_some() => {
                self.share(about, data, Ok(Value::Null));
            }
            kind::OBSERVATION if data["phase"] == phase::SHARED => {
                self.share(about, data, Ok(data["observation"].clone()));
            }
            kind::PROMPT_ANSWERED if data["phase"] == phase::SHARED => {
                self.share(about, data, Ok(data["observation"].clone()));
            }
            kind::PROMPT_TIMEOUT if data["phase"] == phase::SHARED => {
                let text = data["text"].as_str().unwrap_or("nobody answered");
                self.share(about, data, Err(Fault::timeout(text)));
            }
            kind::INFRA_FAULT if data["phase"] == phase::SHARED => {
                let fault = serde_json::from_value(data["fault"].clone())
                    .unwrap_or_else(|_| Fault::adapter("unreadable-fault", data["fault"].to_string()));
                if data["tolerated"] == true {
                    if let Some(shared) = self.shared_mut(about, data) {
                        shared.faults.push(fault);
                    }
                } else {
                    self.share(about, data, Err(fault));
                }
            }
            _ => {}
        }
    }

    fn share(&mut self, about: &Ref, data: &Value, seen: Result<Value, Fault>) {
        let evidence = data["evidence"].as_array().into_iter().flatten();
        let shared = Shared {
            seen,
            dropped: data["dropped"].as_u64().unwrap_or(0),
            evidence: evidence.filter_map(Value::as_str).map(str::to_owned).collect(),
            faults: Vec::new(),
        };
        let (key, sample) = shared_key(about, data);
        self.shared.entry(key).or_default().insert(sample, shared);
    }

    fn shared_mut(&mut self, about: &Ref, data: &Value) -> Option<&mut Shared> {
        let (key, sample) = shared_key(about, data);
        self.shared.get_mut(&key)?.get_mut(&sample)
    }

    /// Drops what was observed of a product whose units are all judged: a survey must not grow with its list.
    pub(crate) fn forget(&mut self, id: &str) {
        self.products.remove(id);
        for by_sample in self.shared.values_mut() {
            by_sample.remove(id);
        }
    }

    /// Ids of the samples, in the order of the bench.
    #[must_use]
    pub fn sample_ids(&self) -> Vec<String> {
        self.samples.iter().map(|s| s.id.clone()).collect()
    }

    /// Whether a shared step has run on a sample.
    pub(crate) fn has_shared(&self, plan: &str, name: &str, sample: &str) -> bool {
        self.shared.get(&(plan.to_owned(), name.to_owned())).is_some_and(|by| by.contains_key(sample))
    }

    /// The scope of a unit on one sample, or over all: without what its own steps bind. `listed`: a unit over samples, which
    /// sees shared observations as lists even where the run has no sample.
    #[must_use]
    pub fn of(&self, plan: &str, params: &Map<String, Value>, sample: Option<&str>, listed: bool) -> Scope {
        let mut scope = self.common.clone();
        if let Some(product) = sample.and_then(|id| self.products.get(id)) {
            scope.insert("product".into(), product.clone());
        }
        let provides: BTreeSet<String> = self
            .samples
            .iter()
            .flat_map(|s| s.dut["provides"].as_array().into_iter().flatten())
            .filter_map(|word| word.as_str().map(str::to_owned))
            .collect();
        if let Some(bench) = scope.get_mut("bench").and_then(Value::as_object_mut) {
            bench.insert("provides".into(), json!(provides));
        }
        scope.insert("params".into(), Value::Object(params.clone()));
        scope.insert("samples".into(), samples_value(&self.labels()));
        if let Some(dut) = sample.and_then(|id| self.dut(id)) {
            scope.insert("dut".into(), dut.clone());
        }
        for ((of, name), by_sample) in &self.shared {
            if of == plan
                && let Some(value) = self.shared_value(by_sample, sample)
            {
                let alone = listed && self.samples.is_empty();
                scope.insert(name.clone(), if alone { json!([value]) } else { value });
            }
        }
        scope
    }

    /// The DUT of a sample as expressions see it.
    pub(crate) fn dut(&self, sample: &str) -> Option<&Value> {
        self.samples.iter().find(|s| s.id == sample).map(|s| &s.dut)
    }

    fn labels(&self) -> Vec<Map<String, Value>> {
        let label = |bound: &Bound| {
            let mut map = bound.dut["label"].as_object().cloned().unwrap_or_default();
            map.insert("id".into(), json!(bound.id));
            map
        };
        self.samples.iter().map(label).collect()
    }

    /// One sample's observation, or the list over all samples.
    fn shared_value(&self, by_sample: &BTreeMap<String, Shared>, sample: Option<&str>) -> Option<Value> {
        match sample {
            Some(id) => by_sample.get(id)?.seen.clone().ok(),
            None if self.samples.is_empty() => by_sample.get("")?.seen.clone().ok(),
            None => self.samples.iter().map(|s| by_sample.get(&s.id)?.seen.clone().ok()).collect(),
        }
    }

    fn shared_of<'a>(
        &'a self,
        plan: &'a str,
        uses: &'a BTreeSet<String>,
        sample: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a String, &'a Shared)> {
        let mine = self.shared.iter().filter(move |((of, name), _)| of == plan && uses.contains(name));
        mine.flat_map(move |((_, name), by_sample)| {
            by_sample
                .iter()
                .filter(move |(id, _)| sample.is_none_or(|wanted| wanted == id.as_str()))
                .map(move |(_, shared)| (name, shared))
        })
    }

    /// The fault of a shared step that a unit rests on.
    #[must_use]
    pub fn shared_fault(&self, plan: &str, uses: &BTreeSet<String>, sample: Option<&str>) -> Option<Fault> {
        self.shared_of(plan, uses, sample).find_map(|(name, shared)| {
            let fault = shared.seen.as_ref().err()?;
            Some(Fault { text: format!("shared step `{name}`: {}", fault.text), ..fault.clone() })
        })
    }

    /// Adds to an attempt what its shared observations rest on: evidence, losses, faults within their windows.
    pub fn inherit(&self, attempt: &mut AttemptRecord, plan: &str, uses: &BTreeSet<String>, sample: Option<&str>) {
        for (_, shared) in self.shared_of(plan, uses, sample) {
            attempt.dropped += shared.dropped;
            attempt.faults_in_window.extend(shared.faults.iter().cloned());
            attempt.evidence.extend(shared.evidence.iter().cloned());
        }
    }
}

fn shared_key(about: &Ref, data: &Value) -> ((String, String), String) {
    let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
    ((text("plan"), text("name")), about.sample.clone().unwrap_or_default())
}
