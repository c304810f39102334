//! One file per check.
pub mod secrets;
pub mod ssh;
pub mod tls;
