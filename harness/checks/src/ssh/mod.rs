//! What an SSH server offers before anybody logs on, read by our own parser: libssh2 cannot show what it would not use.

mod algorithms;
mod wire;

pub use algorithms::SshAlgorithms;
