//! One module per way of touching a DUT, and the bench providers.

pub mod bench;
pub mod capture;
pub mod console;
pub mod doctor;
pub mod document;
#[cfg(test)]
mod doubles;
pub mod host;
pub mod http;
pub mod network;
pub mod operator;
pub mod ports;
pub mod power;
pub mod probe;
pub mod seam;
mod socket;
pub mod ssh;
pub mod tcp;
#[cfg(test)]
mod testing;
pub mod tls;
pub mod udp;
