//! Which probe and chip a check goes through, and the one way of asking.

use assay_model::touch::probe::{ProbeAsk, ProbeRequest, ProbeResponse};
use assay_model::{CheckContext, Fault};

/// The two parameters that every check of the debug port takes.
#[derive(Debug, Clone)]
pub(super) struct Through {
    /// Selector of another USB probe than the bench's own: `VID:PID:SERIAL`.
    pub(super) probe: Option<String>,
    /// Chip name as probe-rs knows it, where it is not the bench's.
    pub(super) chip: Option<String>,
}

impl Through {
    pub(super) async fn ask(self, cx: &CheckContext, ask: ProbeAsk) -> Result<ProbeResponse, Fault> {
        let request = ProbeRequest { probe: self.probe, chip: self.chip, ask };
        cx.touches.probe()?.call(request, cx.deadline).await
    }
}

/// The adapter answered another question.
pub(super) fn misfit(asked: &str) -> Fault {
    Fault::adapter("wrong-answer", format!("the debug probe's adapter gave no answer that fits `{asked}`"))
}
