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

/// A datagram of a service: CoAP, DNS, SNMP, TFTP.
pub fn datagram(bytes: &[u8]) {
    crate::access::fuzz_datagram(bytes);
}

/// The start of what a service says over TCP: MQTT, RTSP, FTP, Redis, VNC, the debug bridge.
pub fn service_stream(bytes: &[u8]) {
    crate::access::fuzz_stream(bytes);
}

/// A page, a description or a header of a web server.
pub fn web_answer(bytes: &[u8]) {
    crate::access::fuzz_web(bytes);
    crate::http::fuzz_answer(bytes);
}

/// A firmware image, unpacked and looked at within small bounds.
pub fn firmware_image(bytes: &[u8]) {
    crate::firmware::fuzz_image(bytes);
}

/// A packet capture in a file.
pub fn capture_file(bytes: &[u8]) {
    crate::capture::fuzz_capture(bytes);
}

/// Memory or a log that is searched for secrets.
pub fn secrets(bytes: &[u8]) {
    crate::secrets::fuzz_search(bytes);
}

/// Where the secrets of a fuzzed input go.
pub(crate) struct Unheard;

impl assay_model::SecretSink for Unheard {
    fn register(&self, _kind: &str, _value: &str) {}
}
