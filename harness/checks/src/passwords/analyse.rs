//! # `passwords.analyse`
//! **Question.** Do preset passwords repeat, count up, or follow from what is printed or sent in public?
//! **Evidence for.** PSTI Schedule 1 paragraph 1(2) and 1(3)(a) to (d); EN 303 645 V2.1.1 provisions 5.1-1 and 5.1-2; TS 103 701
//! V1.1.1 case 5.1-2-2, unit a.
//! **Procedure.** Compares values across units; reads the part that differs as a number in bases 10, 16, 36 and 62; computes
//! each identifier in its usual spellings, plain and through MD5, SHA-1 and SHA-256 in hex, base32 and base64, and looks for
//! the password in it from either end and reversed; looks it up in the embedded lists.
//! **Observation.** What was found, per sample, with the number of units that it rests on.
//! **Effect.** None: pure computation.
//! **Does not show.** That a generator is random. Few units reveal a shared value or a counter, never a large pool; a keyed
//! derivation looks random here and must be declared.

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{
    counters::{self, Counter},
    derivations::{self, Derived},
    patterns,
    shape::{self, Alphabet, bare},
    variants::Identifiers,
    wordlists,
};

pub(crate) struct Analyse;

/// The preset password of one unit.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sample {
    /// `s1`.
    sample: String,
    /// Its password, in clear.
    password: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// One preset password per unit, of one mechanism.
    samples: Vec<Sample>,
    /// What identifies each unit.
    #[serde(default)]
    identifiers: Vec<Identifiers>,
    /// Word lists to look in; all embedded ones where empty.
    #[serde(default)]
    wordlists: Vec<String>,
}

/// A password that stands in a word list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Common {
    /// The sample.
    sample: String,
    /// The entry: `common-passwords#7`.
    list: String,
}

/// A password that a person would guess by its shape.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Pattern {
    /// The sample.
    sample: String,
    /// `repeated block`, `keyboard walk`, `date`, `word and digits`.
    pattern: &'static str,
}

/// What the number of units can and cannot reveal.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PoolDetection {
    /// Units compared.
    units: usize,
    /// By size of a pool that all units would share: how likely these units show at least one repeat.
    chance_of_seeing_a_shared_pool_of: BTreeMap<String, f64>,
    /// The same, as a sentence.
    reading: String,
}

/// Pools that the chance is given for.
const POOLS: [u32; 5] = [1, 10, 100, 1_000, 10_000];

impl PoolDetection {
    fn of(units: usize) -> Self {
        let chances = POOLS.map(|pool| (pool, shape::chance_of_repeat(units, pool)));
        let words = chances.map(|(pool, chance)| format!("{pool}: {}", percent(chance)));
        Self {
            units,
            chance_of_seeing_a_shared_pool_of: chances.map(|(pool, chance)| (pool.to_string(), chance)).into(),
            reading: format!(
                "{units} unit(s); if all units drew from one pool of so many passwords, the chance to have seen two alike is {}",
                words.join(", ")
            ),
        }
    }
}

/// `28 %`; what rounds to nothing and is not nothing says so.
fn percent(chance: f64) -> String {
    match chance * 100.0 {
        0.0 => "0 %".into(),
        p if p < 0.1 => "under 0.1 %".into(),
        p if p < 10.0 => format!("{p:.1} %"),
        p => format!("{p:.0} %"),
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Units compared.
    units: usize,
    /// Whether there were two units at least: one alone says nothing about uniqueness.
    unique_known: bool,
    /// Passwords that more than one unit has, compared without case and separators.
    repeated: usize,
    /// Those passwords; the engine shows their equality tags.
    repeated_tags: Vec<String>,
    /// A relation between value and order; empty where there is none.
    counters: Vec<Counter>,
    /// Passwords that follow from identifiers, the strongest recipe of each.
    derived: Vec<Derived>,
    /// How many units have one.
    derived_units: usize,
    /// How many follow from what is public: MAC address, network name, model.
    public_derived: usize,
    /// How many follow from what is unique to a unit: serial number, MAC address.
    identifier_derived: usize,
    /// Passwords that stand in a word list.
    common: Vec<Common>,
    /// Guessable shapes, for a person to look at.
    patterns: Vec<Pattern>,
    /// Leading characters that all units share; 0 for one unit.
    shared_prefix_len: usize,
    /// Trailing characters that all units share; 0 for one unit.
    shared_suffix_len: usize,
    /// Positions where units differ.
    varying_positions: usize,
    /// What the passwords are made of.
    alphabet: Alphabet,
    /// Shortest password, in characters, separators included; 0 without units.
    min_length: usize,
    /// Upper bound for one password; see `entropy_basis`.
    entropy_bits_estimate: f64,
    /// What the estimate rests on, with the number of units.
    entropy_basis: String,
    /// What this number of units can reveal.
    pool_detection: PoolDetection,
}

#[async_trait]
impl TypedCheck for Analyse {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "passwords.analyse";
    const QUESTION: &'static str =
        "Do preset passwords repeat, count up, or follow from what is printed or sent in public?";
    const EVIDENCE_FOR: &'static str =
        "PSTI Sch. 1 para. 1(2), 1(3)(a)-(d); EN 303 645 V2.1.1 5.1-1, 5.1-2; TS 103 701 V1.1.1 5.1-1-2 c, 5.1-2-2 a";
    const DOES_NOT_SHOW: &'static str = "that a generator is random: few units reveal a shared value or a counter, \
        never a large pool, and a keyed derivation looks random here";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Pure;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, _: &CheckContext, params: Params) -> Result<Observation, Fault> {
        for list in &params.wordlists {
            wordlists::named(list)?;
        }
        Ok(analyse(&params))
    }
}

