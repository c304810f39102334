//! The secrets of one run and their tokens.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::forms;
use super::keep::{self, Keeper, Kept};
use super::register::RegisterEntry;

/// Bytes of the key that tags are made with.
pub(crate) const KEY_BYTES: usize = 32;

/// The secrets of one run. Shared by everything that writes; registering is seen by all at once.
pub struct Vault {
    key: [u8; KEY_BYTES],
    inner: RwLock<Inner>,
}

#[derive(Default)]
struct Inner {
    next_id: u32,
    keeper: Option<Keeper>,
    secrets: Vec<Arc<Secret>>,
    by_value: HashMap<String, usize>,
    by_token: HashMap<String, usize>,
    matcher: Arc<Matcher>,
}

struct Secret {
    id: String,
    kind: String,
    value: String,
    tag: String,
    token: String,
    hits: AtomicU64,
}

/// Finds every form of every secret known when it was made.
#[derive(Default)]
pub(super) struct Matcher {
    automaton: Option<AhoCorasick>,
    /// For each pattern: its secret; `None` for a token, which passes as it is.
    patterns: Vec<(Arc<Secret>, bool)>,
    longest: usize,
}

/// One place to be replaced.
pub(super) struct Hit<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    secret: &'a Secret,
    is_token: bool,
}

impl Hit<'_> {
    /// The register's id; `None` for a token.
    pub(super) fn leaked(&self) -> Option<&str> {
        (!self.is_token).then_some(self.secret.id.as_str())
    }

    /// The secret is short, or a short number: it turns up where nobody put it.
    pub(super) fn doubtful(&self) -> bool {
        let value = &self.secret.value;
        value.chars().count() < if value.bytes().all(|b| b.is_ascii_digit()) { 8 } else { 6 }
    }

    /// The secret is a number.
    pub(super) fn is_number(&self) -> bool {
        self.secret.value.bytes().all(|b| b.is_ascii_digit())
    }

    /// What stands there instead; counts the replacement.
    pub(super) fn replacement(&self) -> Option<&str> {
        if self.is_token {
            return None;
        }
        self.secret.hits.fetch_add(1, Ordering::Relaxed);
        Some(&self.secret.token)
    }
}

impl Matcher {
    fn new(secrets: &[Arc<Secret>]) -> Self {
        let mut bytes: Vec<Vec<u8>> = Vec::new();
        let mut patterns = Vec::new();
        for secret in secrets {
            // Known tokens are patterns too, so that nothing inside one is replaced a second time.
            bytes.push(secret.token.clone().into_bytes());
            patterns.push((secret.clone(), true));
            if secret.value.chars().count() >= forms::SHORTEST {
                for form in forms::of(&secret.value) {
                    bytes.push(form);
                    patterns.push((secret.clone(), false));
                }
            }
        }
        let longest = bytes.iter().map(Vec::len).max().unwrap_or(0);
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&bytes).ok();
        // The only way to fail is more than 2^31 states: gigabytes of secrets, which `register` cannot reach.
        debug_assert!(automaton.is_some());
        Self { automaton, patterns, longest }
    }

    /// The longest form, in bytes; 0 where nothing is searched for.
    pub(super) const fn longest(&self) -> usize {
        self.longest
    }

    /// Every hit, leftmost first, longest first, without overlaps.
    pub(super) fn hits<'a>(&'a self, haystack: &'a [u8]) -> impl Iterator<Item = Hit<'a>> {
        self.automaton.iter().flat_map(move |automaton| {
            automaton.find_iter(haystack).map(move |found| {
                let (secret, is_token) = &self.patterns[found.pattern().as_usize()];
                Hit { start: found.start(), end: found.end(), secret, is_token: *is_token }
            })
        })
    }
}

impl Inner {
    fn take(&mut self, secret: Arc<Secret>) {
        let at = self.secrets.len();
        self.by_value.insert(secret.value.clone(), at);
        self.by_token.insert(secret.token.clone(), at);
        self.secrets.push(secret);
    }
}

