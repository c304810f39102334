//! Secrets in memory, firmware and logs: rules as data, a prefilter over their keywords, a bounded pattern at each hit.

pub(crate) mod check;
mod engine;
mod forms;
#[cfg(feature = "fuzzing")]
mod fuzz;
pub(crate) mod hashes;
mod rules;
#[cfg(test)]
mod tests;

pub use check::SecretsSearch;
pub(crate) use check::reported;
pub use engine::{Canary, Finding, Found, Search, SearchError, SearchOptions, SearchResult};
pub use forms::Form;
#[cfg(feature = "fuzzing")]
pub(crate) use fuzz::fuzz_search;
pub use rules::rule_names;