fn analyse(params: &Params) -> Observation {
    let passwords: Vec<(String, String)> =
        params.samples.iter().map(|s| (s.sample.clone(), s.password.clone())).collect();
    let texts: Vec<String> = passwords.iter().map(|(_, p)| p.clone()).collect();
    let units = passwords.len();
    let alphabet = Alphabet::of(texts.iter().map(String::as_str));
    let min_length = texts.iter().map(|t| t.chars().count()).min().unwrap_or(0);
    let varying = shape::varying_positions(&texts);
    let derived = derivations::find(&passwords, &params.identifiers, &alphabet);
    let from = |names: &[&str]| derived.iter().filter(|d| d.from.split('+').any(|f| names.contains(&f))).count();
    let repeated_tags = repeated(&texts);
    let many = units > 1;
    Observation {
        units,
        unique_known: many,
        repeated: repeated_tags.len(),
        repeated_tags,
        counters: counters::find(&passwords, &params.identifiers, min_length as f64 * alphabet.bits())
            .into_iter()
            .collect(),
        derived_units: derived.len(),
        public_derived: from(&["mac", "ssid", "model"]),
        identifier_derived: from(&["serial", "mac"]),
        derived,
        common: common(&passwords, &params.wordlists),
        patterns: passwords
            .iter()
            .filter_map(|(s, p)| Some(Pattern { sample: s.clone(), pattern: patterns::of(p)? }))
            .collect(),
        shared_prefix_len: if many { shape::shared_prefix(&texts) } else { 0 },
        shared_suffix_len: if many { shape::shared_suffix(&texts) } else { 0 },
        varying_positions: varying,
        entropy_bits_estimate: (varying as f64 * alphabet.bits() * 10.0).round() / 10.0,
        entropy_basis: format!(
            "upper bound per password from {units} unit(s): {varying} varying position(s) of an alphabet of {}",
            alphabet.size
        ),
        alphabet,
        min_length,
        pool_detection: PoolDetection::of(units),
    }
}

/// One value per set of equal ones, as it stands on its first unit.
fn repeated(texts: &[String]) -> Vec<String> {
    let mut groups: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for text in texts {
        let folded = bare(text).to_lowercase();
        groups.entry(if folded.is_empty() { text.clone() } else { folded }).or_default().push(text);
    }
    groups.into_values().filter(|g| g.len() > 1).map(|g| g[0].clone()).collect()
}

