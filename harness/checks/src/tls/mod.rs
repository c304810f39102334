//! What a TLS service offers, seen with our own record layer: rustls speaks only 1.2 and 1.3, and offers nothing weak.

mod certificate;
mod probe;
mod scan;
mod suites;
mod wire;

pub(crate) use scan::TlsScan;
