//! The search: one automaton over all keywords in all forms, then the rule's pattern in a window around each hit.
//!
//! Linear in the input: patterns are linear by construction, windows are bounded, and so is how often a rule is tried.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::bytes::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::Serialize;

use super::forms::{self, Form};
use super::hashes;
use super::rules::{RULES, Rule};

/// Bytes of context that a pattern may need before and after its keyword.
const BEFORE: usize = 1024;
const AFTER: usize = 20 * 1024;
/// Input is scanned in blocks of at least so many bytes.
const BLOCK: usize = 512 * 1024;
/// Findings of one rule that are kept; the rest is counted.
const MAX_FINDINGS: usize = 100;
/// Hits of one rule that are looked at: an image full of keywords must not take for ever.
const MAX_TRIES: u32 = 1_000_000;

/// A value that must not turn up: planted, or known from the dossier.
#[derive(Debug, Clone)]
pub struct Canary {
    /// How findings call it.
    pub name: String,
    /// The value; shorter than four bytes it is not looked for.
    pub value: Vec<u8>,
}

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct SearchOptions {
    /// Names of rules; empty means all.
    pub rules: Vec<String>,
    /// Values that must not turn up.
    pub canaries: Vec<Canary>,
}

/// What was found, as observations hold it: never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// The rule's name, or `canary:` and the canary's name.
    pub rule: String,
    /// What it is, for a person.
    pub what: String,
    /// Byte offset of the secret in the input (of its keyword where it was encoded).
    pub offset: u64,
    /// Length of the secret in bytes, decoded.
    pub length: u64,
    /// How it was written.
    pub form: Form,
    /// What stood before the secret in the same match, and the secret masked.
    pub excerpt: String,
    /// Scheme of a password hash, and the public default password it hides, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether the secret is a default password's hash: public, and the worse for it.
    pub default_password: bool,
}

/// A finding with its secret, for the caller to register before it goes anywhere.
#[derive(Clone)]
pub struct Found {
    /// The observation's part.
    pub finding: Finding,
    /// The secret.
    pub secret: Vec<u8>,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.finding.fmt(f)
    }
}

/// A rule's pattern, compiled when it is first needed: all of them together take longer than most searches.
fn pattern(rule: usize) -> Option<&'static Regex> {
    static COMPILED: [OnceLock<Option<Regex>>; RULES.len()] = [const { OnceLock::new() }; RULES.len()];
    // A test compiles every pattern, so `None` does not occur.
    COMPILED[rule].get_or_init(|| RegexBuilder::new(RULES[rule].pattern).unicode(false).build().ok()).as_ref()
}

/// What an automaton pattern stands for.
#[derive(Debug, Clone, Copy)]
struct Needle {
    what: What,
    form: Form,
    /// For base64: characters of its group before the hit.
    before: u8,
    length: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Rule(usize),
    Canary(usize),
}

/// A search under way: feed it, then finish it.
#[derive(Clone)]
pub struct Search {
    automaton: AhoCorasick,
    needles: Vec<Needle>,
    canaries: Vec<Canary>,
    /// Input not dealt with yet, with `BEFORE` bytes of what was.
    buffer: Vec<u8>,
    /// Offset of the buffer in the input.
    base: u64,
    /// Offset in the input up to which hits were looked at.
    done: u64,
    found: Vec<(Range<u64>, Found)>,
    seen: BTreeSet<(What, u64)>,
    tries: Vec<u32>,
    omitted: u64,
}

/// What a search came to.
#[derive(Debug, Clone)]
pub struct SearchResult {
    /// By offset.
    pub found: Vec<Found>,
    /// Findings that were only counted, and hits that were not looked at for their number.
    pub omitted: u64,
    /// Bytes searched.
    pub searched: u64,
}

/// The options name what does not exist, or too much.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// No such rule.
    #[error("there is no rule `{0}`")]
    NoSuchRule(String),
    /// The automaton over rules and canaries would be too large.
    #[error("the values to look for are too many or too long: {0}")]
    TooLarge(String),
}

