//! Exit codes: public, documented, and the same for every command.

/// All selected units PASS or NOT_APPLICABLE, or the command did what was asked.
pub(crate) const OK: u8 = 0;
/// `rejudge` and `diff`: something changed.
pub(crate) const CHANGED: u8 = 1;
/// Usage, plan, bench or dossier invalid; nothing was sent to the DUT.
pub(crate) const INVALID: u8 = 2;
/// The bench failed: no observation could be made.
pub(crate) const BENCH: u8 = 4;
/// Whoever answered or ran it stopped before the end.
pub(crate) const INTERRUPTED: u8 = 130;
/// Integrity, or evidence could not be kept.
pub(crate) const INTEGRITY: u8 = 5;
