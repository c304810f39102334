//! One module per way of touching a DUT, and the bench providers.

pub mod document;
pub mod http;
pub mod network;
pub mod ports;
pub mod seam;
mod socket;
pub mod tcp;
#[cfg(test)]
mod testing;
pub mod tls;
pub mod udp;
