//! A crypto policy file: rules in order, the first that fits an item decides.

use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The policies that come with Assay, by id.
const SHIPPED: [(&str, &str); 3] = [
    ("ietf-bcp", include_str!("../../../../test-plans/catalogue/crypto-policy/ietf-bcp.yaml")),
    ("bsi-tr-02102", include_str!("../../../../test-plans/catalogue/crypto-policy/bsi-tr-02102.yaml")),
    ("sogis-acm", include_str!("../../../../test-plans/catalogue/crypto-policy/sogis-acm.yaml")),
];

/// One policy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the rest of a file's head is for its readers")]
pub(crate) struct PolicyFile {
    assay: String,
    /// The name that plans use.
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) edition: String,
    published: String,
    checked_as_of: String,
    source: String,
    confidence_words: std::collections::BTreeMap<String, String>,
    rules: Vec<Rule>,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A protocol version.
    Version,
    /// A cipher suite of TLS.
    Suite,
    /// A named group.
    Group,
    /// Bits of a finite field.
    Dh,
    /// Type and bits of a certificate's key.
    Key,
    /// The signature of a certificate, or a signature scheme.
    Signature,
    /// A feature of TLS that is switched on, or missing.
    Feature,
    /// A key exchange method of SSH.
    Kex,
    /// A cipher of SSH.
    Cipher,
    /// A MAC of SSH.
    Mac,
    /// A host key algorithm of SSH.
    HostKey,
    /// Type and bits of an SSH host key.
    SshKey,
}

/// What a rule says of an item that fits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Word {
    /// Good.
    Allowed,
    /// Tolerated; a violation once `until` has passed.
    Legacy,
    /// Not good.
    Violation,
    /// Nothing to judge: a marker in a list.
    Ignored,
}

/// One rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) id: String,
    of: Kind,
    /// A regex on the item's name; any name without it.
    #[serde(default, rename = "match", deserialize_with = "regex")]
    pattern: Option<Regex>,
    /// Fits only sizes below this.
    #[serde(default)]
    below: Option<u32>,
    verdict: Word,
    /// The last day of a legacy item, as an ISO date.
    #[serde(default)]
    pub(crate) until: Option<String>,
    pub(crate) text: String,
    pub(crate) confidence: String,
}

fn regex<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Regex>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Regex::new(&text).map(Some).map_err(serde::de::Error::custom)
}

impl Rule {
    fn fits(&self, kind: Kind, name: &str, bits: Option<u32>) -> bool {
        self.of == kind
            && self.pattern.as_ref().is_none_or(|p| p.is_match(name))
            && self.below.is_none_or(|most| bits.is_some_and(|bits| bits < most))
    }

    /// The verdict on a day, given as an ISO date.
    pub(crate) fn verdict(&self, today: &str) -> Word {
        let over = self.until.as_deref().is_some_and(|until| today > until);
        if over && self.verdict == Word::Legacy { Word::Violation } else { self.verdict }
    }
}

impl PolicyFile {
    /// The first rule that fits. Sizes of 0 are unknown and fit no size.
    pub(crate) fn rule(&self, kind: Kind, name: &str, bits: Option<u32>) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.fits(kind, name, bits))
    }
}

/// No such policy, or one that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyError {
    /// The name is unknown.
    #[error("there is no crypto policy `{asked}`; there are {known}")]
    Unknown {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: String,
    },
    /// The file is broken.
    #[error("the crypto policy `{id}` cannot be read: {text}")]
    Broken {
        /// Which.
        id: &'static str,
        /// What the parser said.
        text: String,
    },
}

/// A shipped policy by its id.
///
/// # Errors
/// See [`PolicyError`].
pub(crate) fn policy(id: &str) -> Result<&'static PolicyFile, PolicyError> {
    type Parsed = Vec<(&'static str, Result<PolicyFile, String>)>;
    static POLICIES: LazyLock<Parsed> = LazyLock::new(|| {
        SHIPPED.iter().map(|(id, text)| (*id, serde_yaml::from_str(text).map_err(|e| e.to_string()))).collect()
    });
    match POLICIES.iter().find(|(known, _)| *known == id) {
        Some((_, Ok(file))) => Ok(file),
        Some((id, Err(text))) => Err(PolicyError::Broken { id, text: text.clone() }),
        None => Err(PolicyError::Unknown { asked: id.to_owned(), known: SHIPPED.map(|(id, _)| id).join(", ") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_policy_is_whole() {
        for (id, _) in SHIPPED {
            let file = policy(id).expect("parses");
            assert_eq!((file.id.as_str(), file.assay.as_str()), (id, "crypto-policy/1"));
            let mut ids: Vec<&str> = file.rules.iter().map(|r| r.id.as_str()).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), file.rules.len(), "{id}: rule ids are unique");
            for rule in &file.rules {
                assert!(file.confidence_words.contains_key(&rule.confidence), "{id} {}: confidence", rule.id);
                assert!(rule.until.is_none() || rule.verdict == Word::Legacy, "{id} {}: only legacy ends", rule.id);
            }
        }
    }

    #[test]
    fn a_legacy_item_becomes_a_violation_after_its_last_day() {
        let rule = policy("sogis-acm").expect("parses").rule(Kind::Key, "RSA", Some(2048)).expect("a rule");
        assert_eq!((rule.verdict("2025-12-31"), rule.verdict("2026-01-01")), (Word::Legacy, Word::Violation));
    }
}
