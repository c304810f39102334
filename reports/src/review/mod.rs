//! From a draft to an issued report: what must be stated first, and how a signed pack becomes the next revision.
//!
//! A sealed pack never changes. A review copies it beside itself as `NAME-rN`, keeps what it replaces with the older
//! sums and signatures under `revisions/`, and is signed anew: both stay checkable, and a crash leaves the old one whole.

mod check;
mod gate;
mod people;
mod staging;

pub(crate) use check::check;
pub use gate::{Missing, missing};
pub use people::{Refusal, may_review};
pub use staging::{Staging, StagingError};
