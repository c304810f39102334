//! Single TCP connections, byte by byte: for banners, telnet, and record layers of our own.

use serde::{Deserialize, Serialize};

use crate::{Endpoint, Payload};

/// TCP connections.
pub struct Tcp;

impl super::Protocol for Tcp {
    const NAME: &'static str = "tcp";
    type Request = TcpRequest;
    type Response = TcpResponse;
}

/// A connection of this adapter; numbered from 1 in the order of opening.
pub type Connection = u32;

/// What can be asked.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TcpRequest {
    /// Connects.
    Open {
        /// Where to.
        endpoint: Endpoint,
    },
    /// Connects, and speaks TLS (1.2 or 1.3) from then on: what is sent and read is recorded as it is inside. The certificate
    /// is nobody's concern here.
    OpenTls {
        /// Where to.
        endpoint: Endpoint,
        /// ALPN protocols, in order; may be empty.
        alpn: Vec<String>,
    },
    /// Speaks TLS on an open connection from now on, after both sides agreed to in clear. Answered by `Done`; by `NotTls` or
    /// `NoAnswer` where it came to nothing, and then the connection is closed.
    StartTls {
        /// Which.
        connection: Connection,
    },
    /// Connects, sends, reads one answer, closes: the most common probe in one exchange.
    Ask {
        /// Where to.
        endpoint: Endpoint,
        /// Sent at once after connecting; may be empty (banners).
        send: Payload,
        /// When to stop reading.
        read: ReadUntil,
    },
    /// Sends on an open connection.
    Send {
        /// Which.
        connection: Connection,
        /// What.
        bytes: Payload,
    },
    /// Reads from an open connection.
    Read {
        /// Which.
        connection: Connection,
        /// When to stop.
        read: ReadUntil,
    },
    /// Closes. Connections that a check forgets are closed when its step ends.
    Close {
        /// Which.
        connection: Connection,
    },
}

/// When a read is complete. Whatever comes first; the deadline always counts too.
#[derive(Debug, Clone, Serialize)]
pub struct ReadUntil {
    /// At most so many bytes.
    pub max_bytes: u32,
    /// No byte for so long, in milliseconds (also before the first).
    pub idle_ms: u32,
    /// These bytes have been seen.
    pub delimiter: Option<Payload>,
    /// At least so many bytes are there.
    pub at_least: Option<u32>,
}

impl ReadUntil {
    /// Whatever arrives until nothing comes for `idle_ms`.
    #[must_use]
    pub const fn idle(max_bytes: u32, idle_ms: u32) -> Self {
        Self { max_bytes, idle_ms, delimiter: None, at_least: None }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TcpResponse {
    /// Connected.
    Opened {
        /// Its number.
        connection: Connection,
    },
    /// The DUT answered with a reset.
    Refused,
    /// Nothing answered within the deadline, or the network said unreachable.
    NoAnswer {
        /// What the host's network stack said.
        text: String,
    },
    /// Bytes, perhaps none, and why reading stopped.
    Data {
        /// What arrived.
        bytes: Payload,
        /// Why reading stopped.
        end: ReadEnd,
    },
    /// Connected, and the TLS handshake failed: the peer refused, or speaks something else.
    NotTls {
        /// `alert: protocol_version`, `not TLS: ...`.
        text: String,
    },
    /// Sent or closed.
    Done,
    /// The peer closed or reset before all was sent.
    Gone,
}

/// Why a read stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadEnd {
    /// The peer closed in order.
    Closed,
    /// The peer reset.
    Reset,
    /// Nothing came for `idle_ms`.
    Idle,
    /// `max_bytes`, `at_least` or `delimiter` was met.
    Enough,
    /// The deadline passed.
    Deadline,
}
