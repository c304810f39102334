//! Security parameters of several samples, side by side.

pub(crate) mod unique;
