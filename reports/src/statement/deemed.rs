//! What a deemed declaration rests on: a recognised label, or provisions of a standard that this run found to hold.

use assay_model::Verdict;
use assay_model::results::Results;

use super::fields::Fields;
use crate::law::{Law, Said, Says, effective};

/// The word of such a declaration.
pub(super) const DECLARATION: &str = "deemed_compliance_conditions_met";
/// The unit that looks at the label's entry in its register.
const LABEL_UNIT: &str = "psti-label";

/// The route that was taken, or why none is open.
#[derive(Default)]
pub(super) struct Deemed {
    pub(super) by: Vec<String>,
    pub(super) gap: Option<String>,
}

/// Nothing at all where compliance itself is declared.
pub(super) fn of(results: &Results, fields: &Fields, law: &Law) -> Deemed {
    if fields.compliance_declaration != DECLARATION {
        return Deemed::default();
    }
    if let Some(label) = label(results) {
        return Deemed { by: vec![label], gap: None };
    }
    if fields.standards_relied_on.is_empty() {
        let gap = format!("a deemed declaration rests on the unit {LABEL_UNIT}, which did not PASS in this run");
        return Deemed { by: Vec::new(), gap: Some(gap) };
    }
    by_standard(results, law)
}

/// The label, in words, where its unit passed.
fn label(results: &Results) -> Option<String> {
    let unit = results.units.get(LABEL_UNIT).filter(|u| effective(u) == Verdict::Pass)?;
    let parts = unit.cross_sample.iter().chain(unit.samples.values());
    let seen = parts.flat_map(|p| &p.steps).filter(|s| s.check == "label.route").find_map(|s| s.observation.as_ref());
    let text = |key: &str| seen.and_then(|o| o[key].as_str()).unwrap_or_default();
    let scheme = match text("scheme") {
        "jc_star" => "label of Japan, JC-STAR",
        "singapore_cls" => "label of Singapore, CLS(IoT)",
        _ => "recognised label",
    };
    let said = [("edition", "edition"), ("level", "level"), ("labelled_model", "model"), ("expires", "expires")];
    let facts = said.iter().filter(|(key, _)| !text(key).is_empty()).map(|(key, name)| format!("{name} {}", text(key)));
    let facts: Vec<String> = facts.collect();
    Some(if facts.is_empty() { scheme.to_owned() } else { format!("{scheme}: {}", facts.join(", ")) })
}

/// Every provision that the law names for a requirement must hold by its own tests.
fn by_standard(results: &Results, law: &Law) -> Deemed {
    let says = Says::of(results);
    let named = law.requirements.iter().flat_map(|r| r.en303645.iter().map(move |p| (r, p)));
    let (mut by, mut open) = (Vec::new(), Vec::new());
    for (requirement, provision) in named {
        let said = says.as_ref().map_or(Said::Silent, |s| s.tested(provision));
        match said {
            Said::Holds | Said::DoesNotApply => {
                by.push(format!("{} ({}): provision {provision} {}", requirement.id, requirement.title, said.word()));
            }
            _ => open.push(format!("{provision} {}", said.word())),
        }
    }
    if open.is_empty() && !by.is_empty() {
        return Deemed { by, gap: None };
    }
    let open = if open.is_empty() { "this pack names no provisions".to_owned() } else { open.join(", ") };
    let gap = format!("a deemed declaration by a standard rests on its provisions by their own test units: {open}");
    Deemed { by: Vec::new(), gap: Some(gap) }
}