impl Search {
    /// A search for what the options name.
    ///
    /// # Errors
    /// A rule that does not exist; canaries too large for an automaton.
    pub fn new(options: SearchOptions) -> Result<Self, SearchError> {
        if let Some(unknown) = options.rules.iter().find(|name| RULES.iter().all(|r| r.name != *name)) {
            return Err(SearchError::NoSuchRule(unknown.clone()));
        }
        let mut needles = Vec::new();
        let mut patterns = Vec::new();
        let mut add = |what, form, before, bytes: Vec<u8>| {
            needles.push(Needle { what, form, before, length: bytes.len() });
            patterns.push(bytes);
        };
        let wanted = |rule: &Rule| options.rules.is_empty() || options.rules.iter().any(|name| name == rule.name);
        for (n, rule) in RULES.iter().enumerate().filter(|(_, rule)| wanted(rule)) {
            for keyword in rule.keywords {
                add(What::Rule(n), Form::Plain, 0, keyword.to_vec());
                if keyword.is_ascii() && !keyword.iter().any(u8::is_ascii_control) {
                    add(What::Rule(n), Form::Utf16, 0, forms::utf16(keyword));
                }
                for (before, text) in forms::base64(keyword) {
                    add(What::Rule(n), Form::Base64, before, text);
                }
            }
        }
        for (n, canary) in options.canaries.iter().enumerate().filter(|(_, c)| c.value.len() >= 4) {
            add(What::Canary(n), Form::Plain, 0, canary.value.clone());
            add(What::Canary(n), Form::Utf16, 0, forms::utf16(&canary.value));
            for (before, text) in forms::base64(&canary.value) {
                add(What::Canary(n), Form::Base64, before, text);
            }
            let hex = hex::encode(&canary.value);
            add(What::Canary(n), Form::Hex, 0, hex.to_uppercase().into_bytes());
            add(What::Canary(n), Form::Hex, 0, hex.into_bytes());
        }
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::Standard)
            .build(&patterns)
            .map_err(|e| SearchError::TooLarge(e.to_string()))?;
        Ok(Self {
            automaton,
            tries: vec![0; RULES.len() + options.canaries.len()],
            needles,
            canaries: options.canaries,
            buffer: Vec::new(),
            base: 0,
            done: 0,
            found: Vec::new(),
            seen: BTreeSet::new(),
            omitted: 0,
        })
    }

    /// Searches a whole text at once.
    ///
    /// # Errors
    /// As [`Search::new`].
    pub fn once(bytes: &[u8], options: SearchOptions) -> Result<SearchResult, SearchError> {
        let mut search = Self::new(options)?;
        search.feed(bytes);
        Ok(search.finish())
    }

    /// Takes the next bytes of the input; pieces may be cut anywhere.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = (BEFORE + AFTER + BLOCK).saturating_sub(self.buffer.len()).max(1);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() >= BEFORE + AFTER + BLOCK {
                self.scan(self.buffer.len() - AFTER);
                let keep = self.buffer.len() - AFTER - BEFORE;
                self.buffer.drain(..keep);
                self.base += keep as u64;
            }
        }
    }

    /// Searches what is left and returns everything found.
    #[must_use]
    pub fn finish(mut self) -> SearchResult {
        self.scan(self.buffer.len());
        let searched = self.base + self.buffer.len() as u64;
        // A key's PEM text is found as PEM, and its body again as base64 of DER: what lies inside another is the same secret.
        let mut found = std::mem::take(&mut self.found);
        found.sort_by_key(|(range, f)| (range.start, u64::MAX - range.end, f.finding.form));
        let mut kept: Vec<(Range<u64>, Found)> = Vec::new();
        for (range, f) in found {
            let canary = f.finding.rule.starts_with("canary:");
            let inside = |(outer, by): &(Range<u64>, Found)| {
                !canary
                    && !by.finding.rule.starts_with("canary:")
                    && outer.start <= range.start
                    && range.end <= outer.end
            };
            if !kept.iter().rev().take(16).any(inside) {
                kept.push((range, f));
            }
        }
        SearchResult { found: kept.into_iter().map(|(_, f)| f).collect(), omitted: self.omitted, searched }
    }

    /// Looks at the hits that begin before `end` in the buffer and were not looked at.
    fn scan(&mut self, end: usize) {
        let buffer = std::mem::take(&mut self.buffer);
        let automaton = self.automaton.clone(); // shared inside; the search itself changes while it runs
        for hit in automaton.find_overlapping_iter(&buffer) {
            let at = self.base + hit.start() as u64;
            if hit.start() < end && at >= self.done {
                self.look(&buffer, hit.start(), self.needles[hit.pattern().as_usize()]);
            }
        }
        self.done = self.done.max(self.base + end as u64);
        self.buffer = buffer;
    }

    fn look(&mut self, buffer: &[u8], hit: usize, needle: Needle) {
        let slot = match needle.what {
            What::Rule(n) => n,
            What::Canary(n) => RULES.len() + n,
        };
        if self.tries[slot] >= MAX_TRIES {
            self.omitted += 1;
            return;
        }
        self.tries[slot] += 1;
        match needle.what {
            What::Canary(n) => self.canary(n, buffer, hit, needle),
            What::Rule(n) => self.rule(n, buffer, hit, needle),
        }
    }

    fn canary(&mut self, n: usize, buffer: &[u8], hit: usize, needle: Needle) {
        let canary = &self.canaries[n];
        if needle.form == Form::Base64 {
            let decoded = forms::decode(buffer, hit, needle.before, canary.value.len() + 8).unwrap_or_default();
            if !decoded.windows(canary.value.len()).any(|w| w == canary.value) {
                return;
            }
        }
        let at = self.base + hit as u64;
        let finding = Finding {
            rule: format!("canary:{}", canary.name),
            what: "a value that must not be here".into(),
            offset: at,
            length: canary.value.len() as u64,
            form: needle.form,
            excerpt: mask(b"", canary.value.len()),
            note: None,
            default_password: false,
        };
        let secret = canary.value.clone();
        self.keep(needle.what, at, at..at + needle.length as u64, Found { finding, secret });
    }

    fn rule(&mut self, n: usize, buffer: &[u8], hit: usize, needle: Needle) {
        let rule = &RULES[n];
        let start = hit.saturating_sub(BEFORE);
        let window = &buffer[start..buffer.len().min(hit + AFTER)];
        let at = self.base + hit as u64;
        match needle.form {
            Form::Utf16 => {
                for big_endian in [false, true] {
                    let (narrow, hit) = forms::narrow(window, hit - start, big_endian, rule.reach);
                    if let Some((whole, secret)) = matched(n, &narrow, hit) {
                        let found = found(rule, &narrow, &whole, &secret, Form::Utf16, at);
                        return self.keep(needle.what, at, at..at + 2 * whole.len() as u64, found);
                    }
                }
            }
            Form::Base64 => {
                let Some(decoded) = forms::decode(window, hit - start, needle.before, rule.reach) else { return };
                let near = rule.keywords.iter().find_map(|k| memchr::memmem::find(&decoded, k));
                let Some(near) = near else { return };
                if let Some((whole, secret)) = matched(n, &decoded, near) {
                    let found = found(rule, &decoded, &whole, &secret, Form::Base64, at);
                    self.keep(needle.what, at, at..at + whole.len() as u64 * 4 / 3, found);
                }
            }
            Form::Plain | Form::Hex => {
                if let Some((whole, secret)) = matched(n, window, hit - start) {
                    let base = self.base + start as u64;
                    let at = base + secret.start as u64;
                    let found = found(rule, window, &whole, &secret, Form::Plain, at);
                    self.keep(needle.what, at, base + whole.start as u64..base + whole.end as u64, found);
                }
            }
        }
    }

    fn keep(&mut self, what: What, at: u64, range: Range<u64>, found: Found) {
        if !self.seen.insert((what, at)) {
            return;
        }
        if self.found.iter().filter(|(_, f)| f.finding.rule == found.finding.rule).count() >= MAX_FINDINGS {
            self.omitted += 1;
        } else {
            self.found.push((range, found));
        }
    }
}

