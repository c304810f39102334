//! Passwords as values: how a set of them looks, without touching a DUT.

pub(crate) mod analyse;
mod counters;
mod derivations;
mod digests;
mod patterns;
mod shape;
mod variants;
pub(crate) mod wordlists;
