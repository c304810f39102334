//! What an SSH server offers before anybody logs on, read by our own parser: libssh2 cannot show what it would not use.

mod algorithms;
pub(crate) mod auth;
mod compare;
mod hello;
mod host_keys;
mod kex;
mod key;
mod wire;

pub use algorithms::SshAlgorithms;
pub use compare::SshCompare;
pub use host_keys::SshHostKeys;

#[cfg(feature = "fuzzing")]
pub(crate) fn fuzz_start(bytes: &[u8]) {
    let _ = wire::start(bytes);
    let _ = wire::packet(bytes);
    let _ = key::host_key(bytes);
}
