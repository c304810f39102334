//! # `crypto.policy`
//! **Question.** Is the cryptography that was observed what a published list recommends?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-3, 5.5-1; TS 103 701 V1.1.1 cases 5.1-3-2, 5.5-1-2 (functional).
//! **Procedure.** Holds each item that `tls.scan`, `ssh.algorithms` and `ssh.host_keys` observed against the rules of one
//! policy file; the first rule that fits decides.
//! **Observation.** Violations, legacy items, items that the list does not name, and how many were judged: a judgement of
//! nothing shows nothing. The plan decides what follows.
//! **Effect.** None: pure computation.
//! **Does not show.** Cryptography that was not observed; whether a list is the right one for the product.

use std::collections::{BTreeMap, BTreeSet};

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::file::{Kind, PolicyFile, Word, policy};

/// See the module.
pub struct CryptoPolicy;

/// Parameters of `crypto.policy`: observations as they are, whole lists or parts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The policy: `ietf-bcp`, `bsi-tr-02102`, `sogis-acm`.
    policy: String,
    /// The day to judge on, as an ISO date; today where left out.
    #[serde(default)]
    date: Option<String>,
    /// `versions` of `tls.scan`, or a list of accepted ones.
    #[serde(default)]
    versions: Versions,
    /// `suites` of `tls.scan`, or names.
    #[serde(default)]
    suites: Vec<Name>,
    /// `groups` of `tls.scan`.
    #[serde(default)]
    groups: Vec<String>,
    /// `dh_bits` of `tls.scan`; 0 is none.
    #[serde(default)]
    dh_bits: u32,
    /// `chain` of `tls.scan`.
    #[serde(default)]
    chain: Vec<Certificate>,
    /// `further_chains` of `tls.scan`.
    #[serde(default)]
    further_chains: Vec<Vec<Certificate>>,
    /// `full.signature_schemes` of `tls.scan`.
    #[serde(default)]
    signature_schemes: Vec<String>,
    /// `compression` of `tls.scan`.
    #[serde(default)]
    compression: bool,
    /// `heartbeat` of `tls.scan`.
    #[serde(default)]
    heartbeat: bool,
    /// `secure_renegotiation` of `tls.scan`.
    #[serde(default)]
    secure_renegotiation: Option<bool>,
    /// `kex` of `ssh.algorithms`.
    #[serde(default)]
    kex: Vec<String>,
    /// `ciphers` of `ssh.algorithms`.
    #[serde(default)]
    ciphers: Vec<String>,
    /// `macs` of `ssh.algorithms`.
    #[serde(default)]
    macs: Vec<String>,
    /// `host_keys` of `ssh.algorithms`.
    #[serde(default)]
    host_keys: Vec<String>,
    /// `keys` of `ssh.host_keys`.
    #[serde(default)]
    ssh_keys: Vec<SshKey>,
    /// `group_exchange_bits` of `ssh.host_keys`.
    #[serde(default)]
    group_exchange_bits: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Versions {
    /// Version to `accepted`, `refused` or `silent`.
    Map(BTreeMap<String, String>),
    /// Accepted ones.
    List(Vec<String>),
}

