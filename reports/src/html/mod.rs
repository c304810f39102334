//! report.html: one file, no network, strict content policy. Script only adds filter and folding; all text is there
//! without it.

mod detail;
mod next_step;
mod page;
mod section;
mod unit;
mod value;

pub(crate) use page::render;