fn common(passwords: &[(String, String)], lists: &[String]) -> Vec<Common> {
    let listed = |password: &str| {
        [password.to_owned(), bare(password)].iter().find_map(|form| {
            let name = wordlists::common_password(form)?;
            let list = name.split('#').next().unwrap_or(name);
            (lists.is_empty() || lists.iter().any(|l| l == list)).then(|| name.to_owned())
        })
    };
    passwords.iter().filter_map(|(s, p)| Some(Common { sample: s.clone(), list: listed(p)? })).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::fake::{Case, Dut};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn identifiers() -> Value {
        json!([
            {"sample": "s1", "serial": "C1-000123", "mac": "02:00:5e:10:00:01", "ssid": "C1-0123", "model": "C1"},
            {"sample": "s2", "serial": "C1-000124", "mac": "02:00:5e:10:00:02", "ssid": "C1-0124", "model": "C1"},
            {"sample": "s3", "serial": "C1-000125", "mac": "02:00:5e:10:00:03", "ssid": "C1-0125", "model": "C1"},
        ])
    }

    fn params(passwords: [&str; 3]) -> Value {
        let samples: Vec<_> = passwords
            .iter()
            .enumerate()
            .map(|(i, p)| json!({"sample": format!("s{}", i + 1), "password": p}))
            .collect();
        json!({"samples": samples, "identifiers": identifiers()})
    }

    pub(crate) fn cases() -> Vec<Case> {
        vec![
            Case::good(Dut::good(), params(["k7fq-2m9x-w3ah", "p0zt-8vb4-cnqe", "h5yd-6rj1-lswm"])).shows(json!({
                "units": 3, "unique_known": true, "repeated": 0, "repeated_tags": [], "counters": [], "derived": [],
                "derived_units": 0, "public_derived": 0, "identifier_derived": 0, "common": [], "patterns": [],
                "min_length": 14, "varying_positions": 12
            })),
            Case::weak(Dut::weak(), params(["admin", "Admin", "admin"])).shows(json!({
                "repeated": 1, "repeated_tags": ["admin"], "counters": [],
                "common": [{"sample": "s1"}, {"sample": "s2"}, {"sample": "s3"}]
            })),
            Case::weak(Dut::weak(), params(["005e100001", "005e100002", "005e100003"])).shows(json!({
                "repeated": 0, "public_derived": 3, "identifier_derived": 3,
                "counters": [{"kind": "constant-step", "order": "serial"}],
            })),
            Case::weak(Dut::weak(), params(["cam-77001", "cam-77002", "cam-77003"])).shows(json!({
                "derived_units": 0, "counters": [{"kind": "constant-step", "base": 10}], "shared_prefix_len": 8
            })),
            Case::dead(Dut::silent(), json!({"samples": [], "identifiers": []}))
                .shows(json!({"units": 0, "unique_known": false, "entropy_bits_estimate": 0.0})),
        ]
    }

    fn observe(passwords: [&str; 3]) -> Observation {
        analyse(&serde_json::from_value(params(passwords)).unwrap())
    }

    #[test]
    fn one_unit_leaves_uniqueness_unknown() {
        let seen =
            analyse(&serde_json::from_value(json!({"samples": [{"sample": "s1", "password": "k7fq2m9xw3"}]})).unwrap());
        assert!(!seen.unique_known);
        assert_eq!(seen.pool_detection.chance_of_seeing_a_shared_pool_of["10"], 0.0);
    }

    #[test]
    fn an_unkeyed_digest_is_public_and_the_same_through_a_key_is_quiet() {
        use md5::{Digest as _, Md5};
        let hash = |key: &str, n: u8| hex::encode(Md5::digest(format!("{key}02005e10000{n}")))[..10].to_owned();
        let weak: Vec<String> = (1..=3).map(|n| hash("", n)).collect();
        let seen = observe([&weak[0], &weak[1], &weak[2]]);
        assert_eq!((seen.public_derived, seen.identifier_derived), (3, 3));
        assert!(seen.derived[0].by.contains("md5 / hex / first 10"), "{:?}", seen.derived);
        let keyed: Vec<String> = (1..=3).map(|n| hash("0f9a-factory-key", n)).collect();
        assert!(observe([&keyed[0], &keyed[1], &keyed[2]]).derived.is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn random_passwords_give_no_finding(a in "[a-z0-9]{14}", b in "[a-z0-9]{14}", c in "[a-z0-9]{14}") {
            let seen = observe([&a, &b, &c]);
            prop_assert!(seen.derived.is_empty() && seen.counters.is_empty() && seen.repeated == 0, "{:?}", seen);
            prop_assert!(seen.common.is_empty());
        }

        #[test]
        fn counters_are_found_wherever_they_start(start in 1u32..90_000, step in 1u32..50, prefix in "[a-z]{3,6}") {
            let p = |n: u32| format!("{prefix}{:06}", start + n * step);
            prop_assert!(!observe([&p(0), &p(1), &p(2)]).counters.is_empty());
        }

        #[test]
        fn any_text_at_all_is_survived(a in ".{0,40}", b in ".{0,40}", c in ".{0,40}") {
            let seen = observe([&a, &b, &c]);
            prop_assert_eq!(seen.units, 3);
        }
    }
}
