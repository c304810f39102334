//! What a DUT says over HTTP.

pub(crate) mod ask;
pub(crate) mod page;
pub(crate) mod probe;
