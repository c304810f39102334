//! `provider: { qemu: arm, ... }`: guests in QEMU as DUTs, with real boot loaders and firmware, and no hardware.
//!
//! The serial port is a pty that outlives the guest, the network is QEMU's own with ports forwarded to a loopback address
//! for each sample, and the power switch starts and kills the process. Nothing reaches the outside: the guest's network
//! is restricted.

mod flash;
mod guest;
mod provider;
mod qmp;
mod settings;

#[cfg(test)]
mod tests;

pub use provider::QemuBench;
