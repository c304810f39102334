//! One parse of a YAML text into a tree in which every key and value knows its place.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use assay_model::{Diagnostic, SourceFile, Span};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Error, Location, Spanned};

use super::scan;
use crate::expr::{Place, on_big_stack};

/// Deepest nesting of lists and mappings.
pub(crate) const MAX_DEPTH: usize = 40;
/// Most nodes in one file, aliases expanded.
pub(crate) const MAX_NODES: usize = 50_000;

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Node {
    /// The value.
    pub value: Yaml,
    /// Where it stands: of a quoted text, with its quotes.
    pub span: Span,
}

/// A YAML value, by the core schema of YAML 1.2: `yes` and `off` are texts.
#[derive(Debug, Clone, PartialEq)]
pub enum Yaml {
    /// Nothing, `null` or `~`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the file; keys differ.
    Map(Vec<Entry>),
}

/// One entry of a mapping.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key, as written.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.value == other.value
    }
}

impl Node {
    /// The value under `key`, where this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|e| e.key == key).map(|e| &e.value)
    }

    /// The entries, where this is a mapping.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Yaml::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The text, where this is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Yaml::Text(text) => Some(text),
            _ => None,
        }
    }

    /// As JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        match &self.value {
            Yaml::Null => Value::Null,
            Yaml::Bool(b) => Value::Bool(*b),
            Yaml::Int(i) => Value::from(*i),
            Yaml::Float(f) => Value::from(*f),
            Yaml::Text(t) => Value::String(t.clone()),
            Yaml::List(items) => Value::Array(items.iter().map(Self::json).collect()),
            Yaml::Map(entries) => Value::Object(entries.iter().map(|e| (e.key.clone(), e.value.json())).collect()),
        }
    }

    /// What it is, for messages: `a list`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.value {
            Yaml::Null => "nothing",
            Yaml::Bool(_) => "true or false",
            Yaml::Int(_) => "a whole number",
            Yaml::Float(_) => "a number",
            Yaml::Text(_) => "text",
            Yaml::List(_) => "a list",
            Yaml::Map(_) => "a mapping",
        }
    }

    /// Where each byte of `text`, the decoded form of this scalar, stands in the file.
    #[must_use]
    pub fn place_of(&self, text: &str) -> Place {
        let file = &self.span.file;
        let (start, end) = (self.span.bytes.start, self.span.bytes.end);
        let raw = file.text.get(start..end).unwrap_or_default();
        if raw == text {
            return Place::new(Arc::clone(file), (start..=end).collect());
        }
        // Quoted, folded or block: what was left out (escapes, indentation, headers) is skipped, in order.
        let mut left = raw.char_indices().peekable();
        if raw.starts_with(['|', '>']) {
            while left.next_if(|(_, c)| *c != '\n').is_some() {}
        }
        let mut at = Vec::with_capacity(text.len() + 1);
        let mut last = start;
        for wanted in text.chars() {
            let same = |c: char| c == wanted || wanted == ' ' && c == '\n' || wanted == '\n' && c == 'n';
            let mut ahead = left.clone();
            if let Some((found, _)) = ahead.find(|(_, c)| same(*c)) {
                last = start + found;
                left = ahead;
            }
            at.extend(std::iter::repeat_n(last, wanted.len_utf8())); // spans are widened to whole characters
        }
        at.push(if text.is_empty() { start } else { end });
        Place::new(Arc::clone(file), at)
    }
}

/// Parses a file.
///
/// # Errors
/// No YAML, more than one document, a duplicate key, a tab as indentation, or more nodes, nesting or aliases than any
/// honest file has.
pub fn parse(file: &Arc<SourceFile>) -> Result<Node, Box<Diagnostic>> {
    let scan = scan::scan(&file.text);
    let spot = |at: usize| Some(Span { file: Arc::clone(file), bytes: at..at + 1 });
    if let Some(at) = scan.tab {
        let text = "a tab indents this line, and YAML allows spaces only";
        return Err(Box::new(Diagnostic::error("yaml::tab", text, spot(at)).help("replace the tab by spaces")));
    }
    if let Some(at) = scan.reserved {
        let text = "this private-use character is not allowed here";
        return Err(Box::new(Diagnostic::error("yaml::character", text, spot(at))));
    }
    let chars = Chars::of(&file.text);
    let raw: Spanned<Raw> = on_big_stack(|| {
        serde_saphyr::from_str_with_options(&scan.text, options())
            .map_err(|e| Box::new(wrong(file, &chars, e.without_snippet())))
    })?;
    Ok(placed(file, &chars, raw))
}

/// Parses files at the same time, as many as the machine has cores; the results stand in the order of the files.
pub fn parse_all(files: &[Arc<SourceFile>]) -> Vec<Result<Node, Box<Diagnostic>>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let parsed: Vec<OnceLock<_>> = files.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((file, slot)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|n| files.get(n).zip(parsed.get(n)))
        {
            let _ = slot.set(parse(file));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..cores.min(files.len()) {
            // Where no further thread is to be had, those that are there do it all.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    // Every slot is filled by now.
    parsed.into_iter().zip(files).map(|(slot, file)| slot.into_inner().unwrap_or_else(|| parse(file))).collect()
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_recorded_anchor_events: MAX_NODES,
            max_documents: 2,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: 16,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    }
}

/// Byte offsets by character.
struct Chars(Vec<usize>);

impl Chars {
    fn of(text: &str) -> Self {
        Self(text.char_indices().map(|(at, _)| at).chain([text.len()]).collect())
    }

    fn byte(&self, at: u64) -> usize {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        self.0.get(at).or(self.0.last()).copied().unwrap_or_default()
    }

