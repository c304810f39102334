//! The supplier's statement as `run.start` carries it: each claim, with what the dossier's facts say of its conditions.

use assay_model::assessment::{Claim, Support};
use assay_model::catalogue::{Claims, Condition};
use serde_json::Value;

use crate::expr::{Expr, Scope};

/// Every provision of `claims`, declared or not, in their order. `scope` has the dossier.
pub(super) fn claims(claims: &Claims, scope: &Scope) -> Vec<Claim> {
    let said = |id: &str| scope.get("ics").and_then(|ics| ics.get(id));
    let one = |rule: &assay_model::catalogue::ClaimRule| {
        let entry = said(&rule.id);
        let support = entry.and_then(|e| serde_json::from_value::<Support>(e["support"].clone()).ok());
        let reason = entry.and_then(|e| e["detail"].as_str()).unwrap_or_default().trim().to_owned();
        let conditions: Vec<_> = rule.conditions.iter().map(|c| (c, holds(c, scope))).collect();
        let tests: Vec<_> = rule.tests.iter().map(|c| (c, holds(c, scope))).collect();
        let broken: Vec<&str> =
            conditions.iter().chain(&tests).filter(|(_, h)| *h == Some(false)).map(|(c, _)| c.text.as_str()).collect();
        let applies = if conditions.iter().any(|(_, h)| *h == Some(false)) {
            Some(false)
        } else {
            conditions.iter().all(|(_, h)| *h == Some(true)).then_some(true)
        };
        Claim {
            provision: rule.id.clone(),
            support,
            reason,
            applies,
            excused: !broken.is_empty(),
            because: broken.join(" "),
        }
    };
    claims.provisions.iter().map(one).collect()
}

/// `None` where the dossier does not state what the condition asks for.
fn holds(condition: &Condition, scope: &Scope) -> Option<bool> {
    let expr = Expr::standalone(&condition.holds_when, "holds_when").ok()?;
    expr.eval(scope).ok().as_ref().and_then(Value::as_bool)
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_model::catalogue::ClaimRule;
    use serde_json::json;

    fn condition(fact: &str) -> Condition {
        Condition { text: format!("It is {fact}."), holds_when: format!("product.facts.{fact}") }
    }

    fn rule(id: &str, conditions: &[&str], tests: &[&str]) -> ClaimRule {
        ClaimRule {
            id: id.into(),
            title: "A provision".into(),
            status: "M".into(),
            mandatory: true,
            conditions: conditions.iter().map(|fact| condition(fact)).collect(),
            tests: tests.iter().map(|fact| condition(fact)).collect(),
            units: Vec::new(),
        }
    }

    #[test]
    fn conditions_are_judged_by_stated_facts_and_nothing_is_guessed() {
        let scope = json!({
            "product": {"facts": {"wet": true, "dry": false}},
            "ics": {"1-1": {"support": "Y", "detail": " why "}, "1-2": {"support": "N/A"}, "1-3": {"support": "maybe"}},
        });
        let rules = vec![
            rule("1-1", &["wet"], &[]),
            rule("1-2", &["wet", "dry"], &[]),
            rule("1-3", &["unstated", "wet"], &[]),
            rule("1-4", &["wet"], &["dry"]),
            rule("1-5", &[], &[]),
        ];
        let claims = claims(
            &Claims { statement: None, undetermined: None, provisions: rules },
            scope.as_object().expect("a scope"),
        );
        let facts: Vec<_> = claims.iter().map(|c| (c.support, c.applies, c.excused)).collect();
        assert_eq!(
            facts,
            [
                (Some(Support::Yes), Some(true), false),
                (Some(Support::NotApplicable), Some(false), true),
                (None, None, false),
                (None, Some(true), true),
                (None, Some(true), false),
            ]
        );
        assert_eq!(claims[0].reason, "why");
        assert_eq!(claims[1].because, "It is dry.");
    }
}
