//! The words and traits that the rest of Assay shares: verdicts, checks, the ways of touching a DUT, the shape of
//! results. No I/O, no threads; the only clock is the host's monotonic one behind [`Deadline`].
//!
//! **Adapters touch, checks observe, plans judge, the journal remembers, reports only read.** This crate holds the
//! nouns of that sentence and none of the work.

pub mod assessment;
mod bench;
mod bytes;
pub mod catalogue;
mod check;
pub mod comparison;
mod deadline;
mod diagnostic;
mod effect;
mod endpoint;
mod fault;
mod id;
pub mod journal;
pub mod lab;
pub mod report;
pub mod results;
mod schema;
mod seam;
pub mod touch;
mod transition;
mod verdict;
mod visible;

pub use bench::{
    BenchProvider, BenchRequest, Dut, DutOrigin, DutProbe, Equipment, GoldenUnit, Limits, OpenBench, OpenDut,
};
pub use bytes::Payload;
pub use check::{Check, CheckContext, CheckInfo, CheckKind, Progress, SecretSink, TypedCheck, erase};
pub use deadline::Deadline;
pub use diagnostic::{Diagnostic, Label, Severity, SourceFile, Span};
pub use effect::Effect;
pub use endpoint::{AddressBook, Endpoint, ForeignAddress, Host};
pub use fault::{Blame, Fault};
pub use id::{EvidenceId, RunId, SampleId, UnitId};
pub use schema::Schema;
pub use seam::{Direction, EvidenceKind, EvidenceStream, Exchange, Outcome, Recorder, StreamMeta};
pub use touch::{Protocol, Touch, Touches};
pub use transition::Transition;
pub use verdict::{Reason, ReasonClass, Verdict};
pub use visible::{hidden, visible, visible_line};