impl Default for Versions {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Name {
    /// A name.
    Plain(String),
    /// An entry of `suites`.
    Suite {
        /// IANA name.
        name: String,
    },
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Certificate {
    key_type: String,
    key_bits: u32,
    signature: String,
    #[serde(default)]
    self_signed: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SshKey {
    #[serde(rename = "type")]
    kind: String,
    bits: u32,
}

/// What was observed.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Observation {
    /// Title and edition of the list.
    policy: String,
    /// The day it was judged on.
    date: String,
    /// Items that were judged, unknown ones included. 0: nothing was shown, so nothing is good.
    judged: usize,
    /// Items that the list is against, or whose time is over.
    violations: Vec<Finding>,
    /// Items that the list tolerates.
    legacy: Vec<Finding>,
    /// Items that the list does not name.
    unknown: Vec<Unnamed>,
}

/// One item and the rule that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct Finding {
    /// What it is.
    kind: Kind,
    /// The item: a name, with its size where that counts.
    item: String,
    /// Id of the rule.
    rule: String,
    /// What the rule says, in our words.
    text: String,
    /// The last day of a legacy item.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// How the rule was seen: `primary`, `secondary`, `memory`.
    confidence: String,
}

/// An item that the list does not name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
struct Unnamed {
    /// What it is.
    kind: Kind,
    /// The item.
    item: String,
}

impl Params {
    /// Every item once: kind, name, size.
    fn items(&self) -> BTreeSet<(Kind, String, Option<u32>)> {
        let mut items = BTreeSet::new();
        let mut names = |kind: Kind, list: &[String]| items.extend(list.iter().map(|n| (kind, n.clone(), None)));
        match &self.versions {
            Versions::List(list) => names(Kind::Version, list),
            Versions::Map(map) => {
                let accepted: Vec<String> =
                    map.iter().filter(|(_, word)| *word == "accepted").map(|(name, _)| name.clone()).collect();
                names(Kind::Version, &accepted);
            }
        }
        names(Kind::Group, &self.groups);
        names(Kind::Signature, &self.signature_schemes);
        names(Kind::Kex, &self.kex);
        names(Kind::Cipher, &self.ciphers);
        names(Kind::Mac, &self.macs);
        names(Kind::HostKey, &self.host_keys);
        let features = [
            ("compression", self.compression),
            ("heartbeat", self.heartbeat),
            ("no secure renegotiation", self.secure_renegotiation == Some(false)),
        ];
        items.extend(features.iter().filter(|(_, on)| *on).map(|(name, _)| (Kind::Feature, (*name).to_owned(), None)));
        items.extend(self.suites.iter().map(|suite| {
            let (Name::Plain(name) | Name::Suite { name }) = suite;
            (Kind::Suite, name.clone(), None)
        }));
        let fields = [self.dh_bits, self.group_exchange_bits.unwrap_or(0)];
        items.extend(fields.into_iter().filter(|bits| *bits > 0).map(|bits| (Kind::Dh, "dh".to_owned(), Some(bits))));
        let chains = std::iter::once(&self.chain).chain(&self.further_chains);
        for (place, certificate) in chains.flat_map(|chain| chain.iter().enumerate()) {
            items.insert((Kind::Key, certificate.key_type.clone(), Some(certificate.key_bits)));
            // Nobody relies on the signature that a root gives itself; a leaf that signs itself is another matter.
            if place == 0 || !certificate.self_signed {
                items.insert((Kind::Signature, certificate.signature.clone(), None));
            }
        }
        items.extend(self.ssh_keys.iter().map(|key| (Kind::SshKey, key.kind.clone(), Some(key.bits))));
        items
    }
}

fn judge(params: &Params, policy: &PolicyFile, date: &str) -> Observation {
    let mut seen = Observation {
        policy: format!("{}, {}", policy.title, policy.edition),
        date: date.to_owned(),
        ..Observation::default()
    };
    for (kind, name, bits) in params.items() {
        let item = bits.map_or_else(|| name.clone(), |bits| format!("{name} {bits}"));
        // A size that could not be read is not a small one, and not a large one.
        let rule = if bits == Some(0) { None } else { policy.rule(kind, &name, bits) };
        let Some(rule) = rule else {
            seen.judged += 1;
            seen.unknown.push(Unnamed { kind, item });
            continue;
        };
        let finding = || Finding {
            kind,
            item: item.clone(),
            rule: rule.id.clone(),
            text: rule.text.clone(),
            until: rule.until.clone(),
            confidence: rule.confidence.clone(),
        };
        seen.judged += 1;
        match rule.verdict(date) {
            Word::Allowed => {}
            Word::Legacy => seen.legacy.push(finding()),
            Word::Violation => seen.violations.push(finding()),
            Word::Ignored => seen.judged -= 1,
        }
    }
    seen
}

fn today() -> String {
    let now = x509_parser::time::ASN1Time::now().to_datetime();
    format!("{:04}-{:02}-{:02}", now.year(), u8::from(now.month()), now.day())
}

/// Whether this is a date as `until` writes it, so that text order is time order.
fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() })
}

