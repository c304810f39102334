//! `inventory:` of a plan: what is declared of one kind of thing, to be held against what was found of it.

use super::Mistakes;
use super::expression::lower;
use super::fields::Fields;
use crate::expr::Names;
use crate::load::tree::Node;
use crate::plan::InventoryRule;

pub(crate) const KEYS: [&str; 3] = ["kind", "declared", "found"];

/// Both sides are lists of `{name, where}` and `{name, text}`; they meet where the names are equal.
pub(super) fn rules(nodes: &[Node], names: &Names, mistakes: &Mistakes) -> Vec<InventoryRule> {
    let rule = |node| {
        let fields = Fields::open("an inventory", node, &KEYS, mistakes)?;
        let kind = fields.require_text("kind");
        let declared = fields.require("declared").and_then(|n| lower(n, names, mistakes));
        let found = fields.get("found").and_then(|n| lower(n, names, mistakes));
        Some(InventoryRule { kind: kind?, declared: declared?.0, found: found.map(|(expr, _)| expr) })
    };
    nodes.iter().filter_map(rule).collect()
}
