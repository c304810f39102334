//! Doors to the parsers for the fuzz targets in `harness/checks/fuzz`. Compiled only with the feature `fuzzing`.

/// A TLS server's first flight.
pub fn tls_flight(bytes: &[u8]) {
    crate::tls::fuzz_flight(bytes);
}

/// One certificate.
pub fn certificate(bytes: &[u8]) {
    crate::tls::fuzz_certificate(bytes);
}

/// The start of an SSH server's stream, and a host key.
pub fn ssh_start(bytes: &[u8]) {
    crate::ssh::fuzz_start(bytes);
}

/// What a service says, over a stream or in a datagram.
pub fn service(bytes: &[u8]) {
    crate::ports::fuzz_service(bytes);
}
