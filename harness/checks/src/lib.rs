//! One file per check.
pub mod tls;
