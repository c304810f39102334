//! Whom a report is for, beside its format.

use crate::law::Role;

/// What a reader asks for. The default is the report as every pack has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reader {
    /// Whose duties; see [`Format::takes_role`](crate::Format::takes_role).
    pub role: Option<Role>,
    /// The machine-readable twin of a page; see [`Format::has_twin`](crate::Format::has_twin).
    pub json: bool,
}
