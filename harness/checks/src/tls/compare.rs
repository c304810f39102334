//! # `tls.compare`
//! **Question.** Do several samples show the same TLS key or certificate?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.4-4, 5.5-1; TS 103 701 V1.1.1 case 5.4-4-1.
//! **Procedure.** Compares the fingerprints that `tls.scan` saw on each sample, leaf certificates only: authorities are
//! shared by design.
//! **Observation.** Each key and each certificate that more than one sample shows, with the samples.
//! **Effect.** None: pure computation.
//! **Does not show.** Keys that are related without being equal; samples that were not tested.

use std::collections::{BTreeMap, BTreeSet};

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// See the module.
pub struct TlsCompare;

/// Parameters of `tls.compare`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Per sample, in sample order: a chain as `tls.scan` observed it, leaf first. An empty one was not seen.
    chains: Vec<Vec<Link>>,
    /// Names of the samples, in the same order; `1`, `2`, ... where left out.
    #[serde(default)]
    samples: Vec<String>,
}

/// What is compared of a certificate; what else `tls.scan` says of it is let through.
#[derive(Debug, Deserialize, JsonSchema)]
struct Link {
    /// SHA-256 of the certificate, hex.
    sha256: String,
    /// SHA-256 of the public key info, hex.
    key_sha256: String,
}

/// What was observed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Observation {
    /// Samples that showed a chain: fewer than two compare nothing.
    compared: usize,
    /// Samples that showed none.
    missing: Vec<String>,
    /// Keys that more than one sample shows.
    shared_keys: Vec<Shared>,
    /// Certificates that more than one sample shows.
    shared_certificates: Vec<Shared>,
}

/// One fingerprint on several samples.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Shared {
    /// The fingerprint.
    pub(crate) sha256: String,
    /// The samples that show it.
    pub(crate) samples: Vec<String>,
}

/// Fingerprints that stand with more than one sample.
pub(crate) fn shared<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Shared> {
    let mut by_print: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (sample, print) in pairs.filter(|(_, print)| !print.is_empty()) {
        by_print.entry(print).or_default().insert(sample);
    }
    let several = by_print.into_iter().filter(|(_, samples)| samples.len() > 1);
    several
        .map(|(print, samples)| Shared {
            sha256: print.to_owned(),
            samples: samples.into_iter().map(str::to_owned).collect(),
        })
        .collect()
}

/// The name of each of `count` samples.
///
/// # Errors
/// Names were given, but not one for each.
pub(crate) fn sample_names(given: &[String], count: usize) -> Result<Vec<String>, Fault> {
    match given.len() {
        0 => Ok((1..=count).map(|n| n.to_string()).collect()),
        n if n == count => Ok(given.to_vec()),
        n => Err(Fault::plan("bad-parameter", format!("`samples` names {n} samples, and {count} are to be compared"))),
    }
}

#[async_trait]
impl TypedCheck for TlsCompare {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "tls.compare";
    const QUESTION: &'static str = "Do several samples show the same TLS key or certificate?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 5.4-4, 5.5-1; TS 103 701 5.4-4-1";
    const DOES_NOT_SHOW: &'static str = "Keys that are related without being equal; samples that were not tested.";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Pure;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, _cx: &CheckContext, params: Params) -> Result<Observation, Fault> {
        compare(&params)
    }
}

fn compare(params: &Params) -> Result<Observation, Fault> {
    let names = sample_names(&params.samples, params.chains.len())?;
    let leaves: Vec<(&str, &Link)> = names
        .iter()
        .zip(&params.chains)
        .filter_map(|(name, chain)| chain.first().map(|leaf| (name.as_str(), leaf)))
        .collect();
    let empty = names.iter().zip(&params.chains).filter(|(_, chain)| chain.is_empty());
    Ok(Observation {
        compared: leaves.len(),
        missing: empty.map(|(name, _)| name.clone()).collect(),
        shared_keys: shared(leaves.iter().map(|(name, leaf)| (*name, leaf.key_sha256.as_str()))),
        shared_certificates: shared(leaves.iter().map(|(name, leaf)| (*name, leaf.sha256.as_str()))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(certificate: &str, key: &str) -> Link {
        Link { sha256: certificate.into(), key_sha256: key.into() }
    }

    #[test]
    fn a_key_under_two_certificates_is_shared_and_an_authority_is_not() {
        let chains = vec![
            vec![link("a", "k"), link("root", "r")],
            vec![link("b", "k"), link("root", "r")],
            vec![link("c", "other")],
            vec![],
        ];
        let seen = compare(&Params { chains, samples: vec![] }).expect("fits");
        assert_eq!((seen.compared, seen.missing), (3, vec!["4".to_owned()]));
        assert_eq!(seen.shared_keys, [Shared { sha256: "k".into(), samples: vec!["1".into(), "2".into()] }]);
        assert!(seen.shared_certificates.is_empty());
    }

    #[test]
    fn names_must_fit() {
        let refused = compare(&Params { chains: vec![vec![], vec![]], samples: vec!["s1".into()] });
        assert_eq!(refused.err().map(|f| f.code), Some("bad-parameter".into()));
    }
}
