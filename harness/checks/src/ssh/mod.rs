//! What a DUT offers over SSH, seen before anybody logs on and by asking for logon methods.

mod algorithms;
pub(crate) mod auth;
mod wire;

pub(crate) use algorithms::SshAlgorithms;
