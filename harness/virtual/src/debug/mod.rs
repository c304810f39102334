//! A virtual debug port: an ADIv5 target that stock debug-probe software reads over a socket, with locks and faults as data.
//!
//! Bottom up: [`Image`] and `memory` hold what can be read, `core_debug` is the Cortex-M side of it, `access_port` the lock
//! policy, `debug_port` the SW-DP with its posted reads and sticky errors. [`DebugTarget`] shares one of these between front
//! ends: [`serve_glasgow`] (whole transactions), [`serve_black_magic`] (single bits on the wire), or a driver in process.
//!
//! The lock models follow public descriptions and are only as true as those.

mod access_port;
mod black_magic;
mod cobs;
mod core_debug;
mod debug_port;
mod family;
mod gdb;
mod glasgow;
mod image;
mod memory;
mod phy;
mod rom_table;
mod server;
mod state;
mod target;
#[cfg(test)]
mod tests;

pub use debug_port::Ack;
pub use family::Family;
pub use gdb::GdbAddress;
pub use image::Image;
pub use server::{DebugListener, DebugServer, serve_black_magic, serve_glasgow, serve_glasgow_between};
pub use state::DebugState;
pub use target::DebugTarget;
