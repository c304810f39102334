//! Who may review: somebody other than those whose work is reviewed.

use std::collections::BTreeSet;

use assay_model::results::Results;

/// Why a person may not review or issue this report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The reviewer took part in the run.
    #[error("`{0}` took part in the run; a report is reviewed by another person")]
    SamePerson(String),
    /// Nobody is known to have run it, so nobody is known to be another person.
    #[error("the run does not say who ran it, so no reviewer can be told from the operator")]
    NoOperator,
    /// The lab's register gives the person no such role.
    #[error("the lab's people have no {role} `{id}`")]
    Role {
        /// Who asked.
        id: String,
        /// `reviewer` or `authoriser`.
        role: &'static str,
    },
    /// The key that signed the run is to sign its review.
    #[error("the key {0} signed the run; a review is signed by the reviewer's own key")]
    SameKey(String),
}

/// Whether `id` may review with that key, and issue where `issue` is set. `run_keys` are the keys that signed the run.
///
/// # Errors
/// The first reason against it.
pub fn may_review(results: &Results, id: &str, issue: bool, key: &str, run_keys: &[String]) -> Result<(), Refusal> {
    let took_part = operators(results);
    if results.operator.as_deref().is_none_or(|op| op.trim().is_empty()) {
        return Err(Refusal::NoOperator);
    }
    // A register lists one person under one id; a name typed as id must not get around it.
    let mut known_as = BTreeSet::from([plain(id)]);
    for person in results.lab.iter().flat_map(|lab| &lab.people) {
        if plain(&person.id) == plain(id) || plain(&person.name) == plain(id) {
            known_as.extend([plain(&person.id), plain(&person.name)]);
        }
    }
    if known_as.iter().any(|name| took_part.contains(name)) {
        return Err(Refusal::SamePerson(id.to_owned()));
    }
    let roles: &[&'static str] = if issue { &["reviewer", "authoriser"] } else { &["reviewer"] };
    for role in roles {
        if results.lab.as_ref().and_then(|lab| lab.may(id, role)) == Some(false) {
            return Err(Refusal::Role { id: id.to_owned(), role });
        }
    }
    match run_keys.iter().any(|known| known == key) {
        true => Err(Refusal::SameKey(key.to_owned())),
        false => Ok(()),
    }
}

/// Everybody who had a hand in the run, by id and by name.
fn operators(results: &Results) -> BTreeSet<String> {
    let rows = results.units.values().flat_map(|u| u.samples.values().chain(&u.cross_sample));
    let answered = rows.filter_map(|r| r.manual.as_ref()).map(|m| m.operator.as_str());
    let mut all: BTreeSet<String> = answered.chain(results.operator.as_deref()).map(plain).collect();
    for person in results.lab.iter().flat_map(|lab| &lab.people) {
        if all.contains(&plain(&person.id)) || all.contains(&plain(&person.name)) {
            all.extend([plain(&person.id), plain(&person.name)]);
        }
    }
    all
}

/// Case and blanks do not make another person.
fn plain(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
