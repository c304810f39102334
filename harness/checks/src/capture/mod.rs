//! What stands in a packet capture: flows, names, protection, destinations, values that must not be there.

mod dns;
mod file;
mod flows;
mod hello;
pub(crate) mod import;
mod observation;
mod stream;

#[cfg(test)]
pub(crate) mod tests;
