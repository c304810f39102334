//! What services give to whoever comes: one question, put to each protocol in its own words, a file for each.

mod adb;
mod ber;
pub(crate) mod coap;
mod each;
pub(crate) mod found;
pub(crate) mod ftp;
#[cfg(feature = "fuzzing")]
mod fuzz;
mod kind;
pub(crate) mod markers;
pub(crate) mod mdns;
pub(crate) mod mqtt;
pub(crate) mod redis;
pub(crate) mod rtsp;
pub(crate) mod snmp;
pub(crate) mod survey;
pub(crate) mod talk;
mod telnet;
mod tftp;
pub(crate) mod upnp;
mod usm;
pub(crate) mod vnc;
mod ws_discovery;

pub(crate) use each::all;
#[cfg(feature = "fuzzing")]
pub(crate) use fuzz::{fuzz_datagram, fuzz_stream, fuzz_web};
pub(crate) use kind::takes_tls;