/// The match of rule `n` that covers the hit: all of it, and the secret in it.
fn matched(n: usize, text: &[u8], hit: usize) -> Option<(Range<usize>, Range<usize>)> {
    let rule = &RULES[n];
    let text = &text[..text.len().min(hit + rule.reach)];
    if let Some(near) = rule.near {
        memchr::memchr(near, text.get(hit..text.len().min(hit + 200))?)?;
    }
    // Patterns begin at most so far to the left of their keyword.
    const REACH: usize = 64;
    let from = hit.saturating_sub(if rule.name == "private-key-pem" { 2 * REACH } else { REACH });
    let regex = pattern(n)?;
    let mut at = from;
    while at <= hit {
        let captures = regex.captures_at(text, at)?;
        let whole = captures.get(0)?.range();
        if whole.start > hit {
            return None;
        }
        let secret = captures.iter().skip(1).flatten().next().map_or(whole.clone(), |m| m.range());
        let value = &text[secret.clone()];
        let likely = entropy(value) >= rule.entropy
            && (!rule.digit || value.iter().any(u8::is_ascii_digit))
            && !says_none(value)
            && (rule.name != "private-key-pem" || forms::longest_run(value) >= 16);
        if whole.contains(&hit) && likely {
            return Some((whole, secret));
        }
        at = whole.end.max(at + 1);
    }
    None
}

