//! Ctrl-C once, Ctrl-C twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio_util::sync::CancellationToken;

/// Ends a run early. Once: the current call is finished, clean-up runs, the journal is closed. Twice: nothing more is
/// waited for; the bench is closed, which powers off where its file says so.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    once: CancellationToken,
    twice: CancellationToken,
    code: Arc<AtomicU8>,
}

impl Cancel {
    /// Not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A signal came: 130 for SIGINT, 143 for SIGTERM. The first code is the run's exit code.
    pub fn interrupt(&self, exit_code: u8) {
        if self.once.is_cancelled() {
            self.twice.cancel();
        }
        let _ = self.code.compare_exchange(0, exit_code, Ordering::Relaxed, Ordering::Relaxed);
        self.once.cancel();
    }

    /// Ends the run without a signal: the operator said stop, or evidence was lost.
    pub(super) fn stop(&self) {
        self.once.cancel();
    }

    /// Whether no new work may begin.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.once.is_cancelled()
    }

    /// Whether even the current call must end.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        self.twice.is_cancelled()
    }

    /// 130 or 143 where a signal came.
    pub(super) fn exit_code(&self) -> Option<u8> {
        Some(self.code.load(Ordering::Relaxed)).filter(|code| *code != 0)
    }

    pub(super) async fn cancelled(&self) {
        self.once.cancelled().await;
    }

    pub(super) async fn aborted(&self) {
        self.twice.cancelled().await;
    }
}
