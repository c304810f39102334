//! Loading: YAML text to resolved plans.

pub(crate) mod scan;
pub mod source;
pub(crate) mod suggest;
pub(crate) mod template;
pub mod tree;
