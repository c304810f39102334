//! Plans, and the files that they include.

use std::path::PathBuf;
use std::sync::Arc;

use assay_model::{Diagnostic, Span};

use super::fields::{Fields, header};
use super::params::{Overrides, Params};
use super::step::Steps;
use super::unit::{Around, LoweredUnit};
use super::{Mistakes, inventory, over, scope, unit};
use crate::load::files::{Files, beside};
use crate::load::suggest;
use crate::load::tree::Node;
use crate::plan::{InventoryRule, Plan, Registry, Step};

pub(crate) const KEYS: [&str; 11] =
    ["assay", "plan", "title", "basis", "profile", "params", "over", "include", "shared", "inventory", "units"];
/// What may stand in a file that plans include.
pub(crate) const FRAGMENT_KEYS: [&str; 6] = ["assay", "params", "include", "shared", "inventory", "units"];
const MAX_INCLUDES: usize = 8;

/// A plan, and where its parts stand. `plan.units` is still empty: the units are beside it.
pub(crate) struct LoweredPlan {
    pub(crate) plan: Plan,
    pub(crate) units: Vec<LoweredUnit>,
}

/// What stands in a plan and in the files that it includes.
struct Body {
    params: Params,
    shared: Vec<Step>,
    inventory: Vec<InventoryRule>,
    units: Vec<LoweredUnit>,
}

/// What every plan of a load is lowered with.
pub(crate) struct Lowering<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) mistakes: &'a Mistakes,
    pub(crate) files: &'a Files,
    pub(crate) overrides: &'a Overrides,
}

impl Lowering<'_> {
    /// A plan from its file.
    pub(crate) fn plan(&self, node: &Node) -> Option<LoweredPlan> {
        let fields = Fields::open("a plan", node, &KEYS, self.mistakes)?;
        header(&fields, "plan/1");
        let name = fields.require_text("plan");
        let title = fields.text("title").or_else(|| name.clone()).unwrap_or_default();
        let basis = fields.texts("basis");
        let profile = self.profile(&fields);
        let Body { params, shared, inventory, units } = self.body(node);
        let over = fields.get("over").and_then(|n| over::lower(n, params.names(), self.mistakes));
        let nothing = fields.get("units").is_none_or(|n| n.json() == serde_json::json!([]));
        if nothing && fields.get("include").is_none() {
            let span = fields.get("units").map_or_else(|| fields.first(), |n| n.span.clone());
            let text = "a plan without units decides nothing";
            self.mistakes.add(Diagnostic::error("plan::no-units", text, Some(span)));
        }
        let file = Arc::clone(&node.span.file);
        let plan = Plan {
            name: name?,
            title,
            basis,
            profile,
            sha256: self.files.sha256(&file.path),
            file,
            params: params.values,
            policy: params.policy,
            over,
            shared,
            inventory,
            units: Vec::new(),
        };
        Some(LoweredPlan { plan, units })
    }

    /// A fragment on its own, for lint.
    pub(crate) fn fragment(&self, node: &Node) {
        if let Some(fields) = Fields::open("a file of shared units", node, &FRAGMENT_KEYS, self.mistakes) {
            header(&fields, "units/1");
            self.body(node);
        }
    }

    /// What may stand in plans and fragments alike, included files first.
    fn body(&self, node: &Node) -> Body {
        let mut all = Vec::new();
        self.include(node, &mut vec![canonical(&node.span.file.path)], &mut all, &mut Vec::new());
        let mut params = Params::default();
        for part in &all {
            part.get("params").iter().for_each(|n| params.lower(n, self.overrides, self.mistakes));
        }
        let mut names = scope::names(params.names());
        if node.get("over").is_some() {
            names.set("product", scope::listed_product());
        }
        let mut steps = Steps {
            registry: self.registry,
            mistakes: self.mistakes,
            names: names.clone(),
            over_samples: false,
            bound: super::suite::Seen::new(),
        };
        let parts = || all.iter().filter_map(|n| Fields::open_any("a plan", n, self.mistakes));
        let shared: Vec<Step> = parts().flat_map(|p| steps.lower(p.list("shared"))).collect();
        for step in shared.iter().filter(|s| s.name.is_none()) {
            let text = "a shared step needs `as`: units use it by its name";
            self.mistakes.add(Diagnostic::error("plan::missing-key", text, Some(step.span.clone())));
        }
        let shared_names = std::mem::take(&mut steps.bound);
        let around = Around {
            registry: self.registry,
            mistakes: self.mistakes,
            names: &names,
            shared: &shared,
            shared_names: &shared_names,
        };
        let units = parts().flat_map(|p| p.list("units")).filter_map(|n| unit::lower(n, &around)).collect();
        let inventory =
            parts().flat_map(|p| inventory::rules(p.list("inventory"), &steps.names, self.mistakes)).collect();
        Body { params, shared, inventory, units }
    }

    /// Appends the files that `node` includes, depth first, and then `node`. A file that several include comes once.
    fn include(&self, node: &Node, chain: &mut Vec<PathBuf>, out: &mut Vec<Node>, known: &mut Vec<PathBuf>) {
        if let Some(fields) = Fields::open_any("a plan", node, self.mistakes) {
            for item in fields.list("include") {
                let Some(name) = fields.as_text("include", item) else { continue };
                let path = beside(&item.span, &name);
                let own = canonical(&path);
                if chain.contains(&own) || chain.len() > MAX_INCLUDES {
                    self.mistakes.add(endless(&name, &item.span, chain.contains(&own)));
                    continue;
                }
                if known.contains(&own) {
                    continue;
                }
                known.push(own.clone());
                let Some(part) = self.files.read(&path, "plan", Some(&item.span), self.mistakes) else { continue };
                if let Some(fields) = Fields::open("a file of shared units", &part, &FRAGMENT_KEYS, self.mistakes) {
                    header(&fields, "units/1");
                }
                chain.push(own);
                self.include(&part, chain, out, known);
                chain.pop();
            }
        }
        out.push(node.clone());
    }

    fn profile(&self, fields: &Fields<'_>) -> Option<String> {
        let id = fields.text("profile")?;
        let known: Vec<&str> = self.registry.catalogue.profiles.iter().map(|p| p.id.as_str()).collect();
        if !known.contains(&id.as_str()) && !known.is_empty() {
            let span = fields.get("profile").map(|n| n.span.clone());
            let mistake =
                Diagnostic::error("plan::unknown-profile", format!("no catalogue has the profile `{id}`"), span);
            self.mistakes.add(mistake.help(suggest::of(&id, &known, "there are")));
        }
        Some(id)
    }
}

fn canonical(path: &std::path::Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn endless(name: &str, span: &Span, again: bool) -> Diagnostic {
    let text = if again {
        format!("`{name}` includes itself, directly or through others")
    } else {
        format!("includes nest deeper than {MAX_INCLUDES}")
    };
    Diagnostic::error("plan::include", text, Some(span.clone())).help("remove one `include` of the circle")
}
