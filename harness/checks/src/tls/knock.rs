//! One hello that nearly every server of TLS or DTLS answers in its own protocol, if only to refuse: for who wants to know no
//! more than whether it is spoken.

use super::dtls;
use super::flight::server_flight;
use super::hello::ClientHello;
use super::names::Version;

/// Suites that nearly every server has one of.
const COMMON: [u16; 20] = [
    0xC02F, 0xC02B, 0xC030, 0xC02C, 0xCCA8, 0xCCA9, 0xC013, 0xC009, 0xC014, 0xC00A, 0x009E, 0x0033, 0x0039, 0x009C,
    0x009D, 0x002F, 0x0035, 0x000A, 0x0005, 0x00A8,
];

/// A hello of TLS 1.2.
pub(crate) fn knock() -> Vec<u8> {
    ClientHello::new(Version::Tls12, &COMMON, None).to_bytes()
}

/// A hello of DTLS 1.2.
pub(crate) fn dtls_knock() -> Vec<u8> {
    dtls::client_hello(&ClientHello::new(Version::Dtls12, &COMMON, None), None)
}

/// Whether the start of a stream is a server's hello or alert.
pub(crate) fn answered_in_tls(stream: &[u8]) -> bool {
    server_flight(stream).is_ok_and(|flight| flight.hello.is_some() || flight.alert.or(flight.warning).is_some())
}

/// Whether a datagram is a server's: a hello, the wish for a cookie, or an alert.
pub(crate) fn answered_in_dtls(datagram: &[u8]) -> bool {
    dtls::flight(std::iter::once(datagram))
        .is_some_and(|seen| seen.cookie.is_some() || seen.flight.hello.is_some() || seen.flight.alert.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_from_echoes_and_from_other_protocols() {
        assert!(answered_in_tls(&[21, 3, 3, 0, 2, 2, 40]));
        assert!(
            !answered_in_tls(b"HTTP/1.1 400 Bad Request\r\n") && !answered_in_tls(&[]) && !answered_in_tls(&knock())
        );
        assert!(answered_in_dtls(&[21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40]));
        assert!(!answered_in_dtls(&dtls_knock()) && !answered_in_dtls(b"\x60\x45\x12\x34"));
    }
}
