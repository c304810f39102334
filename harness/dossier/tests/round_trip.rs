//! What is exported and imported again is the same dossier, whatever stands in it; comments are no data.
#![allow(clippy::unwrap_used)] // tests say by panicking what is wrong

use std::path::PathBuf;

use assay_dossier::{Holds, Shape, questions, read, write, yaml};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn file(path: &str) -> Value {
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn shape() -> Shape {
    let catalogue = |id: &str| file(&format!("test-plans/catalogue/{id}.yaml"));
    let other = (catalogue("etsi-en-303-645-3.1.3"), catalogue("etsi-ts-103-701-2.1.1"));
    Shape::of(
        &catalogue("etsi-en-303-645-2.1.1"),
        &catalogue("etsi-ts-103-701-1.1.1"),
        &catalogue("uk-psti-2023"),
        (&other.0, &other.1),
    )
    .unwrap()
}

/// What is read of the files that `document` is written to, in each format.
fn back(document: &Value, shape: &Shape) -> Vec<(&'static str, Value, Vec<String>)> {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let csv = write::csv(document, shape).unwrap();
    let formats = [
        ("xlsx", vec![put("d.xlsx", &write::xlsx(document, shape).unwrap())]),
        ("csv", csv.iter().map(|(name, text)| put(name, text.as_bytes())).collect()),
        ("json", vec![put("d.json", write::json(document, shape).as_bytes())]),
        ("markdown", vec![put("d.md", write::markdown(document, shape).as_bytes())]),
    ];
    let read = |(format, files): (&'static str, Vec<PathBuf>)| {
        let reading = read::read(&files, None, shape);
        let said = reading.findings.iter().map(|f| format!("{}: {}", f.place, f.text)).collect();
        (format, reading.document, said)
    };
    formats.into_iter().map(read).collect()
}

fn same(document: &Value, shape: &Shape) -> Result<(), TestCaseError> {
    let text = yaml::text(document, shape, false).text;
    let found: Value = serde_yaml::from_str(&text).map_err(|e| TestCaseError::fail(format!("{e}:\n{text}")))?;
    prop_assert_eq!(&found, document, "yaml:\n{}", text);
    for (format, found, said) in back(document, shape) {
        prop_assert!(said.is_empty(), "{format}: {said:?}");
        prop_assert_eq!(&found, document, "{}", format);
    }
    Ok(())
}

#[test]
fn the_dossier_of_the_camera_survives_every_format() {
    let (shape, camera) = (shape(), file("lab-config/products/virtual-camera.yaml"));
    same(&camera, &shape).unwrap();
}

#[test]
fn an_empty_table_is_not_a_missing_one() {
    let shape = shape();
    for ixit in [json!({}), json!({"9-ReplSup": {}}), json!({"20-SecBoot": [], "2-UserInfo": {}})] {
        let document = json!({"assay": "product/1", "product": {"name": "x"}, "samples": [], "ics": {}, "ixit": ixit});
        same(&document, &shape).unwrap();
    }
    same(&json!({"assay": "product/1", "product": {"name": "x", "facts": {}}, "editions": {}}), &shape).unwrap();
}

/// Texts as people and programs write them, ugly ones among them.
fn text() -> impl Strategy<Value = String> {
    let ugly = prop::sample::select(vec![
        "true",
        "no",
        "1.10",
        "007",
        "2026-11-22",
        "null",
        "",
        " ",
        " edge ",
        "json: [1]",
        "a|b",
        "a\nb",
        "a\r\nb",
        "<br>",
        "a\\|b",
        "\\",
        "=SUM(A1:A9)",
        "+49 30",
        "-",
        "--",
        "---",
        ":--",
        "_x000D_",
        "# head",
        "**bold**",
        "`code`",
        "\"quoted\"",
        "a,b;c\td",
        "UpdMech-1",
        "UpdMech-1, UpdMech-2",
        "N/A",
        "\u{feff}x",
        "\u{2028}",
        "\u{a0}",
        "é 中 🔐",
        "&amp; < > '",
        "@cmd",
        "{\"a\":1}",
        "Field",
        "ID",
        "x <br> y",
        "\u{1}",
    ]);
    prop_oneof![3 => "[ -~]{0,40}", 2 => "\\PC{0,20}", 3 => ugly.prop_map(str::to_owned)]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        6 => text().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i32>().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,6}", inner, 0..3)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// A dossier that says something of a few provisions, facts and tables.
fn dossier(shape: &Shape) -> impl Strategy<Value = Value> + use<> {
    let provisions: Vec<String> = shape.provisions.iter().map(|p| p.id.clone()).collect();
    let facts: Vec<String> = shape.facts.iter().map(|f| f.key.clone()).collect();
    let tables = shape.tables.clone();
    let entry = (prop::sample::select(vec!["Y", "N", "N/A"]), prop::option::of(text()));
    let ics = prop::collection::btree_map(prop::sample::select(provisions), entry, 0..6);
    let facts = prop::collection::btree_map(prop::sample::select(facts), any::<bool>(), 0..5);
    let cells =
        prop::collection::vec(prop::collection::vec(prop::option::of((value(), text(), any::<bool>())), 12), 0..4);
    let ixit = prop::collection::btree_map(0..tables.len(), cells, 0..4);
    let sample = prop::collection::btree_map(prop::sample::select(vec!["serial", "mac", "batch"]), text(), 0..3);
    (text(), prop::option::of(value()), ics, facts, ixit, prop::collection::vec(sample, 0..3)).prop_map(
        move |(name, procedures, ics, facts, ixit, samples)| {
            let ics: Map<String, Value> = ics
                .into_iter()
                .map(|(id, (support, detail))| {
                    let mut entry = json!({"support": support});
                    detail.into_iter().for_each(|d| entry["detail"] = d.into());
                    (id, entry)
                })
                .collect();
            let row = |table: &assay_dossier::Table, at: usize, cells: Vec<Option<(Value, String, bool)>>| {
                let mut row = Map::new();
                for (field, cell) in table.fields.iter().zip(cells) {
                    let Some((value, text, flag)) = cell else { continue };
                    let value = match field.holds {
                        Holds::Flag => Value::from(flag),
                        Holds::Data | Holds::References => value,
                        Holds::Text => text.into(),
                    };
                    row.insert(field.key.clone(), value);
                }
                if !table.record {
                    row.insert("id".into(), format!("{}-{at}", table.short()).into());
                }
                Value::Object(row)
            };
            let ixit: Map<String, Value> = ixit
                .into_iter()
                .map(|(at, rows)| {
                    let table = &tables[at];
                    let mut rows: Vec<Value> = rows.into_iter().enumerate().map(|(n, c)| row(table, n, c)).collect();
                    let value = if table.record { rows.pop().unwrap_or(json!({})) } else { rows.into() };
                    (table.name.clone(), value)
                })
                .collect();
            let samples: Vec<Value> = samples
                .into_iter()
                .enumerate()
                .map(|(n, mut sample)| {
                    sample.insert("id", format!("s{n}"));
                    json!(sample)
                })
                .collect();
            let mut document = json!({
                "assay": "product/1",
                "product": {"name": name, "facts": facts},
                "editions": {"en303645": "2.1.1", "ts103701": "1.1.1"},
                "samples": samples,
                "ics": ics,
                "ixit": ixit,
            });
            if let Some(procedures) = procedures {
                document["external_evidence"] = json!([procedures]);
                document["product"]["procedures"] = procedures;
            }
            document
        },
    )
}

/// Every question in turn, answered by what the camera's dossier says; a blank where it says nothing.
#[test]
fn the_questions_lead_to_the_whole_dossier_and_then_end() {
    let (shape, camera) = (shape(), file("lab-config/products/virtual-camera.yaml"));
    let mut document = json!({"assay": "product/1"});
    let mut asked = 0;
    while let Some(question) = questions::next(&document, &shape) {
        asked += 1;
        assert!(asked < 2_000, "asked again and again: {question:?}");
        let known = question.path.iter().try_fold(&camera, |here, key| match here {
            Value::Array(rows) => rows.iter().find(|r| r["id"] == json!(key)),
            other => other.get(key),
        });
        questions::put(&mut document, &question.path, Some(known.cloned().unwrap_or(Value::Null)));
    }
    assert!(asked > 68 + 40, "{asked}");
    assert_eq!(document["product"]["facts"], camera["product"]["facts"]);
    let support = |of: &Value| -> Vec<String> {
        of["ics"].as_object().unwrap().iter().map(|(id, e)| format!("{id} {}", e["support"])).collect()
    };
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    assert_eq!(sorted(support(&document)), sorted(support(&camera)));
    assert_eq!(document["ixit"]["7-UpdMech"], camera["ixit"]["7-UpdMech"]);
    let blank = questions::without_blanks(&document);
    assert!(blank["ixit"].get("20-SecBoot").is_none(), "nothing that is claimed needs it");
}

#[test]
fn an_empty_form_asks_for_everything_and_is_yaml() {
    let shape = shape();
    let form = yaml::text(&json!({}), &shape, true);
    let value: Value = serde_yaml::from_str(&form.text).unwrap();
    assert_eq!(value["ics"].as_object().unwrap().len(), 68);
    assert_eq!(value["ixit"].as_object().unwrap().len(), 29);
    assert!(shape.facts.iter().all(|f| value["product"]["facts"].get(&f.key).is_some()));
    let line = form.text.lines().position(|l| l.contains("brute_force:")).unwrap();
    assert_eq!(form.path_of_line(line + 1), Some("ixit/1-AuthMech/AuthMech-1/brute_force"));
}

#[test]
fn any_dossier_survives_every_format() {
    let shape = shape();
    let config = ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(document in dossier(&shape))| same(&document, &shape)?);
}
