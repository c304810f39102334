//! Packets as they pass on a link of the DUT.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// Set by the adapter once nothing more is missed.
    #[serde(skip)]
    pub begun: Begun,
}

/// Says that a capture has begun: what it is meant to show is not done before.
#[derive(Debug, Clone, Default)]
pub struct Begun(Arc<AtomicBool>);

impl Begun {
    /// It has.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it has.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
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
    /// Addresses that the host was seen to send from, the one it goes by included.
    pub addresses: Vec<IpAddr>,
}
