//! Listening to a console over a restart, with everything it says kept up to a bound.

use std::time::Duration;

use assay_model::{
    CheckContext, Fault,
    touch::{
        console::{ConsoleRequest, ConsoleResponse},
        power::PowerRequest,
    },
};

use crate::auth::logon::words;

/// What is kept of a boot; the console's evidence keeps all.
const HEARD: usize = 512 * 1024;

/// How long a restart keeps the power off where a plan does not say, in milliseconds.
pub(crate) const fn half_a_second() -> u32 {
    500
}

/// `power_cycle` where a plan does not say.
pub(super) const fn yes() -> bool {
    true
}

/// A console that is listened to.
pub(crate) struct Listener<'a> {
    cx: &'a CheckContext,
    /// From the last [`Listener::forget`] to the end of the last match.
    heard: Vec<u8>,
    /// Bytes that were heard and are not kept.
    dropped: u64,
}

/// What was heard since the last [`Listener::forget`].
pub(crate) struct All {
    /// What is kept of it.
    pub(crate) text: String,
    /// Bytes that were heard.
    pub(crate) total: u64,
    /// Bytes of them that are not in `text`: nothing can be said of them.
    pub(crate) not_kept: u64,
}

/// What a wait came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A pattern, from 0; what stood before it, and what matched.
    Match(usize, String, String),
    /// None in time; how many bytes came since the last match.
    Nothing(u64),
}

impl<'a> Listener<'a> {
    pub(crate) fn new(cx: &'a CheckContext) -> Self {
        Self { cx, heard: Vec::new(), dropped: 0 }
    }

    async fn ask(&self, request: ConsoleRequest) -> Result<ConsoleResponse, Fault> {
        self.cx.touches.console()?.call(request, self.cx.deadline).await
    }

    /// What comes from now on is what counts.
    pub(crate) async fn forget(&mut self) -> Result<(), Fault> {
        self.heard.clear();
        self.dropped = 0;
        self.ask(ConsoleRequest::Forget).await.map(drop)
    }

    pub(crate) async fn write(&self, bytes: &[u8]) -> Result<(), Fault> {
        self.ask(ConsoleRequest::Write { bytes: bytes.into() }).await.map(drop)
    }

    pub(crate) async fn expect(&mut self, patterns: &[&str], within: Duration) -> Result<Heard, Fault> {
        let patterns = patterns.iter().map(|p| (*p).to_owned()).collect();
        let within_ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
        Ok(match self.ask(ConsoleRequest::Expect { patterns, within_ms }).await? {
            ConsoleResponse::Matched { pattern, before, skipped, matched } => {
                self.dropped += skipped;
                self.keep(&before.0);
                self.keep(&matched.0);
                Heard::Match(pattern as usize, words::plain(&before.0), words::plain(&matched.0))
            }
            ConsoleResponse::Text { total, .. } => Heard::Nothing(total),
            ConsoleResponse::Done | ConsoleResponse::Unsupported => Heard::Nothing(0),
        })
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = HEARD.saturating_sub(self.heard.len()).min(bytes.len());
        self.heard.extend_from_slice(&bytes[..room]);
        self.dropped += (bytes.len() - room) as u64;
    }

    /// All that was heard and kept, also what no pattern has taken; and how many bytes were heard, which may be more.
    pub(crate) async fn all(&mut self) -> Result<All, Fault> {
        let mut bytes = self.heard.clone();
        let mut total = bytes.len() as u64 + self.dropped;
        if let ConsoleResponse::Text { bytes: rest, total: more } =
            self.ask(ConsoleRequest::Quiet { idle_ms: 0 }).await?
        {
            bytes.extend_from_slice(&rest.0);
            total += more;
        }
        Ok(All { text: words::plain(&bytes), total, not_kept: total.saturating_sub(bytes.len() as u64) })
    }

    /// Cuts the power and gives it back. What the DUT says meanwhile is heard.
    pub(crate) async fn restart(cx: &CheckContext, off_ms: u32) -> Result<(), Fault> {
        cx.touches.power()?.call(PowerRequest::Cycle { off_ms }, cx.deadline).await.map(drop)
    }
}
