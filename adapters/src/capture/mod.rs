//! Packets: captured on an interface of this host, or on the link of a virtual device; written as pcapng.

mod interface;
mod kept;
mod packet_socket;
pub mod pcapng;
mod sender;
#[cfg(test)]
mod tests;
mod virtual_link;

pub use interface::InterfaceCapture;
pub(crate) use kept::KeptCaptures;
pub(crate) use virtual_link::file_of;
