//! The journal: one ordered, hash-chained record of a run, one JSON object a line.
//!
//! Each line carries the SHA-256 of the line before, so an edit, a removal or a change of order shows at the next line.
//! `writer` appends, `reader` checks while it streams; neither holds more than one line in memory.

mod line;
mod reader;
mod writer;

pub(crate) use line::digest;
pub use line::{Entry, GENESIS, sorted_json};
pub use reader::{Defect, JournalError, Torn, Verified, read, read_on, verify};
pub use writer::{Clock, Journal, SYNCED};
pub(crate) use writer::{today, utc_now};
