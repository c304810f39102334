//! What a DUT offers over SSH before anybody logs on. Algorithms are read by our own parser: libssh2 cannot show what it
//! would not use.

mod algorithms;
pub(crate) mod auth;
mod wire;

pub(crate) use algorithms::SshAlgorithms;
