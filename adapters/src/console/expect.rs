//! Streaming expect: several byte patterns at once over a stream of any length, in linear time and constant memory.
//!
//! A lazy DFA of all patterns is stepped byte by byte, so a match may lie across any number of reads and nothing has to
//! be kept for the search itself. The DFA tells a match one byte late; at the end of a read the end-of-input transition
//! tells whether one ends right there. Patterns that ask about what follows (`$`, `\b`) must not trust that: the next
//! byte may still come. They count only once the line has rested.

use std::sync::OnceLock;

use regex_automata::{
    Input, MatchKind,
    hybrid::{
        LazyStateID,
        dfa::{Cache, DFA},
    },
    meta,
    nfa::thompson,
    util::syntax,
};

/// States of the lazy DFA that are kept before it starts anew, in bytes.
const CACHE_BYTES: usize = 256 * 1024;
/// Size of the compiled patterns, in bytes.
const NFA_BYTES: usize = 1024 * 1024;
/// Patterns in one request.
const PATTERNS: usize = 64;

/// A pattern that cannot be used. The plan's fault.
#[derive(Debug, thiserror::Error)]
pub(super) enum PatternError {
    /// No regex.
    #[error("pattern {index} `{pattern}` is no byte regex: {text}")]
    Syntax {
        /// From 0.
        index: usize,
        /// As written.
        pattern: String,
        /// What the parser says, on one line.
        text: String,
    },
    /// Would match before anything arrived.
    #[error("pattern {index} `{pattern}` matches nothing at all, so it would match before anything arrives")]
    Empty {
        /// From 0.
        index: usize,
        /// As written.
        pattern: String,
    },
    /// None, or too many.
    #[error("{0} patterns; 1 to {PATTERNS} can be waited for at once")]
    Count(usize),
    /// Too large together.
    #[error("the patterns cannot be compiled together: {0}")]
    Size(String),
}

/// A match found in a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Which pattern, from 0.
    pub(super) pattern: usize,
    /// Bytes of the chunk up to the match's end.
    pub(super) end: usize,
}

/// What ends right where the stream now stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtEnd {
    /// Nothing.
    Nothing,
    /// A match, whatever comes next.
    Match(usize),
    /// A match if nothing comes next.
    IfAtRest(usize),
}

/// Compiled patterns and where the search stands.
pub(super) struct Matcher {
    sources: Vec<String>,
    dfa: DFA,
    cache: Cache,
    state: LazyStateID,
    /// Per pattern: whether its end depends on what follows.
    looks_ahead: Vec<bool>,
    /// Per pattern, built on its first match: cuts the matched text.
    cutters: Vec<OnceLock<Option<meta::Regex>>>,
}

fn byte_syntax() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

impl Matcher {
    /// Compiles `patterns`; the search stands at the start.
    pub(super) fn new(patterns: &[String]) -> Result<Self, PatternError> {
        Self::with_cache(patterns, CACHE_BYTES)
    }

    fn with_cache(patterns: &[String], cache_bytes: usize) -> Result<Self, PatternError> {
        if patterns.is_empty() || patterns.len() > PATTERNS {
            return Err(PatternError::Count(patterns.len()));
        }
        let mut looks_ahead = Vec::with_capacity(patterns.len());
        for (index, pattern) in patterns.iter().enumerate() {
            let hir = syntax::parse_with(pattern, &byte_syntax()).map_err(|e| PatternError::Syntax {
                index,
                pattern: pattern.clone(),
                text: last_line(&e.to_string()),
            })?;
            if hir.properties().minimum_len() == Some(0) {
                return Err(PatternError::Empty { index, pattern: pattern.clone() });
            }
            looks_ahead.push(!hir.properties().look_set_suffix_any().is_empty());
        }
        let dfa = DFA::builder()
            .configure(
                DFA::config()
                    // All: at the earliest end every pattern that ends there is seen, not the preferred one alone.
                    .match_kind(MatchKind::All)
                    .cache_capacity(cache_bytes)
                    .skip_cache_capacity_check(true),
            )
            .syntax(byte_syntax())
            .thompson(thompson::Config::new().utf8(false).nfa_size_limit(Some(NFA_BYTES)))
            .build_many(patterns)
            .map_err(|e| PatternError::Size(e.to_string()))?;
        let cache = dfa.create_cache();
        let mut matcher = Self {
            sources: patterns.to_vec(),
            dfa,
            cache,
            state: LazyStateID::default(),
            looks_ahead,
            cutters: patterns.iter().map(|_| OnceLock::new()).collect(),
        };
        matcher.restart()?;
        Ok(matcher)
    }

    /// Whether this is a matcher of exactly these patterns.
    pub(super) fn is_for(&self, patterns: &[String]) -> bool {
        self.sources == patterns
    }

    /// Puts the search at the start of a text again.
    pub(super) fn restart(&mut self) -> Result<(), PatternError> {
        self.state = self
            .dfa
            .start_state_forward(&mut self.cache, &Input::new(b""))
            .map_err(|e| PatternError::Size(e.to_string()))?;
        Ok(())
    }

