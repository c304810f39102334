//! Two results held against each other: what regressed, what was fixed, where only the observations differ.
//!
//! Pure: works on results, so it serves two sealed packs, a run and its baseline, and a series of builds alike.

mod detail;
mod history;
mod normal;
mod pair;
mod strings;

pub use history::{Build, Turn, first_bad};
pub use pair::compare;
