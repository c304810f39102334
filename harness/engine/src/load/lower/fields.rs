//! A mapping whose keys are known: unknown, missing and mistyped ones are reported once, here.

use std::time::Duration;

use assay_model::{Diagnostic, Effect, Span};

use super::Mistakes;
use crate::load::suggest;
use crate::load::tree::{Entry, Node, Yaml};

/// A mapping that has been looked at.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'n> {
    what: &'static str,
    node: &'n Node,
    mistakes: &'n Mistakes,
}

impl<'n> Fields<'n> {
    /// Opens a mapping. `what` names it in messages: `a unit`. Unknown keys are reported at once.
    pub(crate) fn open(what: &'static str, node: &'n Node, keys: &[&str], mistakes: &'n Mistakes) -> Option<Self> {
        let fields = Self::open_any(what, node, mistakes)?;
        for entry in node.entries() {
            if !keys.contains(&entry.key.as_str()) {
                let text = format!("{what} has no key `{}`", entry.key);
                mistakes.add(
                    Diagnostic::error("plan::unknown-key", text, Some(entry.key_span.clone()))
                        .help(suggest::of(&entry.key, keys, "it takes")),
                );
            }
        }
        Some(fields)
    }

    /// Opens a mapping with any keys.
    pub(crate) fn open_any(what: &'static str, node: &'n Node, mistakes: &'n Mistakes) -> Option<Self> {
        let fields = Self { what, node, mistakes };
        if matches!(node.value, Yaml::Map(_)) {
            return Some(fields);
        }
        fields.mistyped(node, what, "a mapping");
        None
    }

    pub(crate) fn mistakes(&self) -> &'n Mistakes {
        self.mistakes
    }

    pub(crate) fn entries(&self) -> &'n [Entry] {
        self.node.entries()
    }

    pub(crate) fn node(&self) -> &'n Node {
        self.node
    }

    /// A value that is there and not null.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.node.get(key).filter(|n| n.value != Yaml::Null)
    }

    pub(crate) fn require(&self, key: &str) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            // At the mapping's start, or at the empty value.
            let span = self.node.get(key).map_or_else(|| self.first(), |n| n.span.clone());
            let text = format!("{} needs `{key}`", self.what);
            self.mistakes.add(Diagnostic::error("plan::missing-key", text, Some(span)));
        }
        found
    }

    /// The first key: where a missing one is pointed at.
    pub(crate) fn first(&self) -> Span {
        self.node.entries().first().map_or_else(|| self.node.span.clone(), |e| e.key_span.clone())
    }

    /// Where the key stands; the whole mapping where it does not.
    pub(crate) fn key_span(&self, key: &str) -> Span {
        self.node.entries().iter().find(|e| e.key == key).map_or_else(|| self.first(), |e| e.key_span.clone())
    }

    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(|node| self.as_text(key, node))
    }

    pub(crate) fn require_text(&self, key: &str) -> Option<String> {
        let text = self.require(key).and_then(|node| self.as_text(key, node))?;
        if text.trim().is_empty() {
            let message = format!("`{key}` is empty");
            self.mistakes.add(Diagnostic::error("plan::empty", message, Some(self.node.get(key)?.span.clone())));
            return None;
        }
        Some(text)
    }

    pub(crate) fn as_text(&self, what: &str, node: &Node) -> Option<String> {
        let text = node.text().map(str::to_owned);
        if text.is_none() {
            self.mistyped(node, &format!("`{what}`"), "text");
        }
        text
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Node { value: Yaml::Bool(b), .. } => Some(*b),
            other => {
                self.mistyped(other, &format!("`{key}`"), "`true` or `false`");
                None
            }
        }
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn number(&self, key: &str, least: i64, most: i64) -> Option<i64> {
        self.get(key).and_then(|node| self.as_number(key, node, least, most))
    }

    pub(crate) fn as_number(&self, key: &str, node: &Node, least: i64, most: i64) -> Option<i64> {
        match node.value {
            Yaml::Int(n) if (least..=most).contains(&n) => Some(n),
            Yaml::Int(n) => {
                let text = format!("`{key}` is {n}, and must be {least} to {most}");
                self.mistakes.add(Diagnostic::error("plan::range", text, Some(node.span.clone())));
                None
            }
            _ => {
                self.mistyped(node, &format!("`{key}`"), "a whole number");
                None
            }
        }
    }

    /// A list; empty where the key is not there.
    pub(crate) fn list(&self, key: &str) -> &'n [Node] {
        match self.get(key) {
            None => &[],
            Some(Node { value: Yaml::List(items), .. }) => items,
            Some(other) => {
                self.mistyped(other, &format!("`{key}`"), "a list");
                &[]
            }
        }
    }

    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        self.list(key).iter().filter_map(|n| self.as_text(key, n)).collect()
    }

    /// Texts out of a closed list, with their places.
    pub(crate) fn words(&self, key: &str, known: &[&str]) -> Vec<(String, Span)> {
        let items = self.list(key).iter();
        items.filter_map(|n| Some((self.as_word(key, n, known)?, n.span.clone()))).collect()
    }

    pub(crate) fn word(&self, key: &str, known: &[&str]) -> Option<String> {
        self.get(key).and_then(|node| self.as_word(key, node, known))
    }

    pub(crate) fn as_word(&self, key: &str, node: &Node, known: &[&str]) -> Option<String> {
        let text = self.as_text(key, node)?;
        if known.contains(&text.as_str()) {
            return Some(text);
        }
        let message = format!("`{key}` cannot be `{text}`");
        self.mistakes.add(Diagnostic::error("plan::unknown-word", message, Some(node.span.clone())).help(suggest::of(
            &text,
            known,
            "it can be",
        )));
        None
    }

    pub(crate) fn effect(&self, key: &str) -> Option<Effect> {
        self.get(key).and_then(|node| self.as_effect(key, node))
    }

    pub(crate) fn as_effect(&self, key: &str, node: &Node) -> Option<Effect> {
        const ALL: [Effect; 4] = [Effect::Passive, Effect::Active, Effect::Disruptive, Effect::Destructive];
        let word = self.as_word(key, node, &ALL.map(Effect::word))?;
        ALL.into_iter().find(|e| e.word() == word)
    }

    /// `90 s`, `500 ms`, `2 min`, `1 h`: more than nothing and at most a day.
    pub(crate) fn duration(&self, key: &str) -> Option<Duration> {
        let node = self.get(key)?;
        let parsed = node.text().and_then(duration);
        if parsed.is_none() {
            let text = format!("`{key}` is no duration");
            self.mistakes.add(
                Diagnostic::error("plan::duration", text, Some(node.span.clone()))
                    .help("write a number and a unit: `500 ms`, `90 s`, `2 min`, `1 h`; at most 24 h"),
            );
        }
        parsed
    }

    pub(crate) fn mistyped(&self, node: &Node, what: &str, expected: &str) {
        let text = format!("{what} is {}, and {expected} is expected", node.kind());
        let mut diagnostic = Diagnostic::error("plan::type", text, Some(node.span.clone()));
        if expected == "text" && matches!(node.value, Yaml::Int(_) | Yaml::Float(_) | Yaml::Bool(_)) {
            let raw = node.span.file.text.get(node.span.bytes.clone()).unwrap_or_default();
            diagnostic = diagnostic.help(format!("quote it: \"{raw}\""));
        }
        self.mistakes.add(diagnostic);
    }
}

