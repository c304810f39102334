//! The lines between the touch and its child: one JSON object each.

use assay_model::Fault;
use assay_model::touch::probe::{ProbeAsk, ProbeResponse};
use serde::{Deserialize, Serialize};

/// Longest line either side accepts: a whole memory read in base64, with room.
pub(super) const MAX_LINE: usize = 4 << 20;

/// What the touch sends: the probe and chip to use, already checked against the bench, and the question.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) selector: String,
    pub(super) chip: Option<String>,
    pub(super) ask: ProbeAsk,
}

/// What the child sends.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FromChild {
    /// It is ready; anything before this line is not ours.
    Ready {
        /// Version of these lines.
        protocol: u32,
    },
    /// What it tries next: where it stands if nothing more comes.
    Trying {
        /// Name of the stage.
        stage: String,
    },
    /// The answer, which ends the job.
    Answer(Box<ProbeResponse>),
    /// The lab's trouble, which ends the job.
    Fault(Fault),
}

/// Version of these lines.
pub(super) const PROTOCOL: u32 = 1;
