//! What stands in a packet capture: flows, names, protection, destinations, values that must not be there.

pub(crate) mod boot;
mod dns;
mod file;
mod flows;
#[cfg(feature = "fuzzing")]
mod fuzz;
mod hello;
pub(crate) mod import;
mod live;
mod observation;
mod stream;
pub(crate) mod traffic;

#[cfg(feature = "fuzzing")]
pub(crate) use fuzz::fuzz_capture;

#[cfg(test)]
pub(crate) mod tests;
