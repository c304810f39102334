//! The power switch of one DUT.

use serde::{Deserialize, Serialize};

/// The power switch.
pub struct Power;

impl super::Protocol for Power {
    const NAME: &'static str = "power";
    type Request = PowerRequest;
    type Response = PowerResponse;
}

/// What can be asked.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerRequest {
    /// On.
    On,
    /// Off.
    Off,
    /// Off, wait, on.
    Cycle {
        /// How long it stays off, in milliseconds.
        off_ms: u32,
    },
    /// Reads the state back.
    State,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerResponse {
    /// The state afterwards, where the switch can tell.
    Is {
        /// `None`: this switch cannot read back.
        on: Option<bool>,
    },
}
