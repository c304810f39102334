//! What a DUT says over HTTP.

pub(crate) mod ask;
pub(crate) mod links;
mod list;
pub(crate) mod page;
pub(crate) mod probe;
pub(crate) mod reading;
pub(crate) mod routes;
pub(crate) mod settings;