/// Holds the first line of every file: `assay: plan/1`.
pub(crate) fn header(fields: &Fields<'_>, expected: &str) {
    let Some(found) = fields.require_text("assay") else { return };
    if found != expected {
        let node = fields.get("assay");
        let (kind, version) = found.split_once('/').unwrap_or((&found, ""));
        let (wanted, _) = expected.split_once('/').unwrap_or((expected, ""));
        let help = if kind == wanted {
            format!("this program reads `{expected}`; version `{version}` needs another release")
        } else {
            format!("a file with `assay: {expected}` is expected here")
        };
        let text = format!("this file says `assay: {found}`");
        fields.mistakes().add(Diagnostic::error("file::kind", text, node.map(|n| n.span.clone())).help(help));
    }
}

/// `2026-11-20`, and a day that there is.
pub(crate) fn date(fields: &Fields<'_>, key: &str) -> Option<String> {
    let text = fields.text(key)?;
    if time::Date::parse(&text, time::macros::format_description!("[year]-[month]-[day]")).is_ok() {
        return Some(text);
    }
    let span = fields.get(key).map(|n| n.span.clone());
    let message = format!("`{text}` is no date");
    fields.mistakes().add(Diagnostic::error("plan::date", message, span).help("write it as 2026-11-20"));
    None
}

pub(crate) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = (text[..digits].parse::<f64>().ok()?, text[digits..].trim());
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3_600.0,
        _ => return None,
    } * number;
    let whole = Duration::try_from_secs_f64(seconds).ok()?;
    (!whole.is_zero() && whole <= Duration::from_secs(86_400)).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_number_and_a_unit() {
        assert_eq!(duration("90 s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("1.5 min"), Some(Duration::from_secs(90)));
        for bad in ["", "90", "s", "-1 s", "0 s", "90 sec", "25 h", "1e9 s", "nan s", "1..2 s"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }
}
