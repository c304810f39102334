//! Whether units apply, as far as the dossier alone decides it: for saying beforehand what will run.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::expr::{Converted, Scope};
use crate::plan::{Plan, ResolvedRun, Unit};

/// What dossier and parameters say, by plan.
pub struct Applicability(BTreeMap<String, Converted>);

impl Applicability {
    /// Of everything that `run` knows before a bench is opened.
    #[must_use]
    pub fn of(run: &ResolvedRun) -> Self {
        let mut scope = Scope::new();
        if let Some(product) = &run.product {
            let mut facts = product.product.clone();
            facts.insert("procedures".into(), product.procedures.clone());
            scope.insert("product".into(), Value::Object(facts));
            scope.insert("ics".into(), Value::Object(product.ics.clone()));
            scope.insert("ixit".into(), Value::Object(product.ixit.clone()));
        }
        let of_plan = |plan: &Plan| {
            let mut known = Converted::of(&scope);
            known.insert("params", &Value::Object(plan.params.clone()));
            (plan.name.clone(), known)
        };
        Self(run.plans.iter().map(of_plan).collect())
    }

    /// Whether a unit applies; `None` where more than the dossier decides it.
    #[must_use]
    pub fn of_unit(&self, plan: &Plan, unit: &Unit) -> Option<bool> {
        match &unit.when {
            None => Some(true),
            Some(when) => when.eval_converted(self.0.get(&plan.name)?).ok()?.as_bool(),
        }
    }
}
