//! A bounded series of logons at one mechanism: pause between two, stop at the first sign of a limit.

use std::time::Duration;

use assay_model::{CheckContext, Fault};
use schemars::JsonSchema;
use serde::Serialize;

use super::logon::{Attempt, LimitedBy, Mechanism, Service};

/// Why a series ended before its candidates did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) enum Stopped {
    /// The account or the line is locked, or the DUT closes instead of answering.
    #[serde(rename = "lockout")]
    Lockout,
    /// Status 429.
    #[serde(rename = "429")]
    TooMany,
    /// Answers take longer and longer.
    #[serde(rename = "delay")]
    Delay,
    /// As many tries as the bench or the plan allows.
    #[serde(rename = "budget")]
    Budget,
    /// Nothing answers, or nothing answers any more.
    #[serde(rename = "gone")]
    Gone,
    /// What answers is no such logon.
    #[serde(rename = "unusable")]
    Unusable,
    /// The step's time is up.
    #[serde(rename = "deadline")]
    Deadline,
}

/// How one try of a series ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tried {
    Accepted,
    Refused,
    Limited {
        by: LimitedBy,
        retry_after_s: Option<u64>,
    },
    Gone,
    Unusable(String),
    /// A wrong password lets in as the right one does: nothing tells the two apart.
    Alike,
    Deadline,
}

/// What is said of [`Tried::Alike`].
pub(super) const ALIKE: &str = "a wrong password seems to let in too, so its answers tell nothing of passwords";

impl Tried {
    /// The word for a series that ends here; `None` where it goes on.
    pub(crate) fn stops(&self) -> Option<Stopped> {
        match self {
            Self::Accepted | Self::Refused => None,
            Self::Limited { by: LimitedBy::TooMany, .. } => Some(Stopped::TooMany),
            Self::Limited { by: LimitedBy::Delay, .. } => Some(Stopped::Delay),
            Self::Limited { .. } => Some(Stopped::Lockout),
            Self::Gone => Some(Stopped::Gone),
            Self::Unusable(_) | Self::Alike => Some(Stopped::Unusable),
            Self::Deadline => Some(Stopped::Deadline),
        }
    }
}

/// A series under way.
pub(crate) struct Series<'a> {
    cx: &'a CheckContext,
    mechanism: &'a Mechanism,
    pause: Duration,
    /// Logons that were tried, repeats after a dropped connection not counted.
    pub tried: u32,
    /// Whether the DUT ever answered a logon, yes or no.
    pub answered: bool,
    /// How long each refusal took.
    pub delays_ms: Vec<u64>,
}

/// Connections that may drop in a row before that is an answer: one is a flaky line.
const DROPS: u32 = 3;
/// A delay that is meant to hold guessing back is no shorter, in milliseconds; below it is how busy a DUT is.
const MEANT_MS: u64 = 1_500;

/// A password that no DUT has, different each time because some DUTs do not count repeats.
pub(super) fn wrong(n: u32) -> String {
    format!("assay-wrong-{n}-Zq7!")
}

impl<'a> Series<'a> {
    /// `pause_ms` is at least the bench's.
    pub(crate) fn new(cx: &'a CheckContext, mechanism: &'a Mechanism, pause_ms: Option<u32>) -> Self {
        let pause = Duration::from_millis(u64::from(pause_ms.unwrap_or(0).max(cx.limits.pause_ms)));
        Self { cx, mechanism, pause, tried: 0, answered: false, delays_ms: Vec::new() }
    }

    /// Tries once. A connection that drops is tried again, because one drop says nothing about the password.
    pub(crate) async fn attempt(&mut self, user: &str, password: &str) -> Result<Tried, Fault> {
        for drops in 1..=DROPS {
            if self.tried > 0 || drops > 1 {
                tokio::time::sleep(self.pause.min(self.cx.deadline.remaining())).await;
            }
            if self.cx.deadline.passed() {
                return Ok(Tried::Deadline);
            }
            match self.mechanism.attempt(self.cx, user, password).await? {
                Attempt::Dropped | Attempt::Unreachable if drops < DROPS => {}
                ended => {
                    self.tried += 1;
                    return Ok(self.judge(ended));
                }
            }
        }
        Ok(Tried::Gone)
    }

