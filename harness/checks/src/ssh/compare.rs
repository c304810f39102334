//! # `ssh.compare`
//! **Question.** Do several samples show the same SSH host key?
//! **Evidence for.** EN 303 645 V2.1.1 provision 5.4-4; TS 103 701 V1.1.1 case 5.4-4-1.
//! **Procedure.** Compares the fingerprints that `ssh.host_keys` saw on each sample.
//! **Observation.** Each key that more than one sample shows, with the samples.
//! **Effect.** None: pure computation.
//! **Does not show.** Keys that are related without being equal; samples that were not tested.

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tls::{Shared, sample_names, shared};

/// See the module.
pub struct SshCompare;

/// Parameters of `ssh.compare`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Per sample, in sample order: `keys` as `ssh.host_keys` observed them. An empty list was not seen.
    keys: Vec<Vec<Key>>,
    /// Names of the samples, in the same order; `1`, `2`, ... where left out.
    #[serde(default)]
    samples: Vec<String>,
}

/// What is compared of a key; what else `ssh.host_keys` says of it is let through.
#[derive(Debug, Deserialize, JsonSchema)]
struct Key {
    /// SHA-256 of the key, as OpenSSH prints it.
    sha256: String,
}

/// What was observed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Observation {
    /// Samples that showed keys: fewer than two compare nothing.
    compared: usize,
    /// Samples that showed none.
    missing: Vec<String>,
    /// Keys that more than one sample shows.
    shared_keys: Vec<Shared>,
}

#[async_trait]
impl TypedCheck for SshCompare {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "ssh.compare";
    const QUESTION: &'static str = "Do several samples show the same SSH host key?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 5.4-4; TS 103 701 5.4-4-1";
    const DOES_NOT_SHOW: &'static str = "Keys that are related without being equal; samples that were not tested.";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Pure;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, _cx: &CheckContext, params: Params) -> Result<Observation, Fault> {
        let names = sample_names(&params.samples, params.keys.len())?;
        let pairs = || names.iter().zip(&params.keys);
        let prints = pairs().flat_map(|(name, keys)| keys.iter().map(|k| (name.as_str(), k.sha256.as_str())));
        Ok(Observation {
            compared: pairs().filter(|(_, keys)| !keys.is_empty()).count(),
            missing: pairs().filter(|(_, keys)| keys.is_empty()).map(|(name, _)| name.clone()).collect(),
            shared_keys: shared(prints),
        })
    }
}
