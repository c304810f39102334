//! Datagrams: a payload out, whatever comes back.

use serde::{Deserialize, Serialize};

use crate::{Endpoint, Payload};

/// Datagrams.
pub struct Udp;

impl super::Protocol for Udp {
    const NAME: &'static str = "udp";
    type Request = UdpRequest;
    type Response = UdpResponse;
}

/// One datagram and how long to listen.
#[derive(Debug, Clone, Serialize)]
pub struct UdpRequest {
    /// Where to.
    pub endpoint: Endpoint,
    /// What.
    pub payload: Payload,
    /// How long to wait for answers, in milliseconds.
    pub wait_ms: u32,
    /// Return after so many datagrams.
    pub max_replies: u32,
}

/// What came back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UdpResponse {
    /// Datagrams, each with the address it came from.
    pub replies: Vec<Datagram>,
    /// The host said that the port is closed (ICMP port unreachable).
    pub unreachable: bool,
}

/// One datagram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Datagram {
    /// `address:port`.
    pub from: String,
    /// What.
    pub bytes: Payload,
}
