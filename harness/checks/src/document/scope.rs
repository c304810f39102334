//! # `scope.psti`
//! **Question.** Is the product inside the UK regime, by the answers of its dossier?
//! **Evidence for.** PSTI Act sections 4, 5 and 54; Regulations Schedule 3 as amended by SI 2025/211.
//! **Procedure.** The rules of the catalogue over `product.facts`: what it connects to, where it is sold, which exceptions
//! apply with their conditions.
//! **Observation.** In scope, out of scope by a named rule or exception, or in need of a lawyer; missing answers by name.
//! **Effect.** Touches nothing.
//! **Does not show.** Whether the answers are true. It is no legal advice.

use std::collections::BTreeMap;

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) struct Scope;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// `product.facts` of the dossier: answers by name; those that are not asked here are ignored.
    facts: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// The regime applies.
    InScope,
    /// It does not, by the rule or exception named.
    OutOfScope,
    /// An answer is missing, or the answers need a lawyer.
    NeedsLegalReview,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// The outcome.
    scope: Outcome,
    /// The rule or exception that decided: `SC-INTERNET`, `EX-MED`; empty where none did.
    decided_by: String,
    /// Why, in words.
    because: String,
    /// Answers that are needed and missing, by their names in the dossier.
    missing: Vec<String>,
}

/// Rule and fact: one of them makes a product connectable.
const CONNECTABLE: [(&str, &str); 4] = [
    ("SC-INTERNET", "internet_connectable"),
    ("SC-NET-IP", "network_connectable_ip"),
    ("SC-NET-NONIP", "network_connectable_other"),
    ("SC-INPUT", "wireless_input_device"),
];

struct Exception {
    id: &'static str,
    fact: &'static str,
    /// A fact that brings the product back in although the exception applies.
    brings_back: Option<&'static str>,
    /// A fact that must hold because the exception is for one territory only.
    only_in: Option<&'static str>,
}

const EXCEPTIONS: [Exception; 6] = [
    Exception {
        id: "EX-NI",
        fact: "exception_ni",
        brings_back: None,
        only_in: Some("supplied_only_in_northern_ireland"),
    },
    Exception { id: "EX-EVCP", fact: "exception_evcp", brings_back: None, only_in: None },
    Exception { id: "EX-MED", fact: "exception_med", brings_back: Some("medical_software_only"), only_in: None },
    Exception { id: "EX-METER", fact: "exception_meter", brings_back: None, only_in: None },
    Exception {
        id: "EX-COMPUTER",
        fact: "exception_computer",
        brings_back: Some("made_only_for_children_under_14"),
        only_in: None,
    },
    Exception {
        id: "EX-VEHICLE",
        fact: "exception_vehicle",
        brings_back: None,
        only_in: Some("supplied_only_in_great_britain"),
    },
];

#[async_trait]
impl TypedCheck for Scope {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "scope.psti";
    const QUESTION: &'static str = "Is the product inside the UK regime, by the answers of its dossier?";
    const EVIDENCE_FOR: &'static str = "PSTI Act ss. 4, 5 and 54; Regulations Sch. 3";
    const DOES_NOT_SHOW: &'static str = "whether the answers are true; it is no legal advice";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Pure;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, _: &CheckContext, p: Params) -> Result<Observation, Fault> {
        Ok(decide(&p.facts))
    }
}

/// An answer: yes, no, or none. Anything but true and false is none.
fn decide(facts: &BTreeMap<String, Value>) -> Observation {
    let answer = |fact: &str| facts.get(fact).and_then(Value::as_bool);
    let out = |by: &str, because: String| Observation {
        scope: Outcome::OutOfScope,
        decided_by: by.into(),
        because,
        missing: Vec::new(),
    };
    // What takes the product out for certain comes before what is missing: no further answer could bring it back.
    if CONNECTABLE.iter().all(|(_, fact)| answer(fact) == Some(false)) {
        return out("SC-INTERNET", "it is connectable by none of the four rules".into());
    }
    if answer("made_available_in_uk") == Some(false) {
        return out("SC-UK", "it is not made available to consumers in the United Kingdom".into());
    }
    if answer("not_yet_supplied") == Some(false) && answer("sold_as_new") == Some(false) {
        return out("SC-NEW", "it has been supplied before and is not sold as new".into());
    }
    let mut missing: Vec<&str> = Vec::new();
    let mut doubts: Vec<String> = Vec::new();
    for exception in &EXCEPTIONS {
        match answer(exception.fact) {
            None => missing.push(exception.fact),
            Some(false) => {}
            Some(true) => match conditions(exception, &answer) {
                Ok(true) => return out(exception.id, format!("the exception {} applies", exception.id)),
                Ok(false) if exception.only_in.is_some() => {
                    doubts.push(format!(
                        "{} applies in one part of the United Kingdom, and the product is supplied elsewhere too",
                        exception.id
                    ));
                }
                Ok(false) => {}
                Err(fact) => missing.push(fact),
            },
        }
    }
    let rule = CONNECTABLE.iter().find(|(_, fact)| answer(fact) == Some(true)).map(|(rule, _)| *rule);
    if rule.is_none() {
        missing.extend(CONNECTABLE.iter().map(|(_, fact)| *fact).filter(|fact| answer(fact).is_none()));
    }
    missing.extend(["made_available_in_uk"].iter().filter(|fact| answer(fact).is_none()));
    if answer("not_yet_supplied") != Some(true) && answer("sold_as_new") != Some(true) {
        missing.extend(["not_yet_supplied", "sold_as_new"].iter().filter(|fact| answer(fact).is_none()));
    }
    if let (Some(rule), true, true) = (rule, missing.is_empty(), doubts.is_empty()) {
        let because =
            format!("{rule} holds, it is made available as new in the United Kingdom, and no exception applies");
        return Observation { scope: Outcome::InScope, decided_by: rule.into(), because, missing: Vec::new() };
    }
    let missing: Vec<String> = missing.iter().map(|fact| format!("product.facts.{fact}")).collect();
    if !missing.is_empty() {
        doubts.push(format!("the dossier does not answer {}", missing.join(", ")));
    }
    Observation { scope: Outcome::NeedsLegalReview, decided_by: String::new(), because: doubts.join("; "), missing }
}