/// Values of settings that say that there is none.
fn says_none(value: &[u8]) -> bool {
    const WORDS: [&[u8]; 16] = [
        b"null",
        b"none",
        b"(null)",
        b"unset",
        b"empty",
        b"invalid",
        b"incorrect",
        b"required",
        b"failed",
        b"true",
        b"false",
        b"enabled",
        b"disabled",
        b"optional",
        b"prompt",
        b"unknown",
    ];
    let value = value.strip_suffix(b".").unwrap_or(value);
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word)) || value.ends_with(b"***")
}

fn found(rule: &Rule, text: &[u8], whole: &Range<usize>, secret: &Range<usize>, form: Form, offset: u64) -> Found {
    let value = &text[secret.clone()];
    let (mut note, mut default_password) = (None, false);
    if rule.name.starts_with("password-hash") {
        let hash = String::from_utf8_lossy(value);
        let default = hashes::default_password(&hash);
        default_password = default.is_some();
        let scheme = hashes::scheme(&hash);
        note = Some(default.map_or_else(|| scheme.to_owned(), |name| format!("{scheme} of the default `{name}`")));
    }
    let finding = Finding {
        rule: rule.name.into(),
        what: rule.what.into(),
        offset,
        length: value.len() as u64,
        form,
        excerpt: mask(&text[whole.start..secret.start], value.len()),
        note,
        default_password,
    };
    Found { finding, secret: value.to_vec() }
}

/// What led to a secret, and how long the secret is.
fn mask(before: &[u8], secret_len: usize) -> String {
    let readable = |b: &u8| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '.' };
    let start = before.len().saturating_sub(40);
    let lead: String = before[start..].iter().map(readable).collect();
    format!("{lead}[{secret_len} bytes]")
}

/// Shannon entropy in bits a byte.
pub(super) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    bytes.iter().for_each(|b| counts[usize::from(*b)] += 1);
    let len = bytes.len() as f64;
    let term = |count: u32| f64::from(count) / len * (f64::from(count) / len).log2();
    -counts.iter().filter(|c| **c > 0).map(|c| term(*c)).sum::<f64>()
}
