//! One page for the people who buy the product, in plain words, from what this run verified and nothing else.

mod facts;

pub use facts::{Fact, Sheet};

use askama::Template;

use crate::law::NO_ADVICE;
use crate::{ReportError, paper};

#[derive(Template)]
#[template(path = "consumer.html")]
struct Page<'a> {
    policy: String,
    style: &'a str,
    sheet: &'a Sheet,
    advice: &'static str,
}

/// The page; prints on one A4 sheet.
///
/// # Errors
/// Only where the template fails, which is a fault in Assay.
pub fn html(sheet: &Sheet) -> Result<Vec<u8>, ReportError> {
    paper::render(&Page { policy: paper::policy(), style: paper::STYLE, sheet, advice: NO_ADVICE })
}

/// The machine-readable form.
///
/// # Errors
/// Only where the writer fails, which is a fault in Assay.
pub fn json(sheet: &Sheet) -> Result<Vec<u8>, ReportError> {
    crate::summary::pretty("consumer.json", sheet)
}
