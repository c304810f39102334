//! The recording seam: every exchange with a DUT is reported on its way through, and a record can be played back.

mod recorded;
mod replay;

pub use recorded::{Recorded, recorded};
pub use replay::{Replay, ReplayError};

#[cfg(test)]
mod tests;
