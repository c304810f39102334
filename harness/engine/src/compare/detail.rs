//! Where two observations differ, in a few short lines.

use serde_json::Value;

/// Lines in all, and characters of one value.
const MOST: usize = 6;
const LONGEST: usize = 160;

/// `ports.open: + {"port":9999}`: at most a handful of lines, deepest place first named.
pub(super) fn differences(old: &Value, new: &Value) -> Vec<String> {
    let mut out = Vec::new();
    walk("", old, new, &mut out);
    if out.len() > MOST {
        let more = out.len() - MOST;
        out.truncate(MOST);
        out.push(format!("and {more} more"));
    }
    out
}

fn walk(place: &str, old: &Value, new: &Value, out: &mut Vec<String>) {
    if old == new {
        return;
    }
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, left) in a {
                let here = below(place, key);
                match b.get(key) {
                    Some(right) => walk(&here, left, right, out),
                    None => out.push(format!("{here}: - {}", short(left))),
                }
            }
            for (key, right) in b.iter().filter(|(k, _)| !a.contains_key(*k)) {
                out.push(format!("{}: + {}", below(place, key), short(right)));
            }
        }
        // A step that ran once: its only row is the place.
        (Value::Array(a), Value::Array(b)) if a.len() == 1 && b.len() == 1 => walk(place, &a[0], &b[0], out),
        (Value::Array(a), Value::Array(b)) => {
            let mut left: Vec<&Value> = b.iter().collect();
            for item in a {
                match left.iter().position(|other| *other == item) {
                    Some(at) => drop(left.remove(at)),
                    None => out.push(format!("{place}: - {}", short(item))),
                }
            }
            out.extend(left.into_iter().map(|item| format!("{place}: + {}", short(item))));
        }
        _ => out.push(format!("{place}: {} -> {}", short(old), short(new))),
    }
}

fn below(place: &str, key: &str) -> String {
    if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        None => text,
        Some((at, _)) => format!("{}...", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_the_place_and_what_came_and_went() {
        let old = json!({"scan": [{"open": [{"port": 22}], "up": true}], "gone": [1]});
        let new = json!({"scan": [{"open": [{"port": 22}, {"port": 9999}], "up": false}]});
        assert_eq!(differences(&old, &new), ["scan.open: + {\"port\":9999}", "scan.up: true -> false", "gone: - [1]"]);
        assert_eq!(differences(&old, &old), [""; 0]);
        let many: Value = (0..20).collect::<Vec<_>>().into();
        let lines = differences(&json!({"a": [], "b": 1}), &json!({"a": many, "b": 1}));
        assert_eq!((lines.len(), lines[MOST].as_str()), (MOST + 1, "and 14 more"));
        assert!(differences(&json!("é".repeat(500)), &json!(1))[0].len() < 1000);
    }
}
