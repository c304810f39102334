//! Kinds of bench: where DUTs and the adapters wired to them come from.

mod adhoc;
mod list;
mod local;
mod own;
mod qemu;
mod reference;
mod settings;
mod station;
mod virtual_;

#[cfg(test)]
mod tests;

pub use adhoc::one_host;
pub use list::providers;
pub use local::LocalBench;
pub use own::own_ways;
pub use qemu::QemuBench;
pub(crate) use settings::local_wires;
pub use virtual_::VirtualBench;
