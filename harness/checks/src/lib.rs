//! One file per check.
pub mod document;
pub mod ssh;
pub mod tls;
