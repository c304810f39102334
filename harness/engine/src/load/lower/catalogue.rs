//! Catalogue files: the standards as data. They say more than the engine reads (texts, sources, confidence), so further keys
//! are welcome in them; a test of the data itself holds those.

use std::collections::BTreeMap;

use assay_model::Diagnostic;
use assay_model::catalogue::{CatalogueUnit, Profile, Way};
use serde_json::{Map, Value, json};

use super::fields::{Fields, header};
use super::suite::{Seen, unique};
use super::{Mistakes, claims, rule};
use crate::load::suggest;
use crate::load::tree::Node;
use crate::plan::Catalogue;

const KINDS: [&str; 4] = ["conceptual", "functional", "mixed", "legal-item"];

/// Files that were read so far: the ids of their units with places, and their whole texts, which rules compute with.
#[derive(Default)]
pub(crate) struct Known {
    seen: Seen,
    texts: BTreeMap<String, Value>,
}

/// Adds one file's units, profiles and rules. `known` spans all files: an id means one thing.
pub(crate) fn lower(node: &Node, into: &mut Catalogue, known: &mut Known, mistakes: &Mistakes) {
    let Known { seen, texts } = known;
    let Some(fields) = Fields::open_any("a catalogue", node, mistakes) else { return };
    header(&fields, "catalogue/1");
    let id = fields.require_text("id").unwrap_or_default();
    fields.text("title");
    fields.text("edition");
    for item in fields.list("units") {
        let Some(unit) = Fields::open_any("a catalogue unit", item, mistakes) else { continue };
        let kind = unit.require("kind").and_then(|n| unit.as_word("kind", n, &KINDS));
        let text = |key: &str| unit.require_text(key);
        let parts = (text("id"), text("title"), text("provision"), text("case"), text("group"), kind);
        let (Some(own), Some(title), Some(provision), Some(case), Some(group), Some(kind)) = parts else { continue };
        let span = unit.get("id").map_or_else(|| unit.first(), |n| n.span.clone());
        unique("catalogue::duplicate-unit", "the unit", &own, &span, seen, mistakes);
        let counts = unit.flag("counts").unwrap_or(true);
        let entry =
            CatalogueUnit { id: own.clone(), title, provision, case, group, kind, catalogue: id.clone(), counts };
        into.units.insert(own, entry);
    }
    rule::lower_rules(&fields, texts, into, mistakes);
    ways(&fields, into, mistakes);
    let text = node.json();
    if fields.get("edition").is_some() {
        into.reported.insert(id.clone(), reported(&fields, &text, &id, into));
    }
    texts.insert(id.clone(), text);
    for item in fields.list("profiles") {
        let Some(profile) = Fields::open_any("a profile", item, mistakes) else { continue };
        let (Some(own), Some(title)) = (profile.require_text("id"), profile.require_text("title")) else { continue };
        let units = profile_units(&profile, into, mistakes);
        let claims = claims::lower((&id, &own), &profile, texts, into, mistakes);
        into.profiles.push(Profile { id: own, title, units, claims });
    }
}

/// Keys of a catalogue's head that every report may need.
const HEAD: [&str; 5] = ["id", "title", "edition", "confidence_note", "confidence_words"];

/// What packs carry of a catalogue: its head, how many units each provision has, and the keys under `reported`.
fn reported(fields: &Fields<'_>, text: &Value, id: &str, known: &Catalogue) -> Value {
    let asked = fields.list("reported").iter().filter_map(|node| {
        let key = fields.as_text("reported", node)?;
        if text.get(&key).is_none() {
            let message = format!("this catalogue has no `{key}` to be reported");
            let mistake = Diagnostic::error("catalogue::unknown-data", message, Some(node.span.clone()));
            fields.mistakes().add(mistake.help("write it, or take it out of `reported`"));
        }
        Some(key)
    });
    let keys: Vec<String> = HEAD.into_iter().map(str::to_owned).chain(asked).collect();
    let mut kept: Map<String, Value> =
        keys.into_iter().filter_map(|key| Some((key.clone(), text.get(&key)?.clone()))).collect();
    let mut sizes = BTreeMap::<&str, u64>::new();
    for unit in known.units.values().filter(|u| u.catalogue == id) {
        *sizes.entry(&unit.provision).or_default() += 1;
    }
    if !sizes.is_empty() {
        kept.insert("units_of_provision".into(), json!(sizes));
    }
    Value::Object(kept)
}

/// Ways to meet a requirement, out of `deemed_compliance`.
fn ways(fields: &Fields<'_>, into: &mut Catalogue, mistakes: &Mistakes) {
    let listed = fields.get("deemed_compliance").and_then(|n| Fields::open_any("`deemed_compliance`", n, mistakes));
    for node in listed.iter().flat_map(|f| f.list("ways")) {
        match serde_json::from_value::<Way>(node.json()) {
            Ok(way) => into.ways.push(way),
            Err(error) => {
                let text = format!("a way to meet a requirement cannot be read: {error}");
                mistakes.add(Diagnostic::error("catalogue::way", text, Some(node.span.clone())));
            }
        }
    }
}

fn profile_units(profile: &Fields<'_>, known: &Catalogue, mistakes: &Mistakes) -> Vec<String> {
    for node in profile.list("units") {
        let Some(id) = node.text().filter(|id| !known.units.contains_key(*id)) else { continue };
        let ids: Vec<&str> = known.units.keys().map(String::as_str).collect();
        let help = suggest::nearest(id, &ids)
            .map_or("units stand before profiles that name them".into(), |near| format!("did you mean `{near}`?"));
        let text = format!("no catalogue has the unit `{id}`");
        mistakes.add(Diagnostic::error("catalogue::unknown-unit", text, Some(node.span.clone())).help(help));
    }
    profile.texts("units")
}
