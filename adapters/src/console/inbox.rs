//! What arrived since the last match, and the one asker that waits for a pattern in it.

use std::time::{Duration, Instant};

use assay_model::{Fault, Payload};

use super::expect::{AtEnd, Matcher};

/// Bytes that are kept for answers, at least; twice as many at most. The transcript keeps all. A boot is one answer, and what
/// is not in it is not searched: a loud kernel says some hundred KiB.
pub(super) const HELD: usize = 512 * 1024;
/// How long a line must rest before "nothing follows" is believed: longer than the latency timers of USB adapters.
const REST: Duration = Duration::from_millis(50);

/// A match, cut at the moment it was found: a flood behind it cannot wash it away.
pub(super) struct Hit {
    pub(super) pattern: u32,
    pub(super) before: Payload,
    /// Bytes between the last match and `before`.
    pub(super) skipped: u64,
    pub(super) matched: Payload,
    /// Offset of the match's end in the stream.
    end: u64,
}

struct Watch {
    matcher: Matcher,
    hit: Option<Hit>,
    /// A pattern that ends here if nothing follows.
    if_at_rest: Option<usize>,
}

/// The state between the reader thread and the askers.
pub(super) struct Inbox {
    /// The tail of what arrived since `mark`.
    held: Vec<u8>,
    /// Offset in the stream of the end of the last match.
    mark: u64,
    /// Bytes that arrived in all.
    total: u64,
    last_arrival: Instant,
    watch: Option<Watch>,
    gone: Option<Fault>,
}

/// What an asker finds.
pub(super) enum Look {
    /// The answer.
    Hit(Hit),
    /// The line is gone.
    Gone(Fault),
    /// Not yet; look again then even if nobody calls.
    Wait(Option<Instant>),
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { held: Vec::new(), mark: 0, total: 0, last_arrival: Instant::now(), watch: None, gone: None }
    }

    /// Takes in what the line gave. True where the asker should look.
    pub(super) fn arrived(&mut self, bytes: &[u8]) -> bool {
        self.last_arrival = Instant::now();
        self.held.extend_from_slice(bytes);
        self.total += bytes.len() as u64;
        let news = self.step(self.held.len() - bytes.len());
        if self.held.len() > 2 * HELD {
            self.held.drain(..self.held.len() - HELD);
        }
        news
    }

    /// Runs the matcher over `held[from..]`. True where the asker should look.
    fn step(&mut self, from: usize) -> bool {
        let Some(watch) = self.watch.as_mut().filter(|w| w.hit.is_none()) else { return false };
        watch.if_at_rest = None;
        let found = watch.matcher.feed(&self.held[from..]).map(|f| (f.pattern, from + f.end));
        let found = found.or_else(|| match watch.matcher.at_end(&self.held) {
            AtEnd::Match(pattern) => Some((pattern, self.held.len())),
            AtEnd::IfAtRest(pattern) => {
                watch.if_at_rest = Some(pattern);
                None
            }
            AtEnd::Nothing => None,
        });
        if let Some((pattern, end)) = found {
            let first = self.total - self.held.len() as u64;
            watch.hit = Some(cut(&watch.matcher, pattern, &self.held, end, first, self.mark));
        }
        watch.hit.is_some() || watch.if_at_rest.is_some()
    }

    /// Lets `matcher` look at all that is held and at what will come.
    pub(super) fn watch(&mut self, matcher: Matcher) {
        self.watch = Some(Watch { matcher, hit: None, if_at_rest: None });
        self.step(0);
    }

    /// Ends the watch and gives the matcher back. What was found and not taken stays in the stream.
    pub(super) fn unwatch(&mut self) -> Option<Matcher> {
        self.watch.take().map(|w| w.matcher)
    }

    /// The asker's look; a hit moves the mark behind it.
    pub(super) fn look(&mut self) -> Look {
        let rested = self.last_arrival + REST;
        let mut wait = None;
        if let Some(watch) = self.watch.as_mut() {
            if let (None, Some(pattern)) = (&watch.hit, watch.if_at_rest) {
                if Instant::now() >= rested || self.gone.is_some() {
                    let first = self.total - self.held.len() as u64;
                    watch.hit = Some(cut(&watch.matcher, pattern, &self.held, self.held.len(), first, self.mark));
                } else {
                    wait = Some(rested);
                }
            }
            if let Some(hit) = watch.hit.take() {
                self.forget_until(hit.end);
                return Look::Hit(hit);
            }
        }
        self.gone.clone().map_or(Look::Wait(wait), Look::Gone)
    }

    /// When the line will have been at rest for `idle`, counted from `since` where nothing came after it.
    pub(super) fn rest_at(&self, idle: Duration, since: Instant) -> Instant {
        self.last_arrival.max(since) + idle
    }

    /// What arrived since the mark: the last of it, and how much in all.
    pub(super) fn text(&self) -> (Payload, u64) {
        (self.held[self.held.len().saturating_sub(HELD)..].into(), self.total - self.mark)
    }

    /// Moves the mark to now.
    pub(super) fn forget(&mut self) {
        self.forget_until(self.total);
    }

    fn forget_until(&mut self, offset: u64) {
        let first = self.total - self.held.len() as u64;
        let used = usize::try_from(offset.saturating_sub(first)).unwrap_or(usize::MAX).min(self.held.len());
        self.held.drain(..used);
        self.mark = offset;
    }

    /// The line is gone, once and for all.
    pub(super) fn set_gone(&mut self, fault: Fault) {
        self.gone.get_or_insert(fault);
    }

    pub(super) fn gone(&self) -> Option<Fault> {
        self.gone.clone()
    }
}

