//! Folding: the journal into results. Same journal, same results.

mod cases;
mod rejudge;
mod results;

pub use cases::Progressed;
pub use rejudge::{Change, RejudgeError, rejudge};
pub use results::{Folded, results};
