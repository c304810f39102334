//! The serial console. It is captured from before power-on, all the time; requests only talk and look.

use serde::{Deserialize, Serialize};

use crate::Payload;

/// The serial console.
pub struct Console;

impl super::Protocol for Console {
    const NAME: &'static str = "console";
    type Request = ConsoleRequest;
    type Response = ConsoleResponse;
}

/// What can be asked.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsoleRequest {
    /// Sends bytes as they are.
    Write {
        /// What.
        bytes: Payload,
    },
    /// Waits until one of the patterns matches what arrived since the last match (or since `Forget`).
    Expect {
        /// Byte regexes (regex-automata syntax, no Unicode classes), tried together; the earliest end wins.
        patterns: Vec<String>,
        /// At most so long, in milliseconds; the deadline counts too.
        within_ms: u64,
    },
    /// Waits until nothing has arrived for so long, and returns what had.
    Quiet {
        /// How long nothing must arrive, in milliseconds.
        idle_ms: u64,
    },
    /// Forgets what arrived so far: the next `Expect` sees only what comes after. The evidence keeps all.
    Forget,
    /// Sends a break.
    Break {
        /// How long, in milliseconds.
        for_ms: u32,
    },
    /// Sets the modem lines, which reset many boards.
    Lines {
        /// Data terminal ready.
        dtr: Option<bool>,
        /// Request to send.
        rts: Option<bool>,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsoleResponse {
    /// Done.
    Done,
    /// A pattern matched.
    Matched {
        /// Which, from 0.
        pattern: u32,
        /// What arrived before the match, the last 512 KiB.
        before: Payload,
        /// Bytes that arrived before that and are no longer held.
        #[serde(default)]
        skipped: u64,
        /// The matched bytes.
        matched: Payload,
    },
    /// No pattern matched in time; or the answer to `Quiet`.
    Text {
        /// What arrived, the last 512 KiB.
        bytes: Payload,
        /// How many bytes arrived in all since the last match.
        total: u64,
    },
    /// The port reports no such line (a pty has no modem lines).
    Unsupported,
}
