//! What a DUT offers over SSH.

pub(crate) mod auth;
