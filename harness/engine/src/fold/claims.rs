//! Provisions by status and claim, and the verdict over the product.
//!
//! The statement is verified first: what is wrong with it fails the assessment, whatever was tested. A refuted claim fails it
//! too, for a recommendation as well: nobody is made to claim one, and a claim that does not hold misleads.

use std::collections::BTreeMap;

use assay_model::assessment::{Assessment, Claim, Conclusion, Coverage, ProvisionResult, Support};
use assay_model::catalogue::{ClaimRule, Claims, Profile};
use assay_model::results::{Conformance, GroupResult, UnitResult, indexed};
use assay_model::{Reason, ReasonClass, Verdict};

/// What an assessment rests on.
pub(super) struct Said<'a> {
    /// The claims of `run.start`.
    pub(super) claims: &'a [Claim],
    /// Folded provisions.
    pub(super) provisions: &'a indexed::Map<GroupResult>,
    /// Units of the run.
    pub(super) units: &'a indexed::Map<UnitResult>,
    /// Folded groups.
    pub(super) groups: &'a indexed::Map<GroupResult>,
    /// `inconclusive` or `fail`.
    pub(super) undetermined: &'a str,
}

/// Assesses one profile.
pub(super) fn assess(profile: &Profile, claims: &Claims, said: &Said<'_>) -> Assessment {
    let by_id: BTreeMap<&str, &Claim> = said.claims.iter().map(|c| (c.provision.as_str(), c)).collect();
    let mut assessment = Assessment {
        title: profile.title.clone(),
        conformance: Conformance::Undetermined,
        why: Vec::new(),
        statement_problems: Vec::new(),
        undetermined: said.undetermined.to_owned(),
        coverage: Coverage::default(),
        provisions: indexed::Map::default(),
    };
    for rule in &claims.provisions {
        let claim = by_id.get(rule.id.as_str()).copied();
        let tested = said.provisions.get(&rule.id);
        let decided = conclude(rule, claim, tested.map_or(Verdict::NotRun, |t| t.verdict));
        let problems = decided.problem.into_iter();
        assessment
            .statement_problems
            .extend(problems.map(|(code, text)| Reason::new(ReasonClass::Applicability, code, text)));
        let ids = rule.units.iter().map(|u| u.id.clone());
        let (units, missing): (Vec<String>, Vec<String>) = ids.partition(|id| said.units.get(id).is_some());
        let result = ProvisionResult {
            title: rule.title.clone(),
            status: rule.status.clone(),
            mandatory: rule.mandatory,
            support: claim.and_then(|c| c.support),
            reason: claim.map(|c| c.reason.clone()).unwrap_or_default(),
            verdict: decided.verdict,
            conclusion: decided.conclusion,
            text: decided.text,
            external: external(rule, said),
            waived: waived(&units, said),
            units,
            missing,
        };
        count(&mut assessment.coverage, rule, &result, said);
        assessment.provisions.insert(rule.id.clone(), result);
    }
    overall(&mut assessment, claims.statement.as_deref());
    assessment
}

/// What a provision comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Decided {
    conclusion: Conclusion,
    /// Of its groups; NOT_APPLICABLE where nothing is claimed.
    verdict: Verdict,
    text: String,
    /// What is wrong with the statement: code and text.
    problem: Option<(&'static str, String)>,
}

/// One row of the table: status, claim, verdict of the groups.
fn conclude(rule: &ClaimRule, claim: Option<&Claim>, tested: Verdict) -> Decided {
    let id = &rule.id;
    let decided =
        |conclusion, text: String| Decided { conclusion, verdict: Verdict::NotApplicable, text, problem: None };
    let invalid = |conclusion, code, text: String| Decided {
        problem: Some((code, format!("{id}: {text}"))),
        ..decided(conclusion, text)
    };
    let Some((claim, support)) = claim.and_then(|c| Some((c, c.support?))) else {
        return decided(Conclusion::Undeclared, "the statement does not declare it".into());
    };
    let reasoned = !claim.reason.trim().is_empty();
    match support {
        Support::Yes => {
            let claimed = claimed(rule.mandatory, tested);
            if claim.applies == Some(false) {
                let text = format!("claimed, and it does not apply: {}", claim.because);
                return Decided { problem: Some(("claimed-inapplicable", format!("{id}: {text}"))), ..claimed };
            }
            if claim.excused && tested == Verdict::NotApplicable {
                let text = format!("claimed, and does not apply: {} N/A would say so", claim.because);
                return decided(Conclusion::NotApplicable, text);
            }
            claimed
        }
        Support::No if rule.mandatory => {
            let text = "mandatory, and declared not met: only recommendations may be N";
            invalid(Conclusion::DoesNotConform, "mandatory-not-met", text.into())
        }
        Support::No if !reasoned => invalid(
            Conclusion::Unjustified,
            "reason-missing",
            "a recommendation is declared not met, without a reason".into(),
        ),
        Support::No => decided(Conclusion::NotFulfilledJustified, "not met, with a reason".into()),
        Support::NotApplicable if !reasoned => {
            invalid(Conclusion::Unjustified, "reason-missing", "declared not applicable, without a reason".into())
        }
        Support::NotApplicable if claim.excused => {
            decided(Conclusion::NotApplicable, format!("does not apply: {}", claim.because))
        }
        Support::NotApplicable if claim.applies.is_none() => {
            decided(Conclusion::Undetermined, "declared not applicable, and no fact is stated that shows it".into())
        }
        Support::NotApplicable => {
            let text = "declared not applicable, and every condition for it holds";
            let conclusion = if rule.mandatory { Conclusion::DoesNotConform } else { Conclusion::Unjustified };
            invalid(conclusion, "not-applicable-applies", text.into())
        }
    }
}

