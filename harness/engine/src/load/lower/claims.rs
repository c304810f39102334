//! `claims_from:` of a profile: provisions, conditions and units of catalogues put together, so that a statement of claims
//! can decide the profile.

use std::collections::BTreeMap;

use assay_model::Diagnostic;
use assay_model::catalogue::{ClaimRule, Claims, Condition, UnitPlace};
use serde_json::Value;

use super::Mistakes;
use super::fields::Fields;
use crate::load::tree::Node;
use crate::plan::Catalogue;

const KEYS: [&str; 4] = ["provisions", "conditions", "statement", "undetermined"];
/// Keys of a provision that name one condition by its number: where it is false, N/A may be said.
const TESTS: [&str; 2] = ["extended_condition", "applicability_condition"];

/// The claims of the profile `profile` of `catalogue`, whose own mapping is `fields`.
pub(super) fn lower(
    (catalogue, profile): (&str, &str),
    fields: &Fields<'_>,
    texts: &BTreeMap<String, Value>,
    known: &Catalogue,
    mistakes: &Mistakes,
) -> Option<Claims> {
    let from = Fields::open("`claims_from`", fields.get("claims_from")?, &KEYS, mistakes)?;
    let (statement, undetermined) = (from.text("statement"), from.text("undetermined"));
    let provisions = list(profile, &from, from.require("provisions")?, texts, known, mistakes)?;
    let mut conditions = BTreeMap::new();
    for node in from.list("conditions") {
        for entry in list(profile, &from, node, texts, known, mistakes)? {
            if let (Some(number), Some(condition)) = (entry["number"].as_u64(), condition(entry)) {
                conditions.insert(number, condition);
            }
        }
    }
    let provisions = provisions.iter().filter_map(|p| rule(catalogue, p, &conditions, known)).collect();
    Some(Claims { statement, undetermined, provisions })
}

/// The list at `catalogue/key/key`.
fn list<'t>(
    profile: &str,
    fields: &Fields<'_>,
    node: &Node,
    texts: &'t BTreeMap<String, Value>,
    known: &Catalogue,
    mistakes: &Mistakes,
) -> Option<&'t Vec<Value>> {
    let path = fields.as_text("claims_from", node)?;
    let mut parts = path.split('/');
    let start = parts.next().and_then(|id| texts.get(id));
    let found = start.and_then(|text| parts.try_fold(text, |value, key| value.get(key))).and_then(Value::as_array);
    // Linted by itself: the program's own catalogues have it.
    if found.is_none() && !known.profiles.iter().any(|p| p.id == profile && p.claims.is_some()) {
        let text = format!("no catalogue before this one has a list `{path}`");
        let mistake = Diagnostic::error("catalogue::unknown-data", text, Some(node.span.clone()));
        mistakes.add(mistake.help("write the catalogue's id and the keys below it, separated by `/`"));
    }
    found
}

fn condition(entry: &Value) -> Option<Condition> {
    let text = |key: &str| entry[key].as_str().map(str::to_owned);
    Some(Condition { text: text("text")?, holds_when: text("holds_when")? })
}

fn rule(
    catalogue: &str,
    provision: &Value,
    conditions: &BTreeMap<u64, Condition>,
    known: &Catalogue,
) -> Option<ClaimRule> {
    let text = |key: &str| provision[key].as_str().unwrap_or_default().to_owned();
    let id = provision["id"].as_str()?;
    let named = |number: &Value| number.as_u64().and_then(|n| conditions.get(&n)).cloned();
    let units = known.units.values().filter(|unit| unit.provision == id && unit.catalogue == catalogue);
    let mut units: Vec<UnitPlace> = units
        .map(|unit| UnitPlace { id: unit.id.clone(), case: unit.case.clone(), group: unit.group.clone() })
        .collect();
    units.sort_by_key(|unit| natural(&unit.id));
    Some(ClaimRule {
        id: id.to_owned(),
        title: text("title"),
        status: text("status"),
        mandatory: text("class").starts_with('M'),
        conditions: provision["conditions"].as_array().into_iter().flatten().filter_map(named).collect(),
        tests: TESTS.iter().filter_map(|key| named(&provision[*key])).collect(),
        units,
    })
}

/// Numbers in an id by their value: `5.3-10-1 a` after `5.3-9-1 a`.
fn natural(id: &str) -> Vec<(u64, String)> {
    let parts = id.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(|part| (part.parse().unwrap_or(u64::MAX), part.to_owned())).collect()
}
