//! Declared against found, over all samples.

use std::collections::BTreeSet;

use assay_model::assessment::{Found, Inventory, InventoryRow};
use assay_model::journal::Line;
use serde_json::Value;

/// Tables by kind, in the order of their first line.
#[derive(Debug, Default)]
pub(super) struct Inventories {
    all: Vec<Inventory>,
    /// Kind and sample: something was looked for there.
    looked: BTreeSet<(String, String)>,
}

impl Inventories {
    /// One kind of thing on one sample. Several plans, and the parts of a resumed run, add to each other: what was found
    /// once is part of the product.
    pub(super) fn take(&mut self, line: &Line) {
        let data = &line.data;
        let kind = data["kind"].as_str().unwrap_or_default();
        let sample = line.about.sample.clone().unwrap_or_default();
        let at = self.all.iter().position(|i| i.kind == kind).unwrap_or_else(|| {
            self.all.push(Inventory { kind: kind.to_owned(), rows: Vec::new(), not_looked: Vec::new() });
            self.all.len() - 1
        });
        let inventory = &mut self.all[at];
        let key = (kind.to_owned(), sample.clone());
        for (name, place) in pairs(&data["declared"], "where") {
            let row = row(inventory, name);
            match &mut row.declared {
                Some(known) if known.split(", ").any(|one| one == place) => {}
                Some(known) => *known = format!("{known}, {place}"),
                None => row.declared = Some(place),
            }
        }
        if data["found"].is_array() {
            inventory.not_looked.retain(|f| f.sample != sample);
            self.looked.insert(key);
            for (name, text) in pairs(&data["found"], "text") {
                let (row, found) = (row(inventory, name), Found { sample: sample.clone(), text });
                if !row.found.contains(&found) {
                    row.found.push(found);
                }
            }
        } else if !self.looked.contains(&key) && inventory.not_looked.iter().all(|f| f.sample != sample) {
            let text = data["why"].as_str().unwrap_or("nothing was looked for").to_owned();
            inventory.not_looked.push(Found { sample, text });
        }
    }

    pub(super) fn folded(self) -> Vec<Inventory> {
        self.all
    }
}

fn row(inventory: &mut Inventory, name: String) -> &mut InventoryRow {
    let at = inventory.rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
        inventory.rows.push(InventoryRow { name, declared: None, found: Vec::new() });
        inventory.rows.len() - 1
    });
    &mut inventory.rows[at]
}

fn pairs<'a>(list: &'a Value, second: &'a str) -> impl Iterator<Item = (String, String)> + 'a {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let entries = list.as_array().into_iter().flatten();
    entries.filter_map(move |entry| Some((text(&entry["name"])?, text(&entry[second]).unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use assay_model::journal::{Actor, Ref};
    use serde_json::json;

    use super::*;

    fn line(sample: &str, data: Value) -> Line {
        Line {
            v: 1,
            seq: 1,
            t: String::new(),
            mono_ns: 0,
            run: String::new(),
            kind: String::new(),
            actor: Actor { kind: "tool".into(), id: None },
            about: Ref { sample: Some(sample.into()), ..Ref::default() },
            data,
            prev: String::new(),
        }
    }

    #[test]
    fn both_sides_meet_by_name_over_all_samples() {
        let mut all = Inventories::default();
        let declared = json!([{"name": "tcp/22", "where": "Intf-1"}, {"name": "tcp/80", "where": "Intf-2"}]);
        let found = json!([{"name": "tcp/22", "text": "ssh"}, {"name": "tcp/23", "text": "telnet"}]);
        all.take(&line("s1", json!({"kind": "port", "declared": declared, "found": found})));
        all.take(&line("s2", json!({"kind": "port", "declared": declared, "found": null, "why": "the scan failed"})));
        let all = all.folded();
        let rows: Vec<_> =
            all[0].rows.iter().map(|r| (r.name.as_str(), r.declared.as_deref(), r.found.len())).collect();
        assert_eq!(rows, [("tcp/22", Some("Intf-1"), 1), ("tcp/80", Some("Intf-2"), 0), ("tcp/23", None, 1)]);
        assert_eq!(all[0].not_looked, [Found { sample: "s2".into(), text: "the scan failed".into() }]);
    }

    #[test]
    fn parts_of_a_run_add_to_each_other() {
        let mut all = Inventories::default();
        let found = json!({"kind": "port", "declared": [], "found": [{"name": "tcp/23", "text": "telnet"}]});
        all.take(&line("s1", json!({"kind": "port", "declared": [], "found": null, "why": "interrupted"})));
        all.take(&line("s1", found.clone()));
        all.take(&line("s1", found));
        all.take(&line("s1", json!({"kind": "port", "declared": [], "found": null, "why": "interrupted"})));
        let all = all.folded();
        assert_eq!(all[0].rows[0].found.len(), 1);
        assert_eq!(all[0].not_looked, [], "it was looked for once");
    }
}
