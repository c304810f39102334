//! Loading: YAML text to resolved plans, every mistake at once, before anything is opened.
//!
//! The passes: [`source`] reads bytes → [`tree`] parses to a tree with places → `lower` makes typed values →
//! `resolve` holds plans, bench and dossier against each other.

mod applicability;
mod blank;
mod catalogue;
mod files;
mod lint;
mod lower;
mod products;
mod request;
mod resolve;
mod rules;
mod scan;
mod snapshots;
pub mod source;
pub(crate) mod suggest;
mod template;
pub mod tree;

pub use applicability::Applicability;
pub use catalogue::{catalogue_of, load_catalogue};
pub use lint::{lint, lint_product};
pub(crate) use lower::keys;
pub use request::LoadRequest;
pub(crate) use resolve::NOT_SELECTED;
pub use resolve::{load, load_bench, load_lab, load_plans};