    fn span(&self, file: &Arc<SourceFile>, at: Location) -> Span {
        let span = at.span();
        let (start, end) = (self.byte(span.offset()), self.byte(span.offset().saturating_add(span.len())));
        // The parser counts the line breaks after a block to it; a caret should not.
        let trimmed = file.text.get(start..end).map_or(end, |raw| start + raw.trim_end().len());
        Span { file: Arc::clone(file), bytes: start..trimmed }
    }
}

fn placed(file: &Arc<SourceFile>, chars: &Chars, raw: Spanned<Raw>) -> Node {
    let span = chars.span(file, raw.referenced);
    let value = match raw.value {
        Raw::Null => Yaml::Null,
        Raw::Bool(b) => Yaml::Bool(b),
        Raw::Int(i) => Yaml::Int(i),
        Raw::Float(f) => Yaml::Float(f),
        Raw::Text(t) => Yaml::Text(scan::restore(&t)),
        Raw::List(items) => Yaml::List(items.into_iter().map(|i| placed(file, chars, i)).collect()),
        Raw::Map(entries) => Yaml::Map(
            entries
                .into_iter()
                .map(|(key, value)| Entry {
                    key_span: chars.span(file, key.referenced),
                    key: scan::restore(&key.value),
                    value: placed(file, chars, value),
                })
                .collect(),
        ),
    };
    Node { value, span }
}

fn wrong(file: &Arc<SourceFile>, chars: &Chars, error: &Error) -> Diagnostic {
    let place = error.location().filter(|at| at.line() > 0).map(|at| {
        let mut span = chars.span(file, at);
        if span.bytes.is_empty() {
            // Past the end of the text there is nothing to point at: the last character that is there.
            let text = file.text.trim_end();
            span.bytes.start = span.bytes.start.min(text.len().saturating_sub(1));
            span.bytes.end = span.bytes.start + 1;
        }
        span
    });
    let (code, text, help) = explain(error);
    let diagnostic = Diagnostic::error(code, text, place);
    if help.is_empty() { diagnostic } else { diagnostic.help(help) }
}

fn explain(error: &Error) -> (&'static str, String, &'static str) {
    match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            let key = scan::restore(key);
            ("yaml::duplicate-key", format!("the key `{key}` stands here a second time"), "keep one of the two")
        }
        Error::DuplicateMappingKey { .. } => {
            ("yaml::duplicate-key", "this key stands here a second time".into(), "keep one of the two")
        }
        Error::MultipleDocuments { .. } => {
            ("yaml::documents", "a second document starts here".into(), "one file holds one document: remove the `---`")
        }
        Error::MergeKeyNotAllowed { .. } => {
            ("yaml::merge", "`<<` is not supported".into(), "write the keys out, or share units by `include`")
        }
        Error::UnknownAnchor { .. } => ("yaml::anchor", "no anchor of this name comes before".into(), ""),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. } => too_much(),
        Error::AliasError { error, .. } => explain(error),
        Error::NonFiniteFloat { value, .. } => {
            ("yaml::number", format!("`{value}` is no finite number"), "quote it if it is text")
        }
        other => {
            let text = other.to_string();
            let text = text.split(" at line ").next().unwrap_or(&text);
            let text = scan::restore(text.lines().next().unwrap_or(text).trim());
            if text.contains("recursion limit") || text.contains("nesting") {
                return too_much();
            }
            let quotes = "inside `{ }` and `[ ]` a value with brackets, a comma or `: ` in it needs quotes";
            ("yaml::syntax", format!("this is no YAML: {text}"), if text.contains("flow") { quotes } else { "" })
        }
    }
}

fn too_much() -> (&'static str, String, &'static str) {
    (
        "yaml::too-much",
        format!("the file nests deeper than {MAX_DEPTH}, or holds more than {MAX_NODES} values"),
        "no honest file needs this; write values out instead of anchors",
    )
}

/// A value as the parser gives it.
enum Raw {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct AnyValue;
        impl<'de> Visitor<'de> for AnyValue {
            type Value = Raw;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }
            fn visit_none<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }
            fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Raw, D::Error> {
                Raw::deserialize(d)
            }
            fn visit_bool<E>(self, v: bool) -> Result<Raw, E> {
                Ok(Raw::Bool(v))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Raw, E> {
                Ok(Raw::Int(v))
            }
            fn visit_u64<E: serde::de::Error>(self, v: u64) -> Result<Raw, E> {
                i64::try_from(v).map(Raw::Int).map_err(|_| E::custom(format!("{v} is too large a number; quote it")))
            }
            fn visit_i128<E: serde::de::Error>(self, v: i128) -> Result<Raw, E> {
                i64::try_from(v).map(Raw::Int).map_err(|_| E::custom(format!("{v} is too large a number; quote it")))
            }
            fn visit_u128<E: serde::de::Error>(self, v: u128) -> Result<Raw, E> {
                i64::try_from(v).map(Raw::Int).map_err(|_| E::custom(format!("{v} is too large a number; quote it")))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Raw, E> {
                Ok(Raw::Float(v))
            }
            fn visit_str<E>(self, v: &str) -> Result<Raw, E> {
                Ok(Raw::Text(v.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Raw::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
                let mut entries: Vec<(Spanned<String>, Spanned<Raw>)> = Vec::new();
                while let Some(key) = map.next_key()? {
                    entries.push((key, map.next_value()?));
                }
                if entries.len() > MAX_NODES {
                    return Err(A::Error::custom("too many keys"));
                }
                Ok(Raw::Map(entries))
            }
        }
        d.deserialize_any(AnyValue)
    }
}

#[cfg(test)]
mod tests;
