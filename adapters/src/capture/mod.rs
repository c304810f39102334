//! Packets: captured on an interface of this host, and written as pcapng.

mod interface;
mod kept;
mod packet_socket;
pub mod pcapng;
#[cfg(test)]
mod tests;

pub use interface::InterfaceCapture;
pub(crate) use kept::KeptCaptures;
