//! Secrets of dossiers: read, registered, and replaced by their tokens before anything else sees them.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::options::RunError;
use crate::redact::Vault;

/// Longest secret that is read from a file, in bytes.
const LONGEST_BYTES: u64 = 64 << 10;

/// Replaces each `{"secret": {...}}` in a tree by its token. `folder` is where relative paths of `file` begin.
pub(super) fn seal(value: &Value, place: &str, folder: &Path, vault: &Vault) -> Result<Value, RunError> {
    replace(value, place, folder, &mut |place, clear| json!(vault.register(&kind_of(place), &clear)))
}

/// The same tree with each secret as `{"secret": {"label": "<clear>"}}`: what a bench provider is given.
pub(super) fn reveal(value: &Value, place: &str, folder: &Path) -> Result<Value, RunError> {
    replace(value, place, folder, &mut |_, clear| json!({"secret": {"label": clear}}))
}

fn replace(
    value: &Value,
    place: &str,
    folder: &Path,
    with: &mut impl FnMut(&str, String) -> Value,
) -> Result<Value, RunError> {
    match value {
        Value::Object(map) => match secret_in(map) {
            Some(source) => Ok(with(place, read(source, place, folder)?)),
            None => {
                let entries = map
                    .iter()
                    .map(|(key, item)| Ok((key.clone(), replace(item, &format!("{place}.{key}"), folder, with)?)));
                entries.collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
        },
        Value::Array(items) => {
            items.iter().enumerate().map(|(n, item)| replace(item, &format!("{place}[{n}]"), folder, with)).collect()
        }
        other => Ok(other.clone()),
    }
}

fn secret_in(map: &Map<String, Value>) -> Option<&Map<String, Value>> {
    map.get("secret").filter(|_| map.len() == 1)?.as_object().filter(|source| source.len() == 1)
}

fn read(source: &Map<String, Value>, place: &str, folder: &Path) -> Result<String, RunError> {
    let error = |from: String, text: String| RunError::Secret { place: place.to_owned(), from, text };
    let Some((from, value)) = source.iter().next().map(|(k, v)| (k.as_str(), v)) else {
        return Err(error(String::new(), "`label`, `file` or `env` is expected".into()));
    };
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(), // an unquoted PIN
        _ => return Err(error(from.to_owned(), "a text is expected".into())),
    };
    match from {
        "label" => Ok(text),
        "env" => std::env::var(&text).map_err(|e| error(format!("environment variable {text}"), e.to_string())),
        "file" => {
            let path = folder.join(&text);
            let named = || format!("file {}", path.display());
            let size = std::fs::metadata(&path).map_err(|e| error(named(), e.to_string()))?.len();
            if size > LONGEST_BYTES {
                return Err(error(named(), format!("it has {size} bytes; at most 64 KiB are read")));
            }
            let content = std::fs::read_to_string(&path).map_err(|e| error(named(), e.to_string()))?;
            Ok(content.trim_end_matches(['\n', '\r']).to_owned())
        }
        other => Err(error(other.to_owned(), "`label`, `file` or `env` is expected".into())),
    }
}

/// The last word of its place: `samples[0].password` → `password`.
fn kind_of(place: &str) -> String {
    let last = place.rsplit('.').next().unwrap_or_default();
    last.split('[').next().unwrap_or_default().to_owned()
}
