//! What a DUT says over HTTP.

pub(crate) mod ask;
#[cfg(feature = "fuzzing")]
mod fuzz;
pub(crate) mod links;
mod list;
pub(crate) mod page;
pub(crate) mod probe;
pub(crate) mod reading;
pub(crate) mod routes;
pub(crate) mod settings;

#[cfg(feature = "fuzzing")]
pub(crate) use fuzz::fuzz_answer;
