//! Ports of a DUT: which are open, and what speaks there.

pub(crate) mod identify;
pub(crate) mod ranges;
pub(crate) mod scan;
mod udp;