    /// Tries once, and where it is let in, once more with a wrong password: what takes that too tells nothing of passwords.
    /// Only where a yes is read from the want of a no; a shell or a word of the protocol needs no second look.
    pub(crate) async fn attempt_and_doubt(&mut self, user: &str, password: &str) -> Result<Tried, Fault> {
        let ended = self.attempt(user, password).await?;
        let inferred = matches!(
            self.mechanism.service,
            Service::HttpsJson | Service::HttpForm | Service::HttpBasic | Service::HttpDigest | Service::Rtsp
        );
        if !inferred || ended != Tried::Accepted {
            return Ok(ended);
        }
        let doubted = Series::new(self.cx, self.mechanism, None).attempt(user, &wrong(0)).await?;
        Ok(match doubted {
            Tried::Accepted => {
                self.answered = false;
                Tried::Alike
            }
            _ => ended,
        })
    }

    fn judge(&mut self, ended: Attempt) -> Tried {
        match ended {
            Attempt::Accepted { .. } => {
                self.answered = true;
                Tried::Accepted
            }
            Attempt::Refused { after_ms } => {
                self.answered = true;
                self.delays_ms.push(after_ms);
                if self.growing() { limited(LimitedBy::Delay) } else { Tried::Refused }
            }
            Attempt::Limited { by, retry_after_s } => {
                self.answered = true;
                Tried::Limited { by, retry_after_s }
            }
            // What answered before and hangs up now has had enough; what never answered is dead.
            Attempt::Dropped | Attempt::Unreachable if self.answered => limited(LimitedBy::Disconnect),
            Attempt::Silent if self.answered => limited(LimitedBy::Delay),
            Attempt::Dropped | Attempt::Unreachable | Attempt::Silent => Tried::Gone,
            Attempt::Unusable { text } => Tried::Unusable(text),
        }
    }

    /// Whether the last four refusals each took longer than the one before, up to a delay that is meant.
    pub(crate) fn growing(&self) -> bool {
        match self.delays_ms[..] {
            [.., a, b, c, d] => a < b && b < c && c < d && d >= MEANT_MS && d >= a.saturating_mul(2),
            _ => false,
        }
    }
}

fn limited(by: LimitedBy) -> Tried {
    Tried::Limited { by, retry_after_s: None }
}

/// Tries that a mechanism gets: what the plan asks for, never more than the bench permits.
pub(crate) fn budget(cx: &CheckContext, tries: Option<u32>) -> u32 {
    tries.unwrap_or(u32::MAX).min(cx.limits.tries_per_mechanism)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use assay_model::Fault;

    use super::*;
    use crate::{
        auth::logon::Place,
        fake::{Dut, Secrets},
    };

    #[tokio::test]
    async fn delays_that_are_meant_are_told_from_jitter() -> Result<(), Fault> {
        let cx = Dut::good().context(Arc::new(Secrets::default()));
        let mechanism = Mechanism::at(&cx, "dut", &Place::of(Service::Ssh, Some(2222))).await?;
        let of = |delays: &[u64]| Series { delays_ms: delays.to_vec(), ..Series::new(&cx, &mechanism, None) }.growing();
        for jitter in
            [&[120, 260, 400][..], &[120, 260, 400, 700], &[1_000, 900, 2_000, 4_000], &[2_000, 2_010, 2_020, 2_030]]
        {
            assert!(!of(jitter), "{jitter:?}");
        }
        for meant in [&[1_000, 2_000, 4_000, 8_000][..], &[0, 100, 200, 400, 800, 1_600]] {
            assert!(of(meant), "{meant:?}");
        }
        Ok(())
    }
}
