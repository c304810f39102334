//! SSH by libssh2: handshake, methods, logon, one command. Each request is a connection of its own.
//!
//! libssh2 blocks, so each request has a blocking thread; what it waits for is bounded twice: by libssh2's own timeout
//! and, for a server that never stops talking, by shutting its socket down at the deadline.

mod command;
mod ending;
mod kexinit;
mod logon;
mod session;
mod touch;

#[cfg(test)]
mod tests;

pub use touch::SshTouch;
