//! Folding: the journal into results. Same journal, same results.

mod cases;
mod claims;
mod groups;
mod inventory;
mod rejudge;
mod results;
mod review;
mod to_do;
mod waivers;
mod ways;

pub use cases::Progressed;
pub use rejudge::{Change, RejudgeError, rejudge};
pub use results::{Folded, of_pack, results};
