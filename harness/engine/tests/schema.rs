//! The editors' schemas accept what the loader accepts, and refuse what an editor can see.

mod common;

use std::path::Path;
use std::sync::Arc;

use assay_engine::load::tree::parse;
use assay_engine::schema::{KINDS, schema};
use assay_model::SourceFile;
use serde_json::Value;

fn document(path: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(path).expect("reads");
    parse(&Arc::new(SourceFile { path: path.into(), text })).ok().map(|node| node.json())
}

fn errors(kind: &str, document: &Value) -> Vec<String> {
    let schema = schema(kind, &common::registry()).expect("a schema");
    let validator = jsonschema::options().with_draft(jsonschema::Draft::Draft7).build(&schema).expect("a valid schema");
    validator.iter_errors(document).map(|e| format!("{} at {}", e, e.instance_path())).collect()
}

fn kind_of(document: &Value) -> Option<&str> {
    document.get("assay")?.as_str()?.split('/').next().filter(|kind| KINDS.contains(kind))
}

#[test]
fn good_files_are_valid() {
    let mut seen = Vec::new();
    for folder in ["tests/formats", "tests/good"] {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let document = document(&entry.expect("an entry").path()).expect("parses");
            let Some(kind) = kind_of(&document) else { continue };
            assert_eq!(errors(kind, &document), [] as [String; 0], "{document:#}");
            seen.push(kind.to_owned());
        }
    }
    for kind in KINDS {
        assert!(seen.iter().any(|k| k == kind), "no good {kind} was looked at");
    }
}

#[test]
fn an_editor_sees_wrong_keys_words_and_parameters() {
    for name in [
        "plan--unknown-key.plan",
        "plan--unknown-key.unit",
        "plan--unknown-key.step",
        "plan--unknown-key.expect",
        "plan--unknown-key.in-step-of-control-only",
        "plan--unknown-key.bench",
        "plan--missing-key.plan",
        "plan--missing-key.question",
        "plan--missing-key.row-id",
        "plan--missing-param",
        "plan--unknown-param",
        "plan--param-type.literal",
        "plan--param-type.range",
        "plan--param-type.word",
        "plan--param-type.element",
        "plan--unknown-check",
        "plan--unknown-word.scope",
        "plan--unknown-word.support",
        "plan--step.none",
        "plan--step.two",
        "plan--range",
        "plan--range.port",
        "product--unknown-table",
        "product--plain-secret",
        "bench--unknown-provider",
        "suite--empty",
        "answers--date",
    ] {
        let document = document(Path::new(&format!("tests/bad/{name}.yaml"))).expect("parses");
        let kind = kind_of(&document).expect("a kind");
        assert_ne!(errors(kind, &document), [] as [String; 0], "{name}");
    }
}

#[test]
fn every_key_is_described() {
    fn undescribed(value: &Value, path: &str, out: &mut Vec<String>) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            for (key, property) in properties {
                if property == &Value::Object(serde_json::Map::new()) {
                    out.push(format!("{path}/{key}"));
                }
            }
        }
        match value {
            Value::Object(map) => map.iter().for_each(|(k, v)| undescribed(v, &format!("{path}/{k}"), out)),
            Value::Array(items) => items.iter().for_each(|v| undescribed(v, path, out)),
            _ => {}
        }
    }
    for kind in KINDS {
        let mut out = Vec::new();
        undescribed(&schema(kind, &common::registry()).expect("a schema"), kind, &mut out);
        assert_eq!(out, [] as [String; 0]);
    }
    assert!(schema("plans", &common::registry()).is_none());
}

#[test]
fn completion_of_with_comes_from_the_check() {
    let schema = schema("plan", &common::registry()).expect("a schema");
    let branches = schema["definitions"]["step"]["allOf"].as_array().expect("branches");
    let scan = branches.iter().find(|b| b["if"]["properties"]["check"]["const"] == "ports.scan").expect("ports.scan");
    let params = &scan["then"]["properties"]["with"];
    assert_eq!(params["properties"]["host"]["description"], "The host.");
    assert_eq!(params["required"], serde_json::json!(["host"]));
    assert_eq!(scan["then"]["required"], serde_json::json!(["with"]));
}
