//! Fields of a record, whatever it is written in: JSON, YAML, a table or definition list of a page, lines `Key: value`.

use serde_json::Value;

use super::source::Reading;
use super::words::excerpt;

/// Fields that are kept, at most.
const MOST: usize = 500;
/// Longest structured document.
const MAX_BYTES: usize = 256 * 1024;
/// Longest value, in characters.
const MAX_VALUE: usize = 2_000;

/// A record as read.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// `json`, `yaml`, `html`, `text`; empty where nothing could be read.
    pub(crate) format: &'static str,
    /// Keys in words, lower case, and values as text; lists joined by `; `.
    pub(crate) fields: Vec<(String, String)>,
}

impl Record {
    /// From a document. Never fails: what is no record has no fields.
    pub(crate) fn of(reading: &Reading) -> Self {
        if !reading.speaks() {
            return Self::default();
        }
        let html = reading.provenance.media_type.contains("html") || reading.raw.trim_start().starts_with('<');
        if html {
            return Self::of_page(reading);
        }
        if reading.raw.len() <= MAX_BYTES {
            if let Ok(Value::Object(map)) = serde_json::from_str::<Value>(&reading.raw) {
                return Self { format: "json", fields: flat(&map) };
            }
            // A text of sentences with colons is YAML only by accident: a record has short keys and more than one.
            if let Ok(Value::Object(map)) = serde_yaml::from_str::<Value>(&reading.raw)
                && map.len() > 1
                && map.keys().all(|k| k.len() < 60)
            {
                return Self { format: "yaml", fields: flat(&map) };
            }
        }
        Self { format: "text", fields: lines(reading) }
    }

    fn of_page(reading: &Reading) -> Self {
        let labelled = reading.page.blocks.iter().filter(|b| !b.label.is_empty() && b.label != b.text);
        let mut fields: Vec<(String, String)> = Vec::new();
        for block in labelled.take(MOST) {
            let key = words(&block.label);
            let value = shorten(&block.text);
            match fields.last_mut() {
                Some((last, text)) if *last == key => *text = shorten(&format!("{text}; {value}")),
                _ => fields.push((key, value)),
            }
        }
        for (key, value) in lines(reading) {
            if !fields.iter().any(|(k, _)| *k == key) {
                fields.push((key, value));
            }
        }
        Self { format: "html", fields }
    }

    /// The first value under a key that `wanted` accepts.
    pub(crate) fn find(&self, wanted: impl Fn(&str) -> bool) -> Option<&str> {
        self.fields.iter().find(|(key, _)| wanted(key)).map(|(_, value)| value.as_str())
    }
}

/// `Place of issue: London`.
fn lines(reading: &Reading) -> Vec<(String, String)> {
    let split = |line: &str| {
        let (key, value) = line.split_once(':')?;
        let short = (2..60).contains(&key.trim().len()) && !value.starts_with("//");
        short.then(|| (words(key), shorten(value.trim())))
    };
    reading.page.blocks.iter().filter_map(|b| split(&b.text)).take(MOST).collect()
}

fn flat(map: &serde_json::Map<String, Value>) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for (key, value) in map.iter().take(MOST) {
        // A wrapper such as `statement:` is no field of its own.
        match value {
            Value::Object(inner) if map.len() <= 3 && inner.len() > 3 => fields.extend(flat(inner)),
            _ => fields.push((words(key), shorten(&text(value)))),
        }
    }
    fields
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(s) => s.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("; "),
        Value::Object(map) => map.values().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn shorten(value: &str) -> String {
    if value.len() > MAX_VALUE { excerpt(value) } else { value.to_owned() }
}

/// `place_of_issue`, `placeOfIssue` and `Place of Issue` are the same words.
pub(crate) fn words(key: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in key.trim().chars().take(200) {
        if c.is_alphanumeric() {
            if c.is_uppercase() && lower {
                out.push(' ');
            }
            lower = c.is_lowercase();
            out.extend(c.to_lowercase());
        } else {
            lower = false;
            if !out.ends_with(' ') && !out.is_empty() {
                out.push(' ');
            }
        }
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::source::of_literal;
    use proptest::prelude::*;

    fn field(text: &str, key: &str) -> (&'static str, Option<String>) {
        let record = Record::of(&of_literal(text));
        (record.format, record.find(|k| k == key).map(str::to_owned))
    }

    #[test]
    fn the_same_record_is_read_out_of_every_form() {
        for (text, format) in [
            (r#"{"placeOfIssue": "London", "batch": ["a", "b"]}"#, "json"),
            (r#"{"statement": {"place_of_issue": "London", "a": 1, "b": 2, "c": 3}}"#, "json"),
            ("place_of_issue: London\nbatch: [a, b]\n", "yaml"),
            ("<dl><dt>Place of issue</dt><dd>London</dd></dl>", "html"),
            ("<table><tr><th>Place of issue</th><td>London</td></tr></table>", "html"),
            ("<p>Place of issue: London</p>", "html"),
            ("Statement of compliance\n\nPlace of issue: London\n", "text"),
        ] {
            assert_eq!(field(text, "place of issue"), (format, Some("London".into())), "{text}");
        }
        assert_eq!(field(r#"{"batch": ["a", "b"], "x": 1}"#, "batch").1, Some("a; b".into()));
    }

    #[test]
    fn a_yaml_bomb_is_no_record() {
        let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for (name, last) in
            ["b", "c", "d", "e", "f", "g", "h", "i", "j"].iter().zip(["a", "b", "c", "d", "e", "f", "g", "h", "i"])
        {
            bomb.push_str(&format!(
                "{name}: &{name} [*{last},*{last},*{last},*{last},*{last},*{last},*{last},*{last},*{last}]\n"
            ));
        }
        let record = Record::of(&of_literal(&bomb));
        assert!(record.fields.iter().map(|(_, v)| v.len()).sum::<usize>() < 100_000);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r#"([{}\[\]:,"'&*\n -]|[a-z]{1,3}|<dt>|<dd>|é){0,40}"#) {
            let _ = Record::of(&of_literal(&text));
        }
    }
}
