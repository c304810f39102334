//! How many connects may be under way, and how many may start in a second.
//!
//! Silence has two causes that look alike: a firewall that drops, where more at once is the cure, and a host or a path
//! that loses, where less is. The second try tells them apart: silent again means dropped on purpose, an answer means
//! that the first one was lost.

use std::time::{Duration, Instant};

use assay_model::Limits;

/// Connects under way at the start.
const GENTLE: f64 = 16.0;
/// Connects under way where the bench sets no limit.
const MOST: u32 = 2_048;
/// Answers between two losses that make the second one chance rather than pressure: 2 % on a radio link.
const CHANCE: u32 = 50;

/// The pace of one scan.
#[derive(Debug)]
pub(super) struct Pace {
    window: f64,
    ceiling: f64,
    /// Above it the window grows by one per round instead of one per answer.
    cautious_from: f64,
    /// Starts a second that the bench allows.
    limit: Option<f64>,
    /// Starts a second that the host was seen to keep up with.
    learned: Option<f64>,
    tokens: f64,
    refilled: Instant,
    losses: u32,
    last_loss: Option<Instant>,
    answers_since_loss: u32,
    meter: Meter,
}

impl Pace {
    /// A new scan; `limits` as they apply, 0 for none.
    pub(super) fn new(limits: Limits, now: Instant) -> Self {
        let most = if limits.half_open == 0 { MOST } else { limits.half_open.min(MOST) };
        let ceiling = f64::from(super::descriptors::sockets(most));
        Self {
            window: GENTLE.min(ceiling),
            ceiling,
            cautious_from: ceiling,
            limit: (limits.connects_per_s > 0).then(|| f64::from(limits.connects_per_s)),
            learned: None,
            tokens: 1.0,
            refilled: now,
            losses: 0,
            last_loss: None,
            answers_since_loss: CHANCE,
            meter: Meter::new(now),
        }
    }

    /// Whether one more may start now, with so many under way.
    pub(super) fn allows(&mut self, under_way: usize, now: Instant) -> bool {
        if under_way as f64 >= self.window {
            return false;
        }
        let Some(rate) = self.rate() else { return true };
        let earned = now.saturating_duration_since(self.refilled).as_secs_f64() * rate;
        // Ten milliseconds' worth may be saved up: sleep is no finer, and a small device feels no burst.
        self.tokens = (self.tokens + earned).min((rate / 100.0).max(2.0));
        self.refilled = now;
        self.tokens >= 1.0
    }

    /// One was started.
    pub(super) fn started(&mut self) {
        if self.rate().is_some() {
            self.tokens -= 1.0;
        }
    }

    /// How long until the rate allows another one.
    pub(super) fn wait(&self) -> Duration {
        match self.rate() {
            Some(rate) if self.tokens < 1.0 => Duration::from_secs_f64((1.0 - self.tokens) / rate),
            _ => Duration::ZERO,
        }
    }

    /// A connect was answered at the first try.
    pub(super) fn answered(&mut self, now: Instant) {
        self.meter.count(now);
        self.answers_since_loss = self.answers_since_loss.saturating_add(1);
        let step = if self.window < self.cautious_from { 1.0 } else { 1.0 / self.window };
        self.window = (self.window + step).min(self.ceiling);
        // A second without loss is a reason to try a rate a little higher: a fifth more each further second.
        if self.last_loss.is_some_and(|last| now.saturating_duration_since(last) > Duration::from_secs(1)) {
            self.learned = self.learned.map(|rate| rate + 0.2);
        }
    }

    /// A second try stayed silent too: dropped on purpose, so waiting in parallel costs nobody anything.
    pub(super) fn dropped(&mut self) {
        self.window = (self.window + 2.0).min(self.ceiling);
    }

    /// A second try was answered: the first one was lost. `patience` is how long one connect may stay unanswered.
    pub(super) fn lost(&mut self, now: Instant, patience: Duration) {
        let by_chance = std::mem::take(&mut self.answers_since_loss) >= CHANCE;
        self.losses += 1;
        // All losses of one round are one event.
        if by_chance || self.last_loss.is_some_and(|last| now.saturating_duration_since(last) < patience) {
            return;
        }
        self.last_loss = Some(now);
        self.window = (self.window / 2.0).max(1.0);
        self.cautious_from = self.window;
        self.learned = Some(self.meter.per_second(now).max(5.0));
    }

