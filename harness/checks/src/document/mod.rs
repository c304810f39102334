//! Documents that a supplier publishes or hands over.

mod dates;
mod durations;
mod page;
mod source;
