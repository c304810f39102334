//! What a wrong password costs.

use std::time::{Duration, Instant};

/// Wrong tries before a lock.
pub(crate) const TRIES: u32 = 5;

/// Counts wrong tries; after [`TRIES`] of them in a row refuses all for a while, right ones too.
#[derive(Debug)]
pub(crate) struct Lockout {
    /// `None`: the `no-lockout` defect.
    lock_for: Option<Duration>,
    wrong: u32,
    until: Option<Instant>,
}

impl Lockout {
    pub(crate) fn new(lock_for: Option<Duration>) -> Self {
        Self { lock_for, wrong: 0, until: None }
    }

    /// How long it stays locked, if it is.
    pub(crate) fn locked(&mut self, now: Instant) -> Option<Duration> {
        let left = self.until?.checked_duration_since(now).filter(|left| !left.is_zero());
        if left.is_none() {
            self.clear();
        }
        left
    }

    /// A wrong try; says how many in a row that makes (0 where nothing counts).
    pub(crate) fn wrong(&mut self, now: Instant) -> u32 {
        if let Some(lock_for) = self.lock_for {
            self.wrong += 1;
            if self.wrong >= TRIES {
                self.until = Some(now + lock_for);
            }
        }
        self.wrong
    }

    pub(crate) fn clear(&mut self) {
        self.wrong = 0;
        self.until = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_MINUTE: Duration = Duration::from_secs(30);

    #[test]
    fn five_wrong_tries_lock_and_time_unlocks() {
        let start = Instant::now();
        let mut lockout = Lockout::new(Some(HALF_MINUTE));
        for _ in 0..TRIES {
            assert_eq!(lockout.locked(start), None);
            lockout.wrong(start);
        }
        assert_eq!(lockout.locked(start), Some(HALF_MINUTE));
        assert_eq!(lockout.locked(start + HALF_MINUTE), None);
        assert_eq!(lockout.wrong(start + HALF_MINUTE), 1, "the count starts again after a lock");
    }

    #[test]
    fn a_right_try_starts_the_count_again_and_the_defect_never_locks() {
        let now = Instant::now();
        let mut lockout = Lockout::new(Some(HALF_MINUTE));
        for _ in 1..TRIES {
            lockout.wrong(now);
        }
        lockout.clear();
        assert_eq!(lockout.wrong(now), 1);

        let mut open = Lockout::new(None);
        for _ in 0..100 {
            open.wrong(now);
        }
        assert_eq!(open.locked(now), None);
    }
}
