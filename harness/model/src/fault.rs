//! The lab's trouble, kept apart from what the DUT does.

use serde::{Deserialize, Serialize};

use crate::ReasonClass;

/// Where to look first when something other than the DUT failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Blame {
    /// Cable, power, host, permissions, another process.
    Bench,
    /// The driver or the tool behind an adapter.
    Adapter,
    /// The plan asked for something that cannot be.
    Plan,
    /// The operation's deadline passed before anything decided.
    Timeout,
}

impl From<Blame> for ReasonClass {
    fn from(blame: Blame) -> Self {
        match blame {
            Blame::Bench => Self::Bench,
            Blame::Adapter => Self::Adapter,
            Blame::Plan => Self::Plan,
            Blame::Timeout => Self::Timeout,
        }
    }
}

/// Something other than the DUT failed: the unit ends ERROR, never FAIL.
///
/// What the DUT does — refuse, close, stay silent, answer nonsense — is an observation and comes back in a response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{text}")]
pub struct Fault {
    /// Where to look first.
    pub blame: Blame,
    /// Stable, for scripts: `port-busy`, `foreign-address`.
    pub code: String,
    /// What was tried, where, and what was seen, as a lower-case fragment.
    pub text: String,
    /// The next thing to do with one's hands; empty where nothing useful can be said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
}

impl Fault {
    /// A fault without help.
    pub fn new(blame: Blame, code: impl Into<String>, text: impl Into<String>) -> Self {
        Self { blame, code: code.into(), text: text.into(), help: String::new() }
    }

    /// The bench's fault.
    pub fn bench(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Blame::Bench, code, text)
    }

    /// The adapter's fault.
    pub fn adapter(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Blame::Adapter, code, text)
    }

    /// The plan's fault.
    pub fn plan(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Blame::Plan, code, text)
    }

    /// The deadline passed.
    pub fn timeout(text: impl Into<String>) -> Self {
        Self::new(Blame::Timeout, "deadline", text)
    }

    /// The same fault with the next thing to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}
