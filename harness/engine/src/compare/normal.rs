//! An observation as two runs can be held against each other: what no run can repeat is taken out.
//!
//! Taken out are times and speeds, ports that the operating system chose, random values, the run's own names of samples
//! and secrets. Lists are put in one order. What remains differs only where the DUT behaved otherwise.

use std::collections::HashMap;

use assay_model::results::{SampleResult, SharedObservation};
use serde_json::{Map, Value};

use super::strings::{Names, tags};

/// Ends of keys whose numbers measure time.
const TIMED: [&str; 4] = ["_ms", "_us", "_ns", "_per_minute"];
/// Keys whose values are chosen anew each time.
const CHOSEN: [&str; 13] = [
    "retry_after_s",
    "elapsed",
    "duration",
    "seed",
    "nonce",
    "session_id",
    "server_random",
    "client_random",
    "local_port",
    "source_port",
    "ephemeral_port",
    // Where an answers file stands on the bench; who answered and why stay.
    "source",
    "signed",
];
/// Of a certificate and of its key.
const DIGESTS: [&str; 2] = ["sha256", "key_sha256"];
/// Headers that differ from one request to the next.
const HEADERS: [&str; 7] = ["date", "expires", "last-modified", "age", "etag", "set-cookie", "x-request-id"];

/// The observations of one sample's unit, by step, with the shared ones that it rests on: comparable with those of
/// another run. Controls are left out: they speak of the lab, and one that runs once stands with whichever sample came
/// first.
pub(super) fn observations(result: &SampleResult, shared: &[&SharedObservation], names: &Names) -> Value {
    let of_dut = |name: &str| !result.controls.iter().any(|control| control.name == name);
    let own = result.steps.iter().filter(|s| of_dut(&s.name));
    let own = own.filter_map(|s| Some((&s.name, &s.sample, s.observation.as_ref()?)));
    let shared = shared.iter().map(|s| (&s.name, &s.sample, &s.observation));
    let mut steps = Map::new();
    for (name, sample, observation) in own.chain(shared) {
        let name = sample.as_ref().map_or_else(|| name.clone(), |sample| format!("{name} on {sample}"));
        let plain = plain(observation, names);
        // A loop's steps share a name.
        if let Some(rows) = steps.entry(name).or_insert_with(|| Value::Array(Vec::new())).as_array_mut() {
            rows.push(plain);
        }
    }
    let mut tags = HashMap::new();
    rename(&mut Value::Object(sorted(steps)), &mut tags)
}

fn sorted(mut steps: Map<String, Value>) -> Map<String, Value> {
    for rows in steps.values_mut() {
        if let Value::Array(items) = rows {
            order(items);
        }
    }
    steps.sort_keys();
    steps
}

fn plain(value: &Value, names: &Names) -> Value {
    match value {
        Value::String(text) => Value::String(names.plain(text)),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|v| plain(v, names)).collect();
            order(&mut items);
            Value::Array(items)
        }
        Value::Object(map) => {
            let mut out = Map::new();
            // How far a series got before a limit stopped it is a matter of time, and the limit stands beside it.
            let stopped = map.get("stopped").is_some_and(Value::is_string);
            let goes = |key: &str, inner: &Value| volatile(key, inner) || stopped && key == "tried";
            for (key, inner) in map.iter().filter(|(key, inner)| !goes(key, inner)) {
                let inner = if key == "headers" { headers(inner) } else { inner.clone() };
                out.insert(names.plain(key), plain(&inner, names));
            }
            if out.contains_key("key_sha256") {
                DIGESTS.iter().for_each(|key| masked(&mut out, key));
            }
            out.sort_keys();
            Value::Object(out)
        }
        other => other.clone(),
    }
}

/// A certificate's digests, as the tag of a secret: a unit may make its key when it is set up, but two that share one do.
fn masked(certificate: &mut Map<String, Value>, key: &str) {
    if let Some(Value::String(digest)) = certificate.get_mut(key)
        && let Some(short) = digest.get(..8)
    {
        *digest = format!("#{short}");
    }
}

fn volatile(key: &str, value: &Value) -> bool {
    let measured = |v: &Value| v.is_number() || v.is_null();
    let timed = TIMED.iter().any(|end| key.ends_with(end));
    (timed && (measured(value) || value.as_array().is_some_and(|all| all.iter().all(measured))))
        || CHOSEN.contains(&key)
}