#[async_trait]
impl TypedCheck for CryptoPolicy {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "crypto.policy";
    const QUESTION: &'static str = "Is the cryptography that was observed what a published list recommends?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 5.1-3, 5.5-1; TS 103 701 5.1-3-2, 5.5-1-2";
    const DOES_NOT_SHOW: &'static str =
        "Cryptography that was not observed; whether a list is the right one for the product.";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Pure;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, _cx: &CheckContext, params: Params) -> Result<Observation, Fault> {
        let policy = policy(&params.policy).map_err(|e| Fault::plan("bad-parameter", e.to_string()))?;
        let date = params.date.clone().unwrap_or_else(today);
        if !is_date(&date) {
            return Err(Fault::plan("bad-parameter", format!("`date` is `{date}`, not a date such as 2026-01-31")));
        }
        Ok(judge(&params, policy, &date))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judged(params: serde_json::Value) -> Observation {
        let params: Params = serde_json::from_value(params).expect("parameters");
        judge(&params, policy(&params.policy).expect("a policy"), "2026-06-01")
    }

    fn items(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|f| f.item.as_str()).collect()
    }

    #[test]
    fn a_modern_service_has_no_violation_and_an_old_one_has_each() {
        let good = judged(json!({
            "policy": "ietf-bcp",
            "versions": {"TLSv1.2": "accepted", "TLSv1.3": "accepted", "TLSv1.0": "refused"},
            "suites": [{"version": "TLSv1.3", "name": "TLS_AES_128_GCM_SHA256"}, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
            "groups": ["x25519"],
            "chain": [{"key_type": "EC", "key_bits": 256, "signature": "ecdsa-with-SHA256"}],
            "secure_renegotiation": true,
        }));
        assert_eq!((good.violations.len(), good.legacy.len(), good.unknown.len(), good.judged), (0, 0, 0, 7));
        let bad = judged(json!({
            "policy": "ietf-bcp",
            "versions": ["SSLv3", "TLSv1.0"],
            "suites": ["TLS_RSA_WITH_RC4_128_SHA", "TLS_DH_anon_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_NULL_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"],
            "dh_bits": 1024,
            "chain": [{"key_type": "RSA", "key_bits": 1024, "signature": "sha1WithRSAEncryption"}],
            "compression": true,
            "secure_renegotiation": false,
        }));
        assert_eq!(bad.violations.len(), 10, "{:#?}", bad.violations);
        assert_eq!(items(&bad.legacy), ["TLS_RSA_WITH_AES_128_CBC_SHA"]);
    }

    #[test]
    fn the_lists_differ_where_they_do() {
        let key = |policy: &str| {
            judged(
                json!({"policy": policy, "chain": [{"key_type": "RSA", "key_bits": 2048, "signature": "sha256WithRSAEncryption"}]}),
            )
        };
        assert!(key("ietf-bcp").violations.is_empty());
        assert_eq!(items(&key("bsi-tr-02102").violations), ["RSA 2048"]);
        assert_eq!(items(&key("sogis-acm").violations), ["RSA 2048"], "its time was over");
    }

    #[test]
    fn ssh_is_judged_and_its_markers_are_not() {
        let seen = judged(json!({
            "policy": "ietf-bcp",
            "kex": ["curve25519-sha256", "kex-strict-s-v00@openssh.com", "diffie-hellman-group1-sha1", "new-thing"],
            "ciphers": ["3des-cbc"], "macs": ["hmac-md5"], "host_keys": ["ssh-dss"],
            "ssh_keys": [{"type": "ssh-rsa", "bits": 1024, "sha256": "x"}],
        }));
        let bad = ["diffie-hellman-group1-sha1", "hmac-md5", "ssh-dss", "ssh-rsa 1024"];
        assert_eq!(items(&seen.violations), bad);
        assert_eq!(items(&seen.legacy), ["3des-cbc"]);
        assert_eq!(seen.unknown, [Unnamed { kind: Kind::Kex, item: "new-thing".into() }]);
        assert_eq!(seen.judged, 7);
    }

    #[test]
    fn nothing_shown_is_nothing_judged_and_an_unreadable_size_is_unknown() {
        assert_eq!(judged(json!({"policy": "bsi-tr-02102"})).judged, 0);
        let seen =
            judged(json!({"policy": "ietf-bcp", "chain": [{"key_type": "RSA", "key_bits": 0, "signature": "x"}]}));
        assert_eq!(seen.unknown.len(), 2);
    }

    #[test]
    fn dates_are_dates() {
        assert!(is_date("2026-01-31") && is_date(&today()));
        assert!(!is_date("31.01.2026") && !is_date("2026-1-31 "));
    }
}
