//! Loads plans, resolves them, runs them, judges, and keeps the journal.
//!
//! The way of the data: [`load`] YAML text → [`plan`] resolved → `run` on benches → journal → `fold` into results. The
//! engine knows no standard, no protocol detail and no report format.

pub mod compare;
pub mod diagnostics;
pub mod expr;
pub mod fold;
pub mod journal;
pub mod judge;
pub mod load;
pub mod plan;
pub mod redact;
pub mod review;
pub mod run;
pub mod schema;
