//! The record of an investigation, and of a failure where one was found, filled in as far as a run can.
//!
//! What only people know (the steps of the remedy, whether they worked, who was told when) is left open and marked so.

mod draw;

pub use draw::{Failure, FailureRecord, Outcome, Told};

use askama::Template;

use crate::law::NO_ADVICE;
use crate::{ReportError, paper};

#[derive(Template)]
#[template(path = "failure-record.html")]
struct Page<'a> {
    policy: String,
    style: &'a str,
    record: &'a FailureRecord,
    advice: &'static str,
}

/// The page for people; prints on A4 with room to write.
///
/// # Errors
/// Only where the template fails, which is a fault in Assay.
pub fn html(record: &FailureRecord) -> Result<Vec<u8>, ReportError> {
    paper::render(&Page { policy: paper::policy(), style: paper::STYLE, record, advice: NO_ADVICE })
}

/// The machine-readable form.
///
/// # Errors
/// Only where the writer fails, which is a fault in Assay.
pub fn json(record: &FailureRecord) -> Result<Vec<u8>, ReportError> {
    crate::summary::pretty("failure-record.json", record)
}