    /// Steps over `bytes` and stops at the earliest end of any pattern.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<Found> {
        for (end, &byte) in bytes.iter().enumerate() {
            // The cache has no limit on how often it may start anew, so a step cannot fail.
            let Ok(next) = self.dfa.next_state(&mut self.cache, self.state, byte) else { return None };
            self.state = next;
            if next.is_match() {
                return Some(Found { pattern: self.lowest(next), end });
            }
        }
        None
    }

    /// What ends where the search stands. `held` is the text so far, in case the cache starts anew meanwhile.
    pub(super) fn at_end(&mut self, held: &[u8]) -> AtEnd {
        let clears = self.cache.clear_count();
        let Ok(end) = self.dfa.next_eoi_state(&mut self.cache, self.state) else { return AtEnd::Nothing };
        let mut answer = AtEnd::Nothing;
        if end.is_match() {
            let ends: Vec<usize> = self.patterns_of(end).collect();
            let sure = ends.iter().copied().filter(|&p| !self.looks_ahead[p]).min();
            answer = match (sure, ends.iter().copied().min()) {
                (Some(p), _) => AtEnd::Match(p),
                (None, Some(p)) => AtEnd::IfAtRest(p),
                (None, None) => AtEnd::Nothing,
            };
        }
        if self.cache.clear_count() != clears && self.restart().is_ok() {
            // The state we stood in went with the cache: walk there again.
            self.feed(held);
        }
        answer
    }

    /// Cuts `text[..end]`, where `pattern` is known to end at `end`, into what came before and the match. A match that
    /// began before `text` did yields an empty one.
    pub(super) fn cut(&self, pattern: usize, text: &[u8], end: usize) -> usize {
        let cutter = self.cutters[pattern].get_or_init(|| {
            meta::Regex::builder()
                .configure(meta::Config::new().utf8_empty(false).nfa_size_limit(Some(NFA_BYTES)))
                .syntax(byte_syntax())
                .build(&self.sources[pattern])
                .ok()
        });
        cutter.as_ref().and_then(|re| re.find(Input::new(text).range(..end))).map_or(end, |found| found.start())
    }

    fn lowest(&self, state: LazyStateID) -> usize {
        self.patterns_of(state).min().unwrap_or(0)
    }

    fn patterns_of(&self, state: LazyStateID) -> impl Iterator<Item = usize> + '_ {
        (0..self.dfa.match_len(&self.cache, state))
            .map(move |i| self.dfa.match_pattern(&self.cache, state, i).as_usize())
    }
}

/// The parser's last line has the reason; those before it draw the pattern.
fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or(text).trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(patterns: &[&str]) -> Matcher {
        Matcher::new(&patterns.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>()).expect("compiles")
    }

    #[test]
    fn a_match_is_found_at_every_cut_of_the_stream() {
        let text = b"\xff\x00boot ok\r\nlogin: ";
        for at in 0..=text.len() {
            let mut m = matcher(&["nothing", "ogin: "]);
            let first = m.feed(&text[..at]).is_some() || m.at_end(&text[..at]) == AtEnd::Match(1);
            let second = first || m.feed(&text[at..]).is_some() || m.at_end(text) == AtEnd::Match(1);
            assert!(second, "cut at {at}");
            assert_eq!(first, at == text.len(), "cut at {at}: not before its last byte");
        }
    }

    #[test]
    fn the_earliest_end_wins_and_then_the_first_pattern() {
        let mut m = matcher(&["abcd", "bc", ".c"]);
        assert_eq!(m.feed(b"xabcdx"), Some(Found { pattern: 1, end: 4 }));
        assert_eq!(m.cut(1, b"xabcdx", 4), 2);
    }

    #[test]
    fn a_prompt_that_ends_the_line_waits_for_rest() {
        let mut m = matcher(&[r"# $"]);
        assert_eq!(m.feed(b"root# "), None);
        assert_eq!(m.at_end(b"root# "), AtEnd::IfAtRest(0));
        assert_eq!(m.feed(b"reboot"), None);
        assert_eq!(m.at_end(b"root# reboot"), AtEnd::Nothing);
    }

    #[test]
    fn a_cache_that_is_always_too_small_changes_nothing() {
        let patterns = vec![r"[a-z]{3}[0-9]{3}x".to_owned(), r"q.{8}z$".to_owned()];
        let text: Vec<u8> = (0..4000u32).map(|i| b"abc123yq45q7z0"[(i * 7 % 14) as usize]).collect();
        let run = |cache_bytes| {
            let mut m = Matcher::with_cache(&patterns, cache_bytes).expect("compiles");
            let mut seen = Vec::new();
            for (i, byte) in text.iter().enumerate() {
                let found = m.feed(&[*byte]);
                seen.push((found, m.at_end(&text[..=i])));
                if found.is_some() {
                    break;
                }
            }
            seen
        };
        assert_eq!(run(0), run(CACHE_BYTES));
    }

    #[test]
    fn bad_patterns_say_which_and_why() {
        let error = |p: &str| Matcher::new(&["ok".to_owned(), p.to_owned()]).err().expect(p).to_string();
        assert!(error("(login").contains("pattern 1 `(login`") && error("(login").contains("unclosed group"));
        assert!(error("x*").contains("matches nothing at all"));
        assert!(error(r"\p{Greek}+").contains("Unicode"));
        assert!(error("((a{1000}){1000}){1000}").contains("compiled"));
        assert!(Matcher::new(&[]).is_err());
    }

    #[test]
    fn a_pattern_that_ruins_backtrackers_stays_linear() {
        let mut m = matcher(&["(a|aa)+(a|aa)+(a|aa)+x"]);
        assert_eq!(m.feed(&vec![b'a'; 1_000_000]), None);
        assert_eq!(m.feed(b"x!"), Some(Found { pattern: 0, end: 1 }));
    }
}
