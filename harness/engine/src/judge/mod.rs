//! Judging: from what was recorded to a verdict with reasons. Pure: no clock, no files, no devices.
//!
//! [`AttemptRecord`] is what an attempt left in the journal, gathered by [`Collector`] from the same lines that a later
//! reader sees. [`Rule`] is what the plan holds against it. [`judge`] evaluates the expressions, [`decide`] turns what
//! they gave into one verdict.

mod conformance;
mod decide;
mod evaluate;
mod record;
mod rule;

pub use conformance::{conformance, exit_code};
pub(crate) use decide::fault_reason;
pub use decide::{Child, Decision, Facts, decide};
pub use evaluate::{Judgement, applies, control_holds, judge};
pub(crate) use record::phase;
pub use record::{Asked, AttemptRecord, Collector, ControlRecord, Ended, Row};
pub use rule::{Loop, Rule, rebuild_expressions};
pub(crate) use rule::{step_check, step_name, step_uses};