impl Vault {
    /// A vault with a fresh random key.
    ///
    /// # Errors
    /// The operating system gave no random bytes.
    pub fn new() -> Result<Self, std::io::Error> {
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(|e| std::io::Error::other(e.to_string()))?;
        Ok(Self::with_key(key, 1))
    }

    /// A vault with the key of an earlier part of the same run; ids go on from `first_id`.
    #[must_use]
    pub fn with_key(key: [u8; KEY_BYTES], first_id: u32) -> Self {
        Self { key, inner: RwLock::new(Inner { next_id: first_id, ..Inner::default() }) }
    }

    /// The vault of an earlier part of the same run, from the file that [`Vault::keep_in`] wrote, and kept there on.
    ///
    /// # Errors
    /// The file cannot be read or written on, or is none of a vault.
    pub fn reopen(path: &Path) -> io::Result<Self> {
        let (kept, keeper) = Keeper::reopen(path)?;
        let vault = Self::from_kept(kept);
        vault.inner.write().unwrap_or_else(PoisonError::into_inner).keeper = Some(keeper);
        Ok(vault)
    }

    /// The vault of a run that has ended, to search its pack with.
    ///
    /// # Errors
    /// The file cannot be read, or is none of a vault.
    pub fn read(path: &Path) -> io::Result<Self> {
        Ok(Self::from_kept(keep::read(path)?))
    }

    fn from_kept(kept: Kept) -> Self {
        let vault = Self::with_key(kept.key, 1);
        let mut inner = vault.inner.write().unwrap_or_else(PoisonError::into_inner);
        for secret in kept.secrets {
            let number = secret.id.strip_prefix("R-").and_then(|n| n.parse().ok()).unwrap_or(inner.next_id);
            inner.next_id = inner.next_id.max(number.saturating_add(1));
            let secret = vault.secret(number, &secret.kind, &secret.value);
            inner.take(Arc::new(secret));
        }
        inner.matcher = Arc::new(Matcher::new(&inner.secrets));
        drop(inner);
        vault
    }

    /// Writes the key and every secret, those of later too, into a new file of the lab, readable by its owner alone: for a
    /// run that is resumed, and for a leak check years later. It never goes into a pack.
    ///
    /// # Errors
    /// The file is there already or cannot be written.
    pub fn keep_in(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let mut keeper = Keeper::create(path, &self.key)?;
        for secret in &inner.secrets {
            keeper.add(&secret.id, &secret.kind, &secret.value)?;
        }
        inner.keeper = Some(keeper);
        Ok(())
    }

