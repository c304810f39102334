//! # `params.unique`
//! **Question.** Do samples differ in what must be individual to each unit?
//! **Evidence for.** EN 303 645 V2.1.1 provision 5.4-4; TS 103 701 V1.1.1 case 5.4-4-1.
//! **Procedure.** Compares each named parameter over the samples: keys or their digests, host keys, certificates, device ids.
//! **Observation.** How many samples showed each, and which have the same. Values are never shown.
//! **Effect.** None: pure computation.
//! **Does not show.** Values that are related without being equal; samples that were not tested.

use std::collections::BTreeMap;

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tls::sample_names;

pub(crate) struct Unique;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// By name: the value of each sample, in sample order. Null or an empty text was not seen.
    values: BTreeMap<String, Vec<Option<String>>>,
    /// Names of the samples, in the same order; `1`, `2`, ... where left out.
    #[serde(default)]
    samples: Vec<String>,
}

/// One parameter over all samples.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Compared {
    /// Its name.
    name: String,
    /// Samples that showed one: fewer than two compare nothing.
    seen: usize,
    /// Different values among them.
    distinct: usize,
    /// Samples that showed none.
    missing: Vec<String>,
}

/// Samples with the same value.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Alike {
    /// The parameter's name.
    name: String,
    /// Which samples.
    samples: Vec<String>,
    /// Whether the value is blank: all its characters are the same.
    blank: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Each parameter.
    compared: Vec<Compared>,
    /// Names of those that at least two samples showed.
    comparable: Vec<String>,
    /// What several samples have in common.
    alike: Vec<Alike>,
}

#[async_trait]
impl TypedCheck for Unique {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "params.unique";
    const QUESTION: &'static str = "Do samples differ in what must be individual to each unit?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 V2.1.1 5.4-4; TS 103 701 V1.1.1 5.4-4-1";
    const DOES_NOT_SHOW: &'static str = "values that are related without being equal; samples that were not tested";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Pure;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, _cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let (mut compared, mut alike) = (Vec::new(), Vec::new());
        for (name, values) in p.values {
            let samples = sample_names(&p.samples, values.len())?;
            let mut holders: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            let mut missing = Vec::new();
            for (sample, value) in samples.iter().zip(&values) {
                match value.as_deref().map(str::trim).filter(|v| !v.is_empty()) {
                    Some(value) => holders.entry(value).or_default().push(sample.clone()),
                    None => missing.push(sample.clone()),
                }
            }
            let seen = values.len() - missing.len();
            compared.push(Compared { name: name.clone(), seen, distinct: holders.len(), missing });
            for (value, samples) in holders.into_iter().filter(|(_, samples)| samples.len() > 1) {
                let mut bytes = value.bytes();
                let first = bytes.next();
                alike.push(Alike { name: name.clone(), samples, blank: bytes.all(|b| Some(b) == first) });
            }
        }
        let comparable = compared.iter().filter(|c| c.seen > 1).map(|c| c.name.clone()).collect();
        Ok(Observation { compared, comparable, alike })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let of = |values: serde_json::Value| json!({"samples": ["s1", "s2", "s3"], "values": values});
        vec![
            Case::good(Dut::good(), of(json!({"host key": ["a1", "b2", "c3"], "serial": ["1", "2", null]}))).shows(json!({
                "comparable": ["host key", "serial"], "alike": [],
                "compared": [{"name": "host key", "seen": 3, "distinct": 3, "missing": []}, {"seen": 2, "missing": ["s3"]}],
            })),
            Case::weak(Dut::weak(), of(json!({"host key": ["a1", "b2", " a1 "], "device id": ["000", "000", ""]}))).shows(json!({
                "alike": [
                    {"name": "device id", "samples": ["s1", "s2"], "blank": true},
                    {"name": "host key", "samples": ["s1", "s3"], "blank": false},
                ],
            })),
            Case::dead(Dut::silent(), of(json!({"host key": [null, "", "b2"]})))
                .shows(json!({"comparable": [], "alike": [], "compared": [{"seen": 1, "missing": ["s1", "s2"]}]})),
        ]
    }
}
