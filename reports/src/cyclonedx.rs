//! sbom.cdx.json: the components that firmware images showed, as CycloneDX 1.6.

use std::collections::BTreeMap;

use assay_model::results::Results;
use serde_json::{Value, json};

use crate::ReportError;
use crate::law::published;
use crate::oscal::uuid;
use crate::summary::pretty;
use crate::visible::visible_line;

/// The check whose observations say which components there are.
const CHECK: &str = "firmware.inspect";

pub(crate) fn render(results: &Results) -> Result<Vec<u8>, ReportError> {
    let mut images: BTreeMap<&str, ()> = BTreeMap::new();
    let mut found: BTreeMap<[&str; 3], &Value> = BTreeMap::new();
    for seen in observations(results) {
        images.extend(seen["sha256"].as_str().filter(|digest| !digest.is_empty()).map(|digest| (digest, ())));
        for component in seen["components"].as_array().into_iter().flatten() {
            let key = ["name", "version", "purl"].map(|field| component[field].as_str().unwrap_or_default());
            found.entry(key).or_insert(component);
        }
    }
    let components: Vec<Value> = found.values().enumerate().map(|(n, c)| component(n, c)).collect();
    let references: Vec<&Value> = components.iter().map(|c| &c["bom-ref"]).collect();
    let of_product = |field: &str| results.product.get(field).and_then(Value::as_str).unwrap_or_default();
    let name = Some(of_product("name")).filter(|n| !n.is_empty()).unwrap_or("product under test");
    let sbom = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", uuid(&results.run_id, "sbom")),
        "version": 1,
        "metadata": {
            "timestamp": results.ended,
            "tools": {"components": [{"type": "application", "name": results.tool.name, "version": results.tool.version}]},
            "component": {
                "bom-ref": "firmware", "type": "firmware", "name": shown(name), "version": shown(of_product("firmware")),
                "hashes": images.keys().map(|digest| json!({"alg": "SHA-256", "content": digest})).collect::<Vec<_>>(),
            },
        },
        "components": components,
        "dependencies": [{"ref": "firmware", "dependsOn": references}],
        // What does not say its version is not here.
        "compositions": [{"aggregate": "incomplete", "assemblies": ["firmware"]}],
    });
    pretty("results/sbom.cdx.json", &sbom)
}

/// What the check observed of the product's images, wherever a plan asked it.
fn observations(results: &Results) -> impl Iterator<Item = &Value> {
    let shared = results.shared.iter().filter(|s| s.check == CHECK).map(|s| &s.observation);
    published(results.units.values(), CHECK).chain(shared)
}

fn component(number: usize, seen: &Value) -> Value {
    let text = |field: &str| shown(seen[field].as_str().unwrap_or_default());
    let named = seen["kind"].as_str().filter(|kind| matches!(*kind, "operating-system" | "application"));
    let kind = named.unwrap_or("library");
    let mut component = json!({
        "bom-ref": format!("component-{}", number + 1),
        "type": kind,
        "name": text("name"),
        "version": text("version"),
        "purl": text("purl"),
        "evidence": {"occurrences": [{"location": text("place")}]},
        "properties": [{"name": "assay:known-by", "value": text("known_by")}],
    });
    if seen["cpe"].is_string() {
        component["cpe"] = text("cpe").into();
    }
    component
}

fn shown(text: &str) -> String {
    visible_line(text)
}
