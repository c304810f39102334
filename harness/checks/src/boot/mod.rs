//! What a DUT starts.

pub(crate) mod secure;