/// A claimed provision by what its groups came to.
fn claimed(mandatory: bool, tested: Verdict) -> Decided {
    let (conclusion, text) = match (tested, mandatory) {
        (Verdict::Pass, true) => (Conclusion::Conforms, "claimed, and every case passed"),
        (Verdict::Pass, false) => (Conclusion::Fulfilled, "claimed, and every case passed"),
        (Verdict::Fail, true) => (Conclusion::DoesNotConform, "claimed, and a case failed"),
        (Verdict::Fail, false) => {
            (Conclusion::NotFulfilled, "a recommendation was claimed, and a case failed: the claim is wrong")
        }
        (Verdict::NotApplicable, _) => (Conclusion::Undetermined, "claimed, and none of its units applied"),
        (Verdict::Inconclusive, _) => (Conclusion::Undetermined, "claimed, and a case is inconclusive"),
        (Verdict::Error, _) => (Conclusion::Undetermined, "claimed, and a case could not be tested: see its errors"),
        (Verdict::NotRun, _) => (Conclusion::Undetermined, "claimed, and not all of its units were run"),
    };
    Decided { conclusion, verdict: tested, text: text.into(), problem: None }
}

/// The product: the statement first, then violations, then what is open.
fn overall(assessment: &mut Assessment, statement: Option<&str>) {
    let mut violated: Vec<String> =
        assessment.statement_problems.iter().map(|p| format!("the statement is invalid: {}", p.text)).collect();
    let (mut open, mut held) = (Vec::new(), false);
    for (id, provision) in assessment.provisions.iter() {
        let line = format!("{id}: {}", provision.text);
        match provision.conclusion {
            Conclusion::DoesNotConform | Conclusion::NotFulfilled if statement == Some(id.as_str()) => {
                violated.insert(0, format!("the statement is invalid: {line}"));
            }
            Conclusion::DoesNotConform | Conclusion::NotFulfilled | Conclusion::Unjustified => violated.push(line),
            Conclusion::Undetermined | Conclusion::Undeclared => open.push(line),
            Conclusion::Conforms => held = true,
            Conclusion::Fulfilled | Conclusion::NotFulfilledJustified | Conclusion::NotApplicable => {}
        }
    }
    assessment.conformance = match (violated.is_empty(), open.is_empty() && held) {
        (false, _) => Conformance::DoesNotConform,
        (true, true) => Conformance::Conforms,
        (true, false) => Conformance::Undetermined,
    };
    assessment.why = violated.into_iter().chain(open).collect();
}

fn external(rule: &ClaimRule, said: &Said<'_>) -> Vec<String> {
    let mut numbers: Vec<String> = Vec::new();
    for number in rule.units.iter().filter_map(|u| said.groups.get(&u.group)?.external.clone()) {
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    numbers
}

fn waived(units: &[String], said: &Said<'_>) -> u64 {
    units.iter().filter(|id| said.units.get(id).is_some_and(|u| u.waived.is_some())).count() as u64
}

fn count(coverage: &mut Coverage, rule: &ClaimRule, result: &ProvisionResult, said: &Said<'_>) {
    let add = |counter: &mut u64, counts: bool| *counter += u64::from(counts);
    let claimed = result.support == Some(Support::Yes);
    let decided = claimed && matches!(result.verdict, Verdict::Pass | Verdict::Fail);
    coverage.provisions += 1;
    add(&mut coverage.applicable, result.support != Some(Support::NotApplicable));
    add(&mut coverage.claimed, claimed);
    add(&mut coverage.covered, decided);
    add(&mut coverage.external, decided && !result.external.is_empty());
    coverage.units += rule.units.len() as u64;
    coverage.units_waived += result.waived;
    for unit in result.units.iter().filter_map(|id| said.units.get(id)) {
        let ran = !matches!(unit.effective(), Verdict::NotApplicable | Verdict::NotRun);
        add(&mut coverage.units_run, ran);
        let manual = unit.samples.values().chain(&unit.cross_sample).any(|s| s.manual.is_some());
        add(&mut coverage.units_manual, manual);
    }
}

#[cfg(test)]
mod tests;