/// Whether an exception that applies takes the product out; or the fact that is missing for it.
fn conditions(exception: &Exception, answer: &impl Fn(&str) -> Option<bool>) -> Result<bool, &'static str> {
    let back = exception.brings_back.map_or(Ok(false), |fact| answer(fact).ok_or(fact))?;
    let there = exception.only_in.map_or(Ok(true), |fact| answer(fact).ok_or(fact))?;
    Ok(!back && there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn camera() -> BTreeMap<String, Value> {
        let mut facts: BTreeMap<String, Value> = EXCEPTIONS.iter().map(|e| (e.fact.to_owned(), json!(false))).collect();
        for (fact, value) in [
            ("internet_connectable", true),
            ("network_connectable_ip", false),
            ("network_connectable_other", false),
            ("wireless_input_device", false),
            ("made_available_in_uk", true),
            ("not_yet_supplied", true),
            ("sold_as_new", true),
        ] {
            facts.insert(fact.into(), json!(value));
        }
        facts
    }

    fn with(changes: &[(&str, Option<bool>)]) -> Observation {
        let mut facts = camera();
        for (fact, value) in changes {
            match value {
                Some(value) => facts.insert((*fact).into(), json!(value)),
                None => facts.remove(*fact),
            };
        }
        decide(&facts)
    }

    #[test]
    fn a_camera_is_in_scope_and_each_way_out_is_named() {
        assert_eq!((with(&[]).scope, with(&[]).decided_by.as_str()), (Outcome::InScope, "SC-INTERNET"));
        for (changes, rule) in [
            (vec![("internet_connectable", Some(false))], "SC-INTERNET"),
            (vec![("made_available_in_uk", Some(false))], "SC-UK"),
            (vec![("not_yet_supplied", Some(false)), ("sold_as_new", Some(false))], "SC-NEW"),
            (vec![("exception_evcp", Some(true))], "EX-EVCP"),
            (vec![("exception_meter", Some(true))], "EX-METER"),
            (vec![("exception_med", Some(true)), ("medical_software_only", Some(false))], "EX-MED"),
            (vec![("exception_computer", Some(true)), ("made_only_for_children_under_14", Some(false))], "EX-COMPUTER"),
            (vec![("exception_vehicle", Some(true)), ("supplied_only_in_great_britain", Some(true))], "EX-VEHICLE"),
        ] {
            let seen = with(&changes);
            assert_eq!((seen.scope, seen.decided_by.as_str()), (Outcome::OutOfScope, rule), "{changes:?}");
        }
    }

    #[test]
    fn conditions_bring_a_product_back_in() {
        for changes in [
            [("exception_med", Some(true)), ("medical_software_only", Some(true))],
            [("exception_computer", Some(true)), ("made_only_for_children_under_14", Some(true))],
            [("not_yet_supplied", Some(false)), ("sold_as_new", Some(true))],
        ] {
            assert_eq!(with(&changes).scope, Outcome::InScope, "{changes:?}");
        }
        let both = with(&[("exception_vehicle", Some(true)), ("supplied_only_in_great_britain", Some(false))]);
        assert_eq!(both.scope, Outcome::NeedsLegalReview);
    }

    #[test]
    fn missing_answers_are_named_and_never_guessed() {
        for fact in ["internet_connectable", "made_available_in_uk", "exception_med", "exception_vehicle"] {
            let seen = with(&[(fact, None)]);
            assert_eq!(seen.scope, Outcome::NeedsLegalReview, "{fact}");
            assert_eq!(seen.missing, [format!("product.facts.{fact}")]);
        }
        let seen = with(&[("exception_med", Some(true))]);
        assert_eq!(seen.missing, ["product.facts.medical_software_only"]);
        assert_eq!(decide(&BTreeMap::new()).scope, Outcome::NeedsLegalReview);
        // A word where yes or no belongs is no answer.
        let mut facts = camera();
        facts.insert("exception_med".into(), json!("no"));
        assert_eq!(decide(&facts).missing, ["product.facts.exception_med"]);
    }

    proptest! {
        #[test]
        fn in_scope_needs_every_exception_denied(answers in prop::collection::vec(prop::option::of(any::<bool>()), 6)) {
            let mut facts = camera();
            for (exception, answer) in EXCEPTIONS.iter().zip(&answers) {
                match answer {
                    Some(answer) => facts.insert(exception.fact.into(), json!(answer)),
                    None => facts.remove(exception.fact),
                };
            }
            prop_assert_eq!(decide(&facts).scope == Outcome::InScope, answers.iter().all(|a| *a == Some(false)));
        }
    }
}
