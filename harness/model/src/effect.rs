//! How deeply a check may reach into a DUT.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a check may do to the DUT. A plan must ask for it and the bench must permit it; nothing is ever erased unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Listens, or reads documents. Nothing reaches the DUT.
    #[default]
    Passive,
    /// Sends ordinary traffic; nothing stays on the DUT.
    Active,
    /// Changes state that the harness restores: settings, lockouts, reset, power.
    Disruptive,
    /// Cannot be undone by the harness.
    Destructive,
}

impl Effect {
    /// The word that plans and benches use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passive => "passive",
            Self::Active => "active",
            Self::Disruptive => "disruptive",
            Self::Destructive => "destructive",
        }
    }
}

impl std::fmt::Display for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}
