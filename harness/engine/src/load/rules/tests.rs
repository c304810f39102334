use std::path::PathBuf;
use std::sync::Arc;

use assay_model::{Severity, SourceFile};

use super::*;
use crate::load::{catalogue_of, lower, tree};

const STANDARD: &str = r#"
assay: catalogue/1
id: acme-1
conditions:
  - { number: 1, text: It flies., holds_when: product.facts.flies }
  - { number: 2, text: It swims., holds_when: "!product.facts.sinks" }
"#;

const RULES: &str = r#"
assay: catalogue/1
id: rules
names: { conditions: acme-1/conditions }
rules:
  - id: wings
    when: conditions.exists(c, c.number == 1 && has(c.holds) && c.holds)
    for_each: r in ixit.intf
    that: has(r.wings) && r.wings > 0
    why: ${r.id} has no wings, and it flies
    help: give ${r.id} `wings`
    at: ixit/15-Intf/${r.id}/wings
  - id: stated
    for_each: c in conditions
    that: has(c.holds)
    why: nothing says whether condition ${c.number} holds
    at: product/facts
    level: warning
"#;

fn found(product: &str) -> Vec<(Severity, String, String, Option<String>)> {
    with(product, &catalogue_of(&[("acme.yaml", STANDARD), ("rules.yaml", RULES)]).expect("a good catalogue"))
}

fn with(product: &str, catalogue: &Catalogue) -> Vec<(Severity, String, String, Option<String>)> {
    let text = format!("assay: product/1\n{product}");
    let file = Arc::new(SourceFile { path: PathBuf::from("p.yaml"), text });
    let node = tree::parse(&file).expect("YAML");
    let mistakes = Mistakes::default();
    let product = lower::product::lower(&node, &mistakes).expect("a dossier");
    check(&node, &product, catalogue, &mistakes);
    let shown = |d: Diagnostic| {
        let at = d.span.as_ref().map_or("", |s| &s.file.text[s.bytes.clone()]).to_owned();
        (d.severity, d.message, at, d.help)
    };
    mistakes.take().into_iter().map(shown).collect()
}

#[test]
fn a_rule_is_asked_per_row_and_points_at_the_row() {
    let product = "product: { name: P, facts: { flies: true, sinks: true } }\n\
        ixit: { 15-Intf: [{ id: Intf-1, wings: 2 }, { id: Intf-2 }, { id: Intf-3, wings: 0 }] }\n";
    let said = |row: &str, at: &str| {
        let (text, help) = (format!("{row} has no wings, and it flies [wings]"), format!("give {row} `wings`"));
        (Severity::Error, text, at.to_owned(), Some(help))
    };
    assert_eq!(found(product), [said("Intf-2", "Intf-2"), said("Intf-3", "wings")]);
    assert_eq!(found(&product.replace("flies: true", "flies: false")), []);
}

#[test]
fn what_is_not_stated_holds_neither_way() {
    let warned = found("product: { name: P, facts: { sinks: false } }\nixit: { 15-Intf: [{ id: Intf-1 }] }\n");
    let text = "nothing says whether condition 1 holds [stated]".to_owned();
    assert_eq!(warned, [(Severity::Warning, text, "facts".to_owned(), None)]);
}

#[test]
fn a_rule_that_cannot_be_judged_is_said_and_not_passed_over() {
    let all = found("product: { name: P, facts: { flies: true, sinks: true } }\nixit: {}\n");
    assert_eq!(all.len(), 1);
    assert!(all[0].1.starts_with("the dossier's rule `wings` cannot be judged: "), "{all:?}");
    let odd = found(
        "product: { name: P, facts: { flies: true, sinks: true } }\nixit: { 15-Intf: [{ id: Intf-1, wings: many }] }\n",
    );
    assert!(odd[0].1.contains("cannot be judged"), "{odd:?}");
}

#[test]
fn data_that_no_catalogue_has_is_a_mistake_of_the_rules() {
    let found = catalogue_of(&[("rules.yaml", RULES)]).expect_err("acme-1 is not there");
    assert_eq!(found[0].code, "catalogue::unknown-data");
}

#[test]
fn rows_of_several_tables_are_asked_one_by_one_and_lists_are_said_as_people_write_them() {
    let rules = r#"
assay: catalogue/1
id: rules
rules:
  - id: odd
    for_each: r in [ixit.intf, ixit.auth_mech].map(t, t.filter(r, r.n > 1))
    that: false
    why: "${r.id} has ${[r.n, r.n + 1]}"
    at: ixit/15-Intf/${r.id}
"#;
    let catalogue = catalogue_of(&[("rules.yaml", rules)]).expect("a good catalogue");
    let product =
        "product: { name: x }\nixit: { 15-Intf: [{ id: a, n: 1 }, { id: b, n: 2 }], 1-AuthMech: [{ id: c, n: 3 }] }";
    let said: Vec<String> = with(product, &catalogue).into_iter().map(|(_, message, ..)| message).collect();
    // `c` is no row of the table that is pointed at: its message stands at the table.
    assert_eq!(said, ["c has 3, 4 [odd]", "b has 2, 3 [odd]"]);
}

#[test]
fn a_blank_is_no_contradiction_yet() {
    let found =
        found("product: { name: x, facts: { flies: true, sinks: false } }\nixit: { 15-Intf: [{ id: i1, wings: }] }");
    let messages: Vec<&str> = found.iter().map(|(_, message, ..)| message.as_str()).collect();
    assert_eq!(messages, ["`wings` of i1 is blank"]);
}