fn headers(value: &Value) -> Value {
    let goes = |name: &str| HEADERS.contains(&name.to_ascii_lowercase().as_str());
    match value {
        Value::Object(map) => {
            Value::Object(map.iter().filter(|(k, _)| !goes(k)).map(|(k, v)| (k.clone(), v.clone())).collect())
        }
        Value::Array(rows) => {
            let name = |row: &Value| row.get("name").or_else(|| row.get(0)).and_then(Value::as_str).map(str::to_owned);
            Value::Array(rows.iter().filter(|row| !name(row).is_some_and(|n| goes(&n))).cloned().collect())
        }
        other => other.clone(),
    }
}

/// By what the items say, tags of secrets aside: those are drawn anew in each run.
fn order(items: &mut [Value]) {
    items.sort_by_cached_key(|item| tags_in(&item.to_string()));
}

fn tags_in(text: &str) -> String {
    tags(text, &mut |_| String::new())
}

/// Tags by order of appearance: two runs agree on which secrets are equal, never on their tags.
fn rename(value: &mut Value, seen: &mut HashMap<String, usize>) -> Value {
    match value {
        Value::String(text) => {
            let mut name = |tag: &str| {
                let next = seen.len() + 1;
                format!("#{}", seen.entry(tag.to_owned()).or_insert(next))
            };
            Value::String(tags(text, &mut name))
        }
        Value::Array(items) => Value::Array(items.iter_mut().map(|v| rename(v, seen)).collect()),
        Value::Object(map) => Value::Object(map.iter_mut().map(|(k, v)| (k.clone(), rename(v, seen))).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn normal(observation: Value) -> Value {
        let mut seen = HashMap::new();
        rename(&mut plain(&observation, &Names::default()), &mut seen)
    }

    #[test]
    fn times_order_and_tags_do_not_count_and_a_new_port_does() {
        let tag = |t: &str| format!("[[REDACTED R-0001 password 12ch #{t}]]");
        let first = json!({"rtt_ms": 13, "delays_ms": [1, 2], "open": [{"port": 80}, {"port": 22}], "seed": 7,
            "a": tag("aaaaaaaa"), "b": tag("bbbbbbbb"), "headers": {"Date": "x", "server": "y"}});
        let again = json!({"rtt_ms": 9, "delays_ms": [4, 2], "open": [{"port": 22}, {"port": 80}], "seed": 8,
            "a": tag("cccccccc"), "b": tag("dddddddd"), "headers": {"Date": "z", "server": "y"}});
        assert_eq!(normal(first.clone()), normal(again));
        let mut other = first.clone();
        other["open"] = json!([{"port": 22}, {"port": 80}, {"port": 40000}]);
        assert_ne!(normal(first.clone()), normal(other), "a port from 32768 on is a finding where it is open");
        let mut shared = first.clone();
        shared["b"] = first["a"].clone();
        assert_ne!(normal(first), normal(shared), "two secrets that became one");
    }

    #[test]
    fn how_far_a_stopped_series_got_does_not_count_and_a_whole_one_does() {
        let series = |stopped: Option<&str>, tried: u32| normal(json!({"stopped": stopped, "tried": tried}));
        assert_eq!(series(Some("delay"), 3), series(Some("delay"), 4));
        assert_ne!(series(Some("delay"), 3), series(Some("lockout"), 3));
        assert_ne!(series(None, 3), series(None, 4));
    }

    #[test]
    fn keys_made_anew_do_not_count_and_a_key_that_two_share_does() {
        let chains = |first: &str, second: &str| {
            let link = |key: &str| json!({"subject": "CN=x", "key_sha256": key.repeat(16), "sha256": key.repeat(16)});
            normal(json!({"s1": [link(first)], "s2": [link(second)]}))
        };
        assert_eq!(chains("aaaa", "bbbb"), chains("cccc", "dddd"));
        assert_ne!(chains("aaaa", "bbbb"), chains("cccc", "cccc"));
        assert_ne!(normal(json!({"page": {"sha256": "aa"}})), normal(json!({"page": {"sha256": "bb"}})));
    }

    #[test]
    fn a_limit_that_is_no_measurement_stays() {
        assert_ne!(normal(json!({"limit_ms": "none"})), normal(json!({"limit_ms": "some"})));
    }
}
