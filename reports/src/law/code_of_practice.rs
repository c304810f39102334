//! The thirteen guidelines of the Code of Practice, from the verdicts of a run.

use serde::Deserialize;

use super::said::{Said, Says, effective};

/// Catalogue of the guidelines.
const CODE: &str = "uk-code-of-practice-2018";

/// One guideline and what the run says of it.
pub(crate) struct Guideline {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) said: Said,
    /// Provisions that hold (or do not apply), and how many the guideline has.
    pub(crate) holding: usize,
    pub(crate) provisions: usize,
    /// Provisions and items behind a guideline that is open or does not hold, worst first.
    pub(crate) because: Vec<(String, Said)>,
    pub(crate) in_law: &'static str,
    pub(crate) confidence: String,
}

#[derive(Deserialize)]
struct Fact {
    id: String,
    title: String,
    text: String,
    #[serde(default)]
    en303645: Vec<String>,
    #[serde(default)]
    psti: Vec<String>,
    /// Items that the guideline asks for beside its provisions.
    #[serde(default)]
    items: Vec<String>,
    #[serde(default)]
    in_law: String,
    #[serde(default)]
    confidence: String,
}

/// All guidelines in the Code's order; none where the record carries no Code.
pub(crate) fn scorecard(says: &Says<'_>) -> Vec<Guideline> {
    let code = says.results().catalogues.get(CODE);
    let facts = code.map(|c| c["guidelines"].clone());
    let facts: Vec<Fact> = facts.and_then(|f| serde_json::from_value(f).ok()).unwrap_or_default();
    facts.into_iter().map(|fact| guideline(says, fact)).collect()
}

fn guideline(says: &Says<'_>, fact: Fact) -> Guideline {
    let provisions: Vec<(String, Said)> = fact.en303645.iter().map(|p| (p.clone(), says.provision(p))).collect();
    // Items of the law under the guideline speak against it by themselves; for it only through its provisions.
    let items =
        says.results().units.iter().filter(|(_, unit)| unit.catalogue == super::LAW && fact.psti.contains(&unit.group));
    let items: Vec<(String, Said)> =
        items.map(|(id, unit)| (id.clone(), Said::of([effective(unit)].into_iter(), true))).collect();
    let against = items.iter().map(|(_, said)| *said).filter(|said| *said > Said::Holds);
    let asked = fact.items.iter().map(|id| match items.iter().find(|(item, _)| item == id) {
        Some((_, said)) => *said,
        None => Said::Silent,
    });
    let said = Said::fold(provisions.iter().map(|(_, said)| *said).chain(asked).chain(against));
    let mut because: Vec<(String, Said)> =
        items.into_iter().chain(provisions.clone()).filter(|(_, said)| *said > Said::Holds).collect();
    because.sort_by_key(|(_, said)| std::cmp::Reverse(*said));
    Guideline {
        id: fact.id,
        title: fact.title,
        text: fact.text,
        said,
        holding: provisions.iter().filter(|(_, s)| matches!(s, Said::Holds | Said::DoesNotApply)).count(),
        provisions: provisions.len(),
        because,
        in_law: match fact.in_law.as_str() {
            "part" => "in part",
            "none" => "no",
            _ => "",
        },
        confidence: fact.confidence,
    }
}
