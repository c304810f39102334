//! One file per check.
pub mod debug;
pub mod secrets;
pub mod ssh;
pub mod tls;
