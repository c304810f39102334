//! redaction/register.json: what was replaced, without values.

use serde::{Deserialize, Serialize};

/// One registered secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterEntry {
    /// `R-0007`, as in the token.
    pub id: String,
    /// `password`, `key`.
    pub kind: String,
    /// `12ch`: characters.
    pub length_class: String,
    /// Equal for equal secrets of one run.
    pub tag: String,
    /// How many places were replaced.
    #[serde(default)]
    pub count: u64,
}
