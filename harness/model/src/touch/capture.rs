//! Packets as they pass on a link of the DUT.

use serde::{Deserialize, Serialize};

use crate::{Host, Payload};

/// Captures.
pub struct Captures;

impl super::Protocol for Captures {
    const NAME: &'static str = "capture";
    type Request = CaptureRequest;
    type Response = Captured;
}

/// Packets of one host for a while, from now on.
#[derive(Debug, Clone, Serialize)]
pub struct CaptureRequest {
    /// Whose: what it sends, and what is sent to it.
    pub host: Host,
    /// For how long, in milliseconds.
    pub within_ms: u32,
}

/// What was captured: kept once as evidence of its own, and in no record of exchanges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// Where: the interface, or the link of a virtual device.
    pub source: String,
    /// A pcapng file with counters of what was lost.
    pub file: Payload,
    /// Packets in it.
    pub packets: u64,
    /// Packets that passed and are not in it.
    pub dropped: u64,
}
