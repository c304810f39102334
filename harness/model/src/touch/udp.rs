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
    /// The port of ours to send from, as an answer before named it: for protocols that know their clients by address and
    /// port. `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_port: Option<u16>,
    /// Return when nothing came for so long after an answer, in milliseconds. `None`: wait for all of `wait_ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<u32>,
}

impl UdpRequest {
    /// One datagram from any port of ours.
    #[must_use]
    pub fn new(endpoint: Endpoint, payload: impl Into<Payload>, wait_ms: u32, max_replies: u32) -> Self {
        Self { endpoint, payload: payload.into(), wait_ms, max_replies, from_port: None, idle_ms: None }
    }
}

/// What came back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UdpResponse {
    /// Datagrams, each with the address it came from.
    pub replies: Vec<Datagram>,
    /// The host said that the port is closed (ICMP port unreachable).
    pub unreachable: bool,
    /// The port of ours that it was sent from; 0 where nothing was sent, or in records that do not say.
    #[serde(default)]
    pub from_port: u16,
}

/// One datagram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Datagram {
    /// `address:port`.
    pub from: String,
    /// What.
    pub bytes: Payload,
}