    /// This host is out of sockets: no more than are under way.
    pub(super) fn exhausted(&mut self, under_way: usize) {
        self.ceiling = (under_way as f64).max(1.0);
        self.window = self.window.min(self.ceiling);
    }

    /// Losses so far. A silence from before the last one proves little.
    pub(super) const fn losses(&self) -> u32 {
        self.losses
    }

    fn rate(&self) -> Option<f64> {
        match (self.limit, self.learned) {
            (Some(limit), Some(learned)) => Some(limit.min(learned)),
            (limit, learned) => limit.or(learned),
        }
    }
}

/// Answers a second, over the last one to two seconds.
#[derive(Debug)]
struct Meter {
    since: Instant,
    now: u32,
    before: u32,
}

impl Meter {
    const SPAN: Duration = Duration::from_secs(1);

    fn new(now: Instant) -> Self {
        Self { since: now, now: 0, before: 0 }
    }

    fn turn(&mut self, now: Instant) {
        let spans = now.saturating_duration_since(self.since).as_secs_f64() / Self::SPAN.as_secs_f64();
        if spans >= 1.0 {
            self.before = if spans < 2.0 { self.now } else { 0 };
            self.now = 0;
            self.since = now;
        }
    }

    fn count(&mut self, now: Instant) {
        self.turn(now);
        self.now += 1;
    }

    fn per_second(&mut self, now: Instant) -> f64 {
        self.turn(now);
        let elapsed = now.saturating_duration_since(self.since).as_secs_f64();
        f64::from(self.now + self.before) / (elapsed + if self.before > 0 { 1.0 } else { 0.0 }).max(0.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(300);

    fn unlimited(now: Instant) -> Pace {
        Pace::new(Limits { connects_per_s: 0, half_open: 0, ..Limits::default() }, now)
    }

    #[test]
    fn it_starts_gently_and_grows_on_answers_and_on_second_silences() {
        let now = Instant::now();
        let mut pace = unlimited(now);
        assert!(pace.allows(15, now) && !pace.allows(16, now));
        for _ in 0..100 {
            pace.answered(now);
        }
        assert!(pace.allows(100, now) && !pace.allows(116, now));
        for _ in 0..10_000 {
            pace.dropped();
        }
        assert!(pace.allows(MOST as usize - 1, now) && !pace.allows(MOST as usize, now));
    }

    #[test]
    fn a_bench_s_limits_hold_whatever_happens() {
        let now = Instant::now();
        let mut pace = Pace::new(Limits { connects_per_s: 100, half_open: 4, ..Limits::default() }, now);
        for _ in 0..1_000 {
            pace.answered(now);
            pace.dropped();
        }
        assert!(!pace.allows(4, now));
        let mut started = 0;
        for ms in 0..1_000 {
            while pace.allows(0, now + Duration::from_millis(ms)) {
                pace.started();
                started += 1;
            }
        }
        assert!((95..=103).contains(&started), "{started} in a second");
    }

    #[test]
    fn loss_under_pressure_slows_to_what_was_answered_and_chance_does_not() {
        let start = Instant::now();
        let mut pace = unlimited(start);
        let mut now = start;
        for _ in 0..200 {
            now += Duration::from_millis(5);
            pace.answered(now);
        }
        pace.lost(now, PATIENCE);
        assert!(pace.allows(200, now), "one loss after many answers is chance");
        pace.lost(now, PATIENCE);
        assert!(!pace.allows(200, now), "the next one right after is not");
        assert!(pace.allows(100, now));
        let rate = pace.rate().expect("a rate was learned");
        assert!((150.0..=250.0).contains(&rate), "{rate} for 200 a second");
        pace.lost(now, PATIENCE);
        assert!(pace.allows(100, now), "losses of one round count once");
    }
}
