//! Scans of port ranges.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Host, Limits};

/// Scans of TCP ports.
pub struct Ports;

impl super::Protocol for Ports {
    const NAME: &'static str = "ports";
    type Request = ScanRequest;
    type Response = ScanResponse;
}

/// Which ports of one host.
#[derive(Debug, Clone, Serialize)]
pub struct ScanRequest {
    /// The host.
    pub host: Host,
    /// Ports as inclusive ranges, sorted, without overlap.
    pub tcp: Vec<(u16, u16)>,
    /// How hard to press.
    pub limits: Limits,
    /// How long one connect may stay unanswered before the port counts as filtered, in milliseconds.
    pub silence_ms: u32,
    /// How each port is asked.
    pub method: ScanMethod,
}

/// How a port is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScanMethod {
    /// By a whole connection: needs no privilege.
    #[default]
    Connect,
    /// By a raw SYN: needs CAP_NET_RAW, and no service sees a connection.
    Syn,
    /// By a raw SYN where this process has the right to it, else by a connection.
    Auto,
}

/// What answered.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct ScanResponse {
    /// Ports that accepted a connection (by a SYN: would have), ascending.
    pub open: Vec<u16>,
    /// How many answered with a reset.
    pub closed: u32,
    /// How many stayed silent, after a second try.
    pub filtered: u32,
    /// Silent ports, ascending, the first 1,000.
    pub filtered_ports: Vec<u16>,
    /// Ports that were not asked because the deadline passed or the host vanished.
    pub unasked: u32,
    /// Whether something answered (open or reset) at the start and again at the end: without it "closed" means nothing.
    pub alive_before: bool,
    /// See `alive_before`.
    pub alive_after: bool,
    /// Connections that were started or SYNs that were sent, retries included.
    pub connects: u32,
    /// Wall time.
    pub duration_ms: u64,
    /// How ports were asked: `connect` or `syn`.
    #[serde(default)]
    pub method: ScanMethod,
}
