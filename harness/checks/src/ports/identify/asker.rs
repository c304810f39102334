//! Small questions on connections of their own, no more at once than the bench allows, over all ports of a scan.

use std::sync::Arc;
use std::time::Duration;

use assay_model::{
    CheckContext, Endpoint, Fault,
    touch::tcp::{ReadEnd, ReadUntil, TcpRequest, TcpResponse},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A service that is there answers within this, unless its plan says that it is slow.
const USUAL: Duration = Duration::from_millis(1_000);

/// Asks ports of one DUT.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(super) cx: CheckContext,
    gate: Arc<Semaphore>,
    /// How long a question may stay unanswered.
    pub(super) wait: Duration,
}

impl Asker {
    /// For a host that answers a connect within `silence`.
    pub(crate) fn new(cx: &CheckContext, silence: Duration) -> Self {
        let gate = Arc::new(Semaphore::new(cx.limits.half_open.max(1) as usize));
        Self { cx: cx.clone(), gate, wait: USUAL.max(silence * 2) }
    }

    /// One connection's place.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // Never closed; were it so, the bench's other limits still hold.
        Arc::clone(&self.gate).acquire_owned().await.ok()
    }

    /// Reads what a port says unasked, or to `send`. Bytes that came in time, perhaps none.
    ///
    /// # Errors
    /// The lab failed.
    pub(super) async fn ask(&self, endpoint: &Endpoint, send: &[u8]) -> Result<Vec<u8>, Fault> {
        let _turn = self.turn().await;
        let idle_ms = u32::try_from(self.wait.as_millis() * 9 / 10).unwrap_or(u32::MAX);
        for _ in 0..2 {
            // A greeting comes in one piece; waiting for more would only cost time.
            let read = ReadUntil { at_least: Some(1), ..ReadUntil::idle(4_096, idle_ms) };
            let request = TcpRequest::Ask { endpoint: endpoint.clone(), send: send.into(), read };
            match self.cx.touches.tcp()?.call(request, self.cx.deadline.capped(self.wait)).await? {
                TcpResponse::Data { bytes, end } => {
                    if !bytes.0.is_empty() || !matches!(end, ReadEnd::Closed | ReadEnd::Reset) {
                        return Ok(bytes.0);
                    } // closed without a word: perhaps a flaky line
                }
                TcpResponse::Refused | TcpResponse::Gone => {}
                _ => break,
            }
        }
        Ok(Vec::new())
    }
}
