//! Evidence packs and reports: pure functions of the record. Same record, same bytes.
//!
//! A report is one file and one line in [`Format::ALL`]. Text from a DUT is hostile until [`visible`] and the escaping
//! of its format have seen it.

mod csv;
mod entry;
mod html;
mod junit;
mod list;
mod oscal;
pub mod pack;
mod sarif;
pub mod statement;
mod summary;
mod text;
mod trace;
mod visible;

pub use list::{Format, ReportError};
pub use text::{tally, unit_lines};
pub use trace::Trace;
pub use visible::visible;