fn cut(matcher: &Matcher, pattern: usize, held: &[u8], end: usize, first: u64, mark: u64) -> Hit {
    let start = matcher.cut(pattern, held, end);
    let from = start.saturating_sub(HELD);
    Hit {
        pattern: u32::try_from(pattern).unwrap_or(u32::MAX),
        before: held[from..start].into(),
        skipped: (first + from as u64).saturating_sub(mark),
        matched: held[start..end].into(),
        end: first + end as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(pattern: &str) -> Matcher {
        Matcher::new(&[pattern.to_owned()]).expect("compiles")
    }

    #[test]
    fn a_flood_is_counted_and_only_its_tail_held() {
        let mut inbox = Inbox::new();
        for _ in 0..200 {
            inbox.arrived(&[b'x'; 10_000]);
            assert!(inbox.held.len() <= 2 * HELD);
        }
        let (text, total) = inbox.text();
        assert_eq!((text.0.len(), total), (HELD, 2_000_000));
    }

    #[test]
    fn a_hit_survives_the_flood_behind_it_and_the_mark_moves_to_its_end() {
        let mut inbox = Inbox::new();
        inbox.arrived(b"old ");
        inbox.watch(matcher("login: "));
        assert!(inbox.arrived(b"cam login: "));
        for _ in 0..30 {
            inbox.arrived(&[b'y'; 10_000]);
        }
        let Look::Hit(hit) = inbox.look() else { panic!("a hit") };
        assert_eq!((hit.before.as_slice(), hit.matched.as_slice()), (&b"old cam "[..], &b"login: "[..]));
        assert_eq!(inbox.text().1, 300_000);
    }

    #[test]
    fn what_is_no_longer_held_before_a_match_is_counted() {
        let mut inbox = Inbox::new();
        inbox.arrived(b"forgotten");
        inbox.forget();
        inbox.watch(matcher("login: "));
        for _ in 0..200 {
            inbox.arrived(&[b'z'; 10_000]);
        }
        inbox.arrived(b"login: ");
        let Look::Hit(hit) = inbox.look() else { panic!("a hit") };
        assert_eq!(hit.before.as_slice().len() as u64 + hit.skipped, 2_000_000);
        assert!(hit.skipped > 0);
        inbox.watch(matcher("ready"));
        inbox.arrived(b"now ready");
        let Look::Hit(hit) = inbox.look() else { panic!("a hit") };
        assert_eq!((hit.before.as_slice(), hit.skipped), (&b"now "[..], 0));
    }

    #[test]
    fn a_hit_that_nobody_took_is_found_again() {
        let mut inbox = Inbox::new();
        inbox.watch(matcher("ready"));
        inbox.arrived(b"ready");
        inbox.unwatch();
        inbox.watch(matcher("ready"));
        assert!(matches!(inbox.look(), Look::Hit(_)));
        assert!(matches!(inbox.look(), Look::Wait(None)), "and only once");
    }
}
