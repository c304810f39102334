//! Evidence packs and reports: pure functions of the record. Same record, same bytes.
//!
//! A report is one file and one line in [`Format::ALL`]. Text from a DUT is hostile until [`visible`] and the escaping
//! of its format have seen it.

pub mod consumer;
mod csv;
mod cyclonedx;
mod entry;
pub mod failure_record;
mod html;
mod junit;
mod law;
pub mod ledger;
mod list;
mod oscal;
pub mod pack;
mod paper;
mod reader;
pub mod review;
mod sarif;
pub mod statement;
mod summary;
mod survey;
mod text;
mod trace;
mod visible;

pub use law::Role;
pub use list::{Format, ReportError};
pub use reader::Reader;
pub use text::{tally, unit_lines};
pub use trace::Trace;
pub use visible::{visible, visible_line};
