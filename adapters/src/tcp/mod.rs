//! Single TCP connections, byte by byte.

mod connections;
mod read;
mod step;

pub use connections::TcpConnections;
pub(crate) use step::StepConnections;

#[cfg(test)]
mod tests;
