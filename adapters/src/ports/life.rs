//! Whether the host is there: a port that answered once is asked again whenever answers stop, and at the end.

use std::time::{Duration, Instant};

/// Unanswered questions after which a host counts as gone, if also `GONE_AFTER` has passed.
const MISSES: u32 = 4;
/// How long a host that answered may be silent before it counts as gone; a busy one may need a moment.
const GONE_AFTER: Duration = Duration::from_secs(3);

/// What is known of the host's life.
#[derive(Debug)]
pub(super) struct Life {
    /// A port that answered; a closed one where there is one, which costs the host least.
    witness: Option<(u16, bool)>,
    last_proof: Option<Instant>,
    patience: Duration,
    asking: bool,
    misses: u32,
}

impl Life {
    pub(super) fn new(patience: Duration) -> Self {
        Self { witness: None, last_proof: None, patience, asking: false, misses: 0 }
    }

    /// A port answered. True for the first sign of life of all.
    pub(super) fn answered(&mut self, port: u16, open: bool, now: Instant) -> bool {
        if self.witness.is_none_or(|(_, witness_open)| witness_open && !open) {
            self.witness = Some((port, open));
        }
        self.misses = 0;
        self.last_proof.replace(now).is_none()
    }

    /// Whether the host ever showed life.
    pub(super) const fn shown(&self) -> bool {
        self.last_proof.is_some()
    }

    /// The port to ask now, because nothing has answered for a while.
    pub(super) fn due(&self, now: Instant) -> Option<u16> {
        let (port, _) = self.witness?;
        (self.overdue(now) && !self.asking).then_some(port)
    }

    /// Whether nothing has answered for a while: ask no more new ports before the witness has.
    pub(super) fn overdue(&self, now: Instant) -> bool {
        let quiet = (self.patience * 2).max(Duration::from_millis(500));
        self.last_proof.is_some_and(|last| now.saturating_duration_since(last) > quiet)
    }

    /// The witness was asked.
    pub(super) fn asked(&mut self) {
        self.asking = true;
    }

    /// The witness was heard, or not.
    pub(super) fn heard(&mut self, silent: bool) {
        self.asking = false;
        if silent {
            self.misses += 1;
        }
    }

    /// The witness, for the question at the end.
    pub(super) fn witness(&self) -> Option<u16> {
        self.witness.map(|(port, _)| port)
    }

    /// Whether a host that answered does so no more.
    pub(super) fn gone(&self, now: Instant) -> bool {
        self.misses >= MISSES
            && self
                .last_proof
                .is_some_and(|last| now.saturating_duration_since(last) > GONE_AFTER.max(self.patience * 4))
    }
}