    /// Why a secret could not be kept, where one could not.
    #[must_use]
    pub fn unkept(&self) -> Option<String> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.keeper.as_ref().and_then(Keeper::failure)
    }

    /// The key that tags are made with. It stays with the lab and never goes into a pack.
    #[must_use]
    pub const fn key(&self) -> &[u8; KEY_BYTES] {
        &self.key
    }

    /// Registers a secret and returns the token that stands for it from now on. The same value keeps its first token.
    /// An empty value is no secret and stands for itself.
    pub fn register(&self, kind: &str, value: &str) -> String {
        self.register_new(kind, value).0
    }

    /// As [`Vault::register`], with the register's entry where the secret is new.
    pub(crate) fn register_new(&self, kind: &str, value: &str) -> (String, Option<RegisterEntry>) {
        if value.is_empty() {
            return (String::new(), None);
        }
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(&at) = inner.by_value.get(value).or_else(|| inner.by_token.get(value)) {
            return (inner.secrets[at].token.clone(), None);
        }
        let secret = Arc::new(self.secret(inner.next_id, kind, value));
        inner.next_id = inner.next_id.saturating_add(1);
        inner.take(secret.clone());
        inner.matcher = Arc::new(Matcher::new(&inner.secrets));
        if let Some(keeper) = &mut inner.keeper {
            let _ = keeper.add(&secret.id, &secret.kind, value); // told by `unkept`
        }
        (secret.token.clone(), Some(entry(&secret)))
    }

    fn secret(&self, number: u32, kind: &str, value: &str) -> Secret {
        let plain: String = kind.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(20).collect();
        // The kind must not give the value away: `password` is a popular password.
        let gives_away = plain.is_empty() || plain.to_lowercase().contains(&value.to_lowercase());
        let kind = if gives_away { "secret".to_owned() } else { plain };
        let id = format!("R-{number:04}");
        let tag = self.tag(value);
        let length = value.chars().count();
        let token = format!("[[REDACTED {id} {kind} {length}ch #{tag}]]");
        Secret { id, kind, value: value.to_owned(), tag, token, hits: AtomicU64::new(0) }
    }

    /// Eight characters that are equal for equal secrets of this run and say nothing without the key.
    fn tag(&self, value: &str) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        self.mac(value.as_bytes()).iter().take(8).map(|b| char::from(ALPHABET[usize::from(b % 32)])).collect()
    }

    /// HMAC-SHA256 under the vault's key.
    pub(crate) fn mac(&self, bytes: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }

    pub(super) fn matcher(&self) -> Arc<Matcher> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).matcher.clone()
    }

    /// How many secrets are registered; grows only.
    #[must_use]
    pub fn registered(&self) -> usize {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).secrets.len()
    }

    /// How many places were replaced so far.
    #[must_use]
    pub fn hits(&self) -> u64 {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.secrets.iter().map(|s| s.hits.load(Ordering::Relaxed)).sum()
    }

    /// redaction/register.json: what was replaced, without values.
    #[must_use]
    pub fn register_entries(&self) -> Vec<RegisterEntry> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.secrets.iter().map(|secret| entry(secret)).collect()
    }

    /// Bytes without secrets. A stream that comes in pieces needs a [`super::StreamRedactor`].
    #[must_use]
    pub fn redact_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let matcher = self.matcher();
        let mut out = Vec::new();
        let mut copied = 0;
        for hit in matcher.hits(bytes) {
            if let Some(token) = hit.replacement() {
                out.extend_from_slice(&bytes[copied..hit.start]);
                out.extend_from_slice(token.as_bytes());
                copied = hit.end;
            }
        }
        if copied == 0 {
            return Cow::Borrowed(bytes);
        }
        out.extend_from_slice(&bytes[copied..]);
        Cow::Owned(out)
    }

    /// Text without secrets. A text that is a short secret as a whole is replaced too.
    #[must_use]
    pub fn redact_str<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if text.chars().count() < forms::SHORTEST {
            return self.whole(text).map_or(Cow::Borrowed(text), Cow::Owned);
        }
        match self.redact_bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// The token of a text that equals a secret as a whole.
    pub(super) fn whole(&self, text: &str) -> Option<String> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let secret = &inner.secrets[*inner.by_value.get(text)?];
        secret.hits.fetch_add(1, Ordering::Relaxed);
        Some(secret.token.clone())
    }

    /// The text with its tokens replaced by what they stand for: for a check, and for nothing that is kept.
    #[must_use]
    pub fn reveal_str(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        while let Some(start) = rest.find("[[REDACTED ") {
            out.push_str(&rest[..start]);
            rest = &rest[start..];
            let end = rest.find("]]").map_or(rest.len(), |at| at + 2);
            let token = &rest[..end];
            out.push_str(inner.by_token.get(token).map_or(token, |&at| &inner.secrets[at].value));
            rest = &rest[end..];
        }
        out.push_str(rest);
        out
    }

    /// Whether any secret stands in `bytes`, in any form: what a leak check asks. Names the register's id.
    #[must_use]
    pub fn leak(&self, bytes: &[u8]) -> Option<String> {
        self.matcher().hits(bytes).find(|hit| !hit.is_token).map(|hit| hit.secret.id.clone())
    }
}

fn entry(secret: &Secret) -> RegisterEntry {
    RegisterEntry {
        id: secret.id.clone(),
        kind: secret.kind.clone(),
        length_class: format!("{}ch", secret.value.chars().count()),
        tag: secret.tag.clone(),
        count: secret.hits.load(Ordering::Relaxed),
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({} secrets)", self.registered())
    }
}

#[cfg(test)]
mod tests;
