//! One file per check.
pub mod ssh;
pub mod tls;
