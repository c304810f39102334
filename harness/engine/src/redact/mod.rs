//! Redaction: no registered secret reaches a sink in clear, in any of its usual forms.
//!
//! The [`Vault`] holds the secrets of one run. What goes to the journal, to evidence or to a person passes through it;
//! what goes to a check has its tokens revealed just before. Equal secrets have equal tags, so expectations can compare
//! them without seeing them.
//!
//! **Limits.** A secret of fewer than [`SHORTEST`] characters is replaced only where a whole JSON string equals it: in a
//! stream it would be found everywhere. JSON keys that look like field names of a format (`[a-z_]+`) stay as they are.
//! The token itself names the kind and the length.

mod forms;
mod json;
mod keep;
mod lab_key;
mod leaks;
mod register;
mod stream;
mod vault;

pub use forms::SHORTEST;
pub use lab_key::{Encrypting, LabKey};
pub(crate) use leaks::holds_a_secret;
pub use leaks::{Leak, leaks};
pub use register::RegisterEntry;
pub use stream::StreamRedactor;
pub use vault::Vault;
