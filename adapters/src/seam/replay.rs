//! Answers from a record: the same requests get the same responses, without a DUT.
//!
//! Per protocol, requests must come in the order of the record. Exchanges that overlapped in time in the record were
//! asked side by side; among those any order will do. A recorded request whose secrets were replaced by
//! `[[REDACTED ...]]` matches the request in clear.

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use assay_model::touch::Way;
use assay_model::{Deadline, Exchange, Fault, Outcome, Protocol, Touch, Touches};
use async_trait::async_trait;
use regex::Regex;
use serde_json::Value;

/// A record that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file.
    #[error("cannot read the recorded exchanges in {path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line of it.
    #[error("{path}:{line}: not a recorded exchange: {source}")]
    BadLine {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
}

/// A record to be played back.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    exchanges: Vec<Exchange>,
}

impl Replay {
    /// Plays back these exchanges.
    #[must_use]
    pub fn new(exchanges: Vec<Exchange>) -> Self {
        Self { exchanges }
    }

    /// Plays back files of one JSON object a line (`exchanges.jsonl`), one after the other.
    ///
    /// # Errors
    /// A file that cannot be read, or a line that is no exchange.
    pub fn from_files<P: AsRef<Path>>(paths: &[P]) -> Result<Self, ReplayError> {
        let mut exchanges = Vec::new();
        for path in paths.iter().map(AsRef::as_ref) {
            let unreadable = |source| ReplayError::Unreadable { path: path.to_owned(), source };
            let file = std::fs::File::open(path).map_err(unreadable)?;
            for (index, line) in std::io::BufReader::new(file).lines().enumerate() {
                let line = line.map_err(unreadable)?;
                if !line.trim().is_empty() {
                    exchanges.push(serde_json::from_str(&line).map_err(|source| ReplayError::BadLine {
                        path: path.to_owned(),
                        line: index + 1,
                        source,
                    })?);
                }
            }
        }
        Ok(Self { exchanges })
    }

    /// Ways of touching that answer from the record: one for each protocol, also those that it does not hold, so that
    /// an unexpected request is told apart from a bench that does not provide the way.
    #[must_use]
    pub fn touches(&self) -> Touches {
        let mut tracks: BTreeMap<&str, Vec<Exchange>> = BTreeMap::new();
        for exchange in &self.exchanges {
            tracks.entry(exchange.protocol.as_str()).or_default().push(exchange.clone());
        }
        fn way<P: Protocol>(tracks: &mut BTreeMap<&str, Vec<Exchange>>) -> Option<Way<P>> {
            let mut track = tracks.remove(P::NAME).unwrap_or_default();
            track.sort_by_key(|e| e.started_ns);
            Some(Arc::new(Track::<P> { left: Mutex::new(track), protocol: PhantomData }))
        }
        Touches {
            ports: way(&mut tracks),
            tcp: way(&mut tracks),
            udp: way(&mut tracks),
            tls: way(&mut tracks),
            http: way(&mut tracks),
            ssh: way(&mut tracks),
            console: way(&mut tracks),
            power: way(&mut tracks),
            capture: way(&mut tracks),
            documents: way(&mut tracks),
            operator: way(&mut tracks),
            probe: way(&mut tracks),
        }
    }
}

/// What is left of one protocol's record.
struct Track<P> {
    left: Mutex<Vec<Exchange>>,
    protocol: PhantomData<fn() -> P>,
}

#[async_trait]
impl<P: Protocol> Touch<P> for Track<P> {
    async fn call(&self, request: P::Request, _until: Deadline) -> Result<P::Response, Fault> {
        let asked = serde_json::to_value(&request)
            .map_err(|e| Fault::adapter("not-json", format!("a `{}` request is no JSON: {e}", P::NAME)))?;
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(next) = left.first() else {
            return Err(mismatch(P::NAME, &asked, "the record has no further exchange"));
        };
        let side_by_side = left.iter().take_while(|e| e.started_ns <= next.ended_ns);
        let Some(index) = side_by_side.into_iter().position(|e| same(&e.request, &asked)) else {
            return Err(mismatch(P::NAME, &asked, &format!("the record has {}", brief(&next.request))));
        };
        match left.remove(index).outcome {
            Outcome::Response(value) => serde_json::from_value(value).map_err(|e| {
                Fault::adapter("replay-response", format!("a recorded `{}` response does not read: {e}", P::NAME))
            }),
            Outcome::Fault(fault) => Err(fault),
        }
    }
}

fn mismatch(protocol: &str, asked: &Value, recorded: &str) -> Fault {
    Fault::adapter("replay-mismatch", format!("`{protocol}`: asked {}, but {recorded}", brief(asked)))
        .with_help("the check or its parameters changed since the recording; record the run again")
}

/// JSON on one line, cut where it would swamp a message.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(300) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text,
    }
}

/// Whether a recorded request is the one that is asked now.
fn same(recorded: &Value, asked: &Value) -> bool {
    match (recorded, asked) {
        (Value::String(r), Value::String(a)) => r == a || same_but_for_secrets(r, a),
        (Value::Array(r), Value::Array(a)) => r.len() == a.len() && r.iter().zip(a).all(|(r, a)| same(r, a)),
        (Value::Object(r), Value::Object(a)) => {
            r.len() == a.len() && r.iter().all(|(key, r)| a.get(key).is_some_and(|a| same(r, a)))
        }
        _ => recorded == asked,
    }
}

/// Whether `asked` is `recorded` with something in the place of each redaction mark.
fn same_but_for_secrets(recorded: &str, asked: &str) -> bool {
    static MARK: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\[\[REDACTED [^\]]*\]\]").expect("a constant pattern"));
    if !MARK.is_match(recorded) {
        return false;
    }
    let mut pattern = String::from("(?s)\\A");
    let mut from = 0;
    for mark in MARK.find_iter(recorded) {
        pattern.push_str(&regex::escape(&recorded[from..mark.start()]));
        pattern.push_str(".+");
        from = mark.end();
    }
    pattern.push_str(&regex::escape(&recorded[from..]));
    pattern.push_str("\\z");
    Regex::new(&pattern).is_ok_and(|whole| whole.is_match(asked))
}
