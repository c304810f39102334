//! The DUT as a host on the network.

pub(crate) mod alive;
