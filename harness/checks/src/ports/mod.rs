//! Ports of a DUT: which are open, and what speaks there.

pub(crate) mod identify;
pub(crate) mod ranges;
pub(crate) mod scan;
mod udp;

/// Gives bytes to the readers of all services, for the fuzz target.
#[cfg(feature = "fuzzing")]
pub(crate) fn fuzz_service(bytes: &[u8]) {
    identify::read_all(bytes);
    udp::read_all(bytes);
}
