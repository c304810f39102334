//! What a run also says: other regimes, through the crosswalk. Indications only.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::said::{Said, Says};

/// Another regime and its clauses.
pub(crate) struct Regime {
    pub(crate) title: String,
    pub(crate) kind: String,
    /// What its clauses are called.
    pub(crate) clause: String,
    pub(crate) note: String,
    pub(crate) clauses: Vec<Clause>,
}

/// One clause and the provisions that lead to it.
pub(crate) struct Clause {
    pub(crate) id: String,
    pub(crate) said: Said,
    pub(crate) provisions: Vec<String>,
    /// The weakest of the pairings.
    pub(crate) confidence: String,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Fact {
    id: String,
    title: String,
    kind: String,
    clause: String,
    note: String,
}

/// Regimes with a clause that the run says something of, in the catalogue's order. The law itself is not among them: it has
/// verdicts of its own.
pub(crate) fn regimes(says: &Says<'_>) -> Vec<Regime> {
    let facts: Vec<Fact> = serde_json::from_value(says.walk()["regimes"].clone()).unwrap_or_default();
    let told = |fact: Fact| {
        let clauses = clauses(says, &fact.id);
        let any = clauses.iter().any(|c| c.said != Said::Silent);
        any.then_some(Regime { title: fact.title, kind: fact.kind, clause: fact.clause, note: fact.note, clauses })
    };
    facts.into_iter().filter(|fact| fact.id != "uk-psti").filter_map(told).collect()
}

fn clauses(says: &Says<'_>, regime: &str) -> Vec<Clause> {
    let mut found: BTreeMap<&str, Clause> = BTreeMap::new();
    let mut order: Vec<&str> = Vec::new();
    for provision in says.provisions() {
        let link = &says.walk()["rows"][provision][regime];
        for id in link["clauses"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let confidence = link["confidence"].as_str().unwrap_or_default();
            let clause = found.entry(id).or_insert_with(|| {
                order.push(id);
                let confidence = confidence.to_owned();
                Clause { id: id.to_owned(), said: Said::Silent, provisions: Vec::new(), confidence }
            });
            clause.provisions.push(provision.to_owned());
            if rank(confidence) > rank(&clause.confidence) {
                confidence.clone_into(&mut clause.confidence);
            }
        }
    }
    let folded = |id: &str| {
        let mut clause = found.remove(id)?;
        clause.said = Said::fold(clause.provisions.iter().map(|p| says.provision(p)));
        Some(clause)
    };
    order.into_iter().filter_map(folded).collect()
}

/// From sure to doubtful; an unknown word is the most doubtful.
fn rank(confidence: &str) -> usize {
    ["high", "medium", "low"].iter().position(|w| *w == confidence).unwrap_or(3)
}

/// What a standing under one regime is worth under another: from, to, effect, since, confidence.
pub(crate) fn recognition(says: &Says<'_>) -> Vec<[String; 5]> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let rows = says.walk()["recognition"].as_array().into_iter().flatten();
    rows.map(|row| ["from", "to", "effect", "since", "confidence"].map(|key| text(row, key))).collect()
}
