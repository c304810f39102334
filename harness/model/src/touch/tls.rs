//! Real TLS handshakes by rustls (1.2 and 1.3): what a modern client gets, and the chain it is shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Endpoint, Payload};

/// TLS handshakes.
pub struct Tls;

impl super::Protocol for Tls {
    const NAME: &'static str = "tls";
    type Request = TlsRequest;
    type Response = TlsResponse;
}

/// One handshake.
#[derive(Debug, Clone, Serialize)]
pub struct TlsRequest {
    /// Where to.
    pub endpoint: Endpoint,
    /// Name for SNI; never an IP address. `None` sends no SNI.
    pub server_name: Option<String>,
    /// ALPN protocols, in order; may be empty.
    pub alpn: Vec<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsResponse {
    /// The handshake completed. Certificates are recorded, never trusted.
    Established(TlsSession),
    /// The peer sent an alert or something that is not TLS.
    Failed {
        /// `alert: protocol_version`, `not TLS: ...`.
        text: String,
    },
    /// Connection refused.
    Refused,
    /// Connected or not, nothing more came within the deadline.
    NoAnswer {
        /// What was missing.
        text: String,
    },
}

/// Facts of an established session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsSession {
    /// `TLSv1.2`, `TLSv1.3`.
    pub version: String,
    /// IANA name of the suite.
    pub suite: String,
    /// The ALPN protocol that the server chose.
    pub alpn: Option<String>,
    /// DER certificates as sent, leaf first.
    pub chain: Vec<Payload>,
}
