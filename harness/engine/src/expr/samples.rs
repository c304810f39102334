//! The variable `samples` and its method `preset_passwords`.

use std::collections::HashMap;
use std::sync::Arc;

use cel::extractors::This;
use cel::objects::Key;
use cel::{Context, DeclarationError, ExecutionError, Value as Cel};
use serde_json::{Map, Value, json};

/// Where the passwords stand inside `samples`; plans use the method instead.
const PRESETS: &str = "presets";
/// What may identify a sample to somebody who guesses its password.
const IDENTIFIERS: [&str; 5] = ["serial", "mac", "ssid", "model", "batch"];

/// The variable `samples`: `{count, ids, identifiers, presets}` of these samples, in their order.
///
/// Each sample is an object with `id` and label data, as in a dossier: `serial`, `mac`, `ssid`, `model`, `batch`,
/// `password` and `passwords: {<mechanism id>: password}`. Passwords should stand as tags by now.
#[must_use]
pub fn samples_value(samples: &[Map<String, Value>]) -> Value {
    let pick = |sample: &Map<String, Value>, keys: &[&str]| -> Map<String, Value> {
        let id = sample.get("id").cloned().unwrap_or_default();
        let picked = keys.iter().filter_map(|k| Some(((*k).to_owned(), sample.get(*k)?.clone())));
        [("sample".to_owned(), id)].into_iter().chain(picked).collect()
    };
    json!({
        "count": samples.len(),
        "ids": samples.iter().filter_map(|s| s.get("id")).collect::<Vec<_>>(),
        "identifiers": samples.iter().map(|s| pick(s, &IDENTIFIERS)).collect::<Vec<_>>(),
        PRESETS: samples.iter().map(|s| pick(s, &["password", "passwords"])).collect::<Vec<_>>(),
    })
}

/// Declares `samples.preset_passwords(mechanism)`: `[{sample, password}]`, from the sample's own password of that
/// mechanism or else from its one password. A sample without either is left out, so that a plan can hold the length
/// against `samples.count`.
pub(super) fn declare(context: &mut Context<'_, '_>) -> Result<(), DeclarationError> {
    context.add_function("preset_passwords", preset_passwords)
}

fn preset_passwords(This(samples): This<Cel>, mechanism: Arc<String>) -> Result<Cel, ExecutionError> {
    let Some(Cel::List(presets)) = field(&samples, PRESETS) else {
        return Err(ExecutionError::function_error("preset_passwords", "it is a method of `samples`"));
    };
    let rows = presets.iter().filter_map(|preset| {
        let own = field(preset, "passwords").and_then(|own| field(own, &mechanism));
        let password = own.or_else(|| field(preset, "password")).filter(|p| !matches!(p, Cel::Null))?;
        let row: HashMap<Key, Cel> = HashMap::from([
            (Key::from("sample"), field(preset, "sample")?.clone()),
            (Key::from("password"), password.clone()),
        ]);
        Some(Cel::from(row))
    });
    Ok(Cel::List(Arc::new(rows.collect())))
}

fn field<'v>(value: &'v Cel, name: &str) -> Option<&'v Cel> {
    match value {
        Cel::Map(map) => map.map.get(&Key::from(name)),
        _ => None,
    }
}
