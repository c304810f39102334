//! Web sessions: tokens in RAM.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use hmac::Mac;

use super::verifier::keyed_hash;

const MAX: usize = 16;
const IDLE: Duration = Duration::from_secs(15 * 60);

/// The web sessions of one camera; the oldest goes when there are too many.
#[derive(Debug)]
pub(crate) struct Sessions {
    key: [u8; 32],
    made: u64,
    open: VecDeque<(String, Instant)>,
}

impl Sessions {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key, made: 0, open: VecDeque::new() }
    }

    /// A token of 128 bits that nobody can guess without the sample's key.
    pub(crate) fn open(&mut self, now: Instant) -> String {
        self.made += 1;
        let mac = keyed_hash(&self.key, format!("session {}", self.made).as_bytes());
        let token = hex::encode(&mac.finalize().into_bytes()[..16]);
        if self.open.len() == MAX {
            self.open.pop_front();
        }
        self.open.push_back((token.clone(), now));
        token
    }

    /// Whether the token is that of an open session, which it keeps open.
    pub(crate) fn touch(&mut self, token: &str, now: Instant) -> bool {
        self.open.retain(|(_, used)| now.saturating_duration_since(*used) < IDLE);
        match self.open.iter_mut().find(|(known, _)| known == token) {
            Some((_, used)) => {
                *used = now;
                true
            }
            None => false,
        }
    }

    pub(crate) fn close(&mut self, token: &str) {
        self.open.retain(|(known, _)| known != token);
    }

    pub(crate) fn clear(&mut self) {
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_end_by_idling_by_number_and_by_closing() {
        let mut sessions = Sessions::new([1; 32]);
        let now = Instant::now();
        let first = sessions.open(now);
        assert!(sessions.touch(&first, now));
        assert!(!sessions.touch("", now));
        assert!(!sessions.touch(&first, now + IDLE));

        let tokens: Vec<String> = (0..=MAX).map(|_| sessions.open(now)).collect();
        assert!(!sessions.touch(&tokens[0], now));
        assert!(sessions.touch(&tokens[1], now));
        sessions.close(&tokens[1]);
        assert!(!sessions.touch(&tokens[1], now));
        assert!(tokens.iter().all(|token| token.len() == 32 && *token != first));
    }
}
