//! A wait that is shared by the steps of one operation.

use std::time::{Duration, Instant};

/// A point in time after which an adapter stops waiting.
///
/// Unlike a timeout it is shared by all steps of one operation: five reads under one 30 s deadline take 30 s together,
/// not 150 s. Host monotonic clock; never serialized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline that lies `wait` from now.
    #[must_use]
    pub fn after(wait: Duration) -> Self {
        let now = Instant::now();
        // A wait too long to be represented is as good as a day: no operation here may last longer.
        Self(now.checked_add(wait).unwrap_or(now + Duration::from_secs(86_400)))
    }

    /// The earlier of this deadline and `wait` from now: a step's own limit inside the operation's.
    #[must_use]
    pub fn capped(self, wait: Duration) -> Self {
        self.min(Self::after(wait))
    }

    /// What is left; zero once it has passed.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    #[must_use]
    pub fn passed(self) -> bool {
        self.remaining().is_zero()
    }

    /// The instant itself, for `tokio::time::timeout_at` and blocking drivers.
    #[must_use]
    pub const fn instant(self) -> Instant {
        self.0
    }
}
