//! Single values of YAML, quoted wherever a reader could take them for something else.

use serde_json::Value;

/// A key.
pub(super) fn key(key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_alphanumeric())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
        && key.chars().any(|c| c.is_ascii_alphabetic() && c != 'e' && c != 'x' && c != 'o')
        && !is_word(key);
    if plain { key.to_owned() } else { quoted(key) }
}

/// A text as the value of a key at `depth`: plain, in quotes, or folded below where it is long.
pub(super) fn text(text: &str, depth: usize, room: usize) -> String {
    if is_plain(text) && text.len() <= room {
        return text.to_owned();
    }
    let folds = text.len() > room
        && text.chars().all(|c| c == ' ' || is_printable(c))
        && text.trim() == text
        && !text.contains("  ");
    if !folds {
        return quoted(text);
    }
    let indent = "  ".repeat(depth + 1);
    let lines: Vec<String> = wrapped(text, 112 - 2 * depth).iter().map(|line| format!("\n{indent}{line}")).collect();
    format!(">-{}", lines.concat())
}

/// A value on one line of at most `room` bytes; `None` where it does not fit.
pub(super) fn flow(value: &Value, room: usize) -> Option<String> {
    let text = match value {
        Value::String(text) if is_plain(text) && !text.contains([',', '[', ']', '{', '}', '?']) => text.clone(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|v| flow(v, usize::MAX)).collect::<Option<_>>()?;
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let entry =
                |(key, value): (&String, &Value)| Some(format!("{}: {}", self::key(key), flow(value, usize::MAX)?));
            format!("{{ {} }}", map.iter().map(entry).collect::<Option<Vec<_>>>()?.join(", "))
        }
        other => other.to_string(),
    };
    (text.len() <= room).then_some(text)
}

/// JSON's strings are YAML's, once what YAML does not print is escaped.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for c in Value::from(text).to_string().chars() {
        if c.is_ascii() && c != '\u{7f}' || is_printable(c) {
            out.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}

/// Whether YAML shows it as it is, and reads it back as it was.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a1}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{ad}' | '\u{e000}'..='\u{f8ff}' | '\u{200b}'..='\u{200f}')
}

/// Words, numbers and dates that would not be read as text.
fn is_word(text: &str) -> bool {
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    words.contains(&text.to_lowercase().as_str())
}

/// Whether a text needs no quotes as a value on one line.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !is_word(text)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains("${")
        && text.chars().all(is_printable)
        && !text.contains("  ")
}

/// A text in lines of at most `width` bytes, broken at single blanks; a longer word has a line of its own.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.len() - 1;
        if !lines[line].is_empty() && lines[line].len() + 1 + word.len() > width {
            lines.push(word.to_owned());
        } else {
            if !lines[line].is_empty() {
                lines[line].push(' ');
            }
            lines[line].push_str(word);
        }
    }
    lines
}
