//! What a server's first flight says, as far as its bytes are in clear.

use super::names::extension;

/// What a server said, as far as its bytes go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ServerFlight {
    /// ServerHello or HelloRetryRequest.
    pub(crate) hello: Option<ServerHello>,
    /// DER certificates, leaf first (1.2 and older; encrypted in 1.3).
    pub(crate) chain: Vec<Vec<u8>>,
    /// An OCSP staple was sent.
    pub(crate) ocsp_staple: bool,
    /// Key exchange parameters of (EC)DHE suites.
    pub(crate) key_exchange: Option<KeyExchange>,
    /// The scheme that the server signed its key exchange with (1.2).
    pub(crate) signature: Option<u16>,
    /// The server asks for a client certificate.
    pub(crate) client_certificate: bool,
    /// ServerHelloDone was reached.
    pub(crate) done: bool,
    /// An alert that ends it: description number.
    pub(crate) alert: Option<u8>,
    /// A warning, after which the hello may follow.
    pub(crate) warning: Option<u8>,
}

/// What a ServerHello states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerHello {
    pub(crate) version: u16,
    pub(crate) suite: u16,
    pub(crate) compression: u8,
    pub(crate) session_id: bool,
    /// Extension numbers sent, with the group that a HelloRetryRequest selects and the protocol that ALPN chose.
    pub(crate) extensions: Vec<u16>,
    pub(crate) group: Option<u16>,
    pub(crate) alpn: Option<String>,
    pub(crate) retry: bool,
}

/// Parameters of an ephemeral key exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyExchange {
    /// A named curve.
    Curve(u16),
    /// A finite field: bits of the prime.
    Field(u32),
}

/// These bytes are no TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotTls;

/// Whether these bytes begin an SSLv2 SERVER-HELLO.
pub(crate) fn is_ssl2_server_hello(bytes: &[u8]) -> bool {
    matches!(bytes, [a, _, 4, _, _, 0, 2, ..] if a & 0x80 != 0)
}

const RETRY_RANDOM: [u8; 4] = [0xCF, 0x21, 0xAD, 0x74]; // first bytes of SHA-256("HelloRetryRequest"), RFC 8446 4.1.3

/// Reads the server's first flight from the start of its stream. A cut-off stream gives what was whole.
///
/// # Errors
/// The first bytes cannot begin a TLS record.
pub(crate) fn server_flight(stream: &[u8]) -> Result<ServerFlight, NotTls> {
    let mut flight = ServerFlight::default();
    let (messages, alerts) = records(stream)?;
    (flight.alert, flight.warning) = (alerts.fatal, alerts.warning);
    for (kind, body) in handshake_messages(&messages) {
        handshake_message(&mut flight, kind, body);
    }
    Ok(flight)
}

/// The messages of a handshake: kind and body of each that is whole.
pub(crate) fn handshake_messages(mut messages: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let mut at = Cursor(messages);
        let (kind, length) = (at.byte()?, at.u24()?);
        let body = at.take(length)?;
        messages = at.0;
        Some((kind, body))
    })
}

/// Alerts among the records: description numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Alerts {
    /// The one that ended them.
    pub(crate) fatal: Option<u8>,
    /// One that does not: `unrecognized_name` before the hello (RFC 6066 section 3).
    pub(crate) warning: Option<u8>,
}

/// The handshake bytes in clear at the start of a stream, freed of their records, and the alerts among them.
///
/// # Errors
/// The first bytes cannot begin a TLS record.
pub(crate) fn records(stream: &[u8]) -> Result<(Vec<u8>, Alerts), NotTls> {
    let mut alerts = Alerts::default();
    let mut messages = Vec::new();
    let mut rest = Cursor(stream);
    let mut first = true;
    while let Some(kind) = rest.byte() {
        let (Some(version), Some(length)) = (rest.u16(), rest.u16()) else {
            if first && !matches!(kind, 21 | 22) {
                return Err(NotTls);
            }
            break;
        };
        if first && (!matches!(kind, 21 | 22) || version >> 8 != 3 || length > 0x4800) {
            return Err(NotTls);
        }
        first = false;
        let available = rest.0.len().min(usize::from(length));
        let fragment = &rest.0[..available];
        match kind {
            21 => {
                let description = fragment.get(1).copied();
                // close_notify is a warning by its level, and ends what is said.
                if fragment.first() != Some(&1) || description == Some(0) {
                    alerts.fatal = description;
                    break;
                }
                alerts.warning = description;
            }
            22 => messages.extend_from_slice(fragment),
            _ => break, // ChangeCipherSpec or encrypted data: nothing more to read in clear
        }
        rest.0 = &rest.0[available..];
        if available < usize::from(length) {
            break;
        }
    }
    Ok((messages, alerts))
}

/// Takes up one message.
pub(crate) fn handshake_message(flight: &mut ServerFlight, kind: u8, body: &[u8]) {
    match kind {
        2 if flight.hello.is_none() => flight.hello = server_hello(body),
        11 => flight.chain = certificates(body),
        12 => {
            let Some(hello) = &flight.hello else { return };
            let mut at = Cursor(body);
            flight.key_exchange = key_exchange(&super::suites::name(hello.suite), &mut at);
            // Only from 1.2 on is the scheme stated; DTLS 1.2 counts downwards.
            let stated = flight.key_exchange.is_some() && matches!(hello.version, 0x0303 | 0xFEFD);
            flight.signature = if stated { at.u16() } else { None };
        }
        13 => flight.client_certificate = true,
        14 => flight.done = true,
        22 => flight.ocsp_staple = true,
        _ => {}
    }
}

fn server_hello(body: &[u8]) -> Option<ServerHello> {
    let mut at = Cursor(body);
    let mut version = at.u16()?;
    let random = at.take(32)?;
    let session = at.byte()?;
    at.take(usize::from(session))?;
    let mut hello = ServerHello {
        version,
        suite: at.u16()?,
        compression: at.byte()?,
        session_id: session > 0,
        extensions: Vec::new(),
        group: None,
        alpn: None,
        retry: random.starts_with(&RETRY_RANDOM),
    };
    if let Some(length) = at.u16() {
        let mut list = Cursor(at.take(usize::from(length)).unwrap_or(at.0));
        while let (Some(kind), Some(length)) = (list.u16(), list.u16()) {
            let Some(data) = list.take(usize::from(length)) else { break };
            hello.extensions.push(kind);
            let mut data = Cursor(data);
            match kind {
                extension::SUPPORTED_VERSIONS => version = data.u16().unwrap_or(version),
                extension::KEY_SHARE => hello.group = data.u16(),
                extension::ALPN => {
                    hello.alpn = data
                        .u16()
                        .and_then(|_| data.byte())
                        .and_then(|n| data.take(usize::from(n)))
                        .map(|name| String::from_utf8_lossy(name).into_owned());
                }
                _ => {}
            }
        }
    }
    hello.version = version;
    Some(hello)
}

fn certificates(body: &[u8]) -> Vec<Vec<u8>> {
    let mut at = Cursor(body);
    let mut chain = Vec::new();
    at.u24();
    // A chain of a thousand is hostile; ten tell all there is to know.
    while let Some(certificate) = at.u24().and_then(|length| at.take(length)) {
        chain.push(certificate.to_vec());
        if chain.len() == 10 {
            break;
        }
    }
    chain
}

/// The parameters, with `at` left behind them: at the signature, where the suite has one.
fn key_exchange(suite: &str, at: &mut Cursor<'_>) -> Option<KeyExchange> {
    if suite.contains("_PSK_") {
        let hint = at.u16()?; // RFC 4279 section 2, RFC 5489 section 2
        at.take(usize::from(hint))?;
    }
    let found = if suite.contains("_ECDH") {
        let curve = (at.byte()? == 3).then(|| at.u16()).flatten()?;
        KeyExchange::Curve(curve)
    } else if suite.contains("_DHE_") || suite.contains("_DH_anon") {
        let length = at.u16()?;
        let prime = at.take(usize::from(length))?;
        let leading = prime.iter().take_while(|b| **b == 0).count();
        let significant = prime.get(leading..)?;
        let top = significant.first().map_or(0, |b| 8 - b.leading_zeros());
        let bits = u32::try_from(significant.len().saturating_sub(1)).ok()? * 8 + top;
        let generator = at.u16().unwrap_or(0);
        at.take(usize::from(generator));
        KeyExchange::Field(bits)
    } else {
        return None;
    };
    // The server's public value; a cut-off one leaves nothing behind it.
    let length = match found {
        KeyExchange::Curve(_) => at.byte().map(usize::from),
        KeyExchange::Field(_) => at.u16().map(usize::from),
    };
    if length.and_then(|n| at.take(n)).is_none() || suite.contains("_anon_") || suite.contains("_PSK_") {
        *at = Cursor(&[]);
    }
    Some(found)
}

/// Reads forward through bytes; `None` where they end.
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length)?;
        self.0 = tail;
        Some(head)
    }
    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|b| b[0])
    }
    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|b| u16::from_be_bytes([b[0], b[1]]))
    }
    pub(crate) fn u24(&mut self) -> Option<usize> {
        self.take(3).map(|b| usize::from(b[0]) << 16 | usize::from(b[1]) << 8 | usize::from(b[2]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::hello::{push16, vector16};
    use super::*;
    use proptest::prelude::*;

    fn record(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut out = vec![kind, 3, 3];
        vector16(&mut out, |b| b.extend_from_slice(body));
        out
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut out = vec![kind];
        out.extend_from_slice(&u32::try_from(body.len()).expect("short").to_be_bytes()[1..]);
        out.extend_from_slice(body);
        out
    }

    fn hello_body(suite: u16) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend_from_slice(&[7; 32]);
        body.push(0);
        push16(&mut body, suite);
        body.push(0);
        body
    }

    #[test]
    fn a_flight_split_over_records_is_read_whole() {
        let mut messages = message(2, &hello_body(0xC02F));
        messages.extend(message(12, &[3, 0, 29, 1, 4]));
        messages.extend(message(14, &[]));
        let (a, b) = messages.split_at(20);
        let stream = [record(22, a), record(22, b)].concat();
        let flight = server_flight(&stream).expect("TLS");
        assert_eq!(flight.hello.map(|h| h.suite), Some(0xC02F));
        assert_eq!(flight.key_exchange, Some(KeyExchange::Curve(29)));
        assert!(flight.done);
    }

    #[test]
    fn the_prime_of_a_finite_field_is_measured_without_its_leading_zeros() {
        let mut body = vec![0, 129, 0];
        body.extend_from_slice(&[0xFF; 128]);
        let stream = record(22, &[message(2, &hello_body(0x0039)), message(12, &body)].concat());
        assert_eq!(server_flight(&stream).expect("TLS").key_exchange, Some(KeyExchange::Field(1024)));
    }

    #[test]
    fn http_is_no_tls_and_an_alert_is() {
        assert_eq!(server_flight(b"HTTP/1.1 400 Bad Request\r\n"), Err(NotTls));
        assert_eq!(server_flight(&record(21, &[2, 70])).expect("TLS").alert, Some(70));
    }

    #[test]
    fn a_warning_does_not_end_a_flight() {
        let stream = [record(21, &[1, 112]), record(22, &message(2, &hello_body(0xC02F)))].concat();
        let flight = server_flight(&stream).expect("TLS");
        assert_eq!((flight.alert, flight.warning), (None, Some(112)));
        assert_eq!(flight.hello.map(|h| h.suite), Some(0xC02F));
        assert_eq!(server_flight(&record(21, &[1, 0])).expect("TLS").alert, Some(0), "close_notify does");
    }

    #[test]
    fn the_hint_of_a_pre_shared_key_is_no_prime() {
        let prime = [&[0, 129, 0][..], &[0xFF; 128], &[0, 1, 2, 0, 1, 3]].concat();
        for hint in [&b"hello-pskid"[..], b""] {
            let mut body = Vec::new();
            vector16(&mut body, |b| b.extend_from_slice(hint));
            let dhe = [&body[..], &prime].concat();
            let ecdhe = [&body[..], &[3, 0, 29, 1, 4]].concat();
            // TLS_DHE_PSK_WITH_AES_128_CBC_SHA, TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA
            for (suite, body, expected) in
                [(0x0090, dhe, KeyExchange::Field(1024)), (0xC035, ecdhe, KeyExchange::Curve(29))]
            {
                let stream = record(22, &[message(2, &hello_body(suite)), message(12, &body)].concat());
                assert_eq!(server_flight(&stream).expect("TLS").key_exchange, Some(expected));
            }
        }
    }

    #[test]
    fn the_scheme_of_a_signed_exchange_is_read() {
        let body = [&[3, 0, 29, 2, 4, 4][..], &[0x08, 0x04, 0, 2, 1, 1]].concat();
        let stream = record(22, &[message(2, &hello_body(0xC02F)), message(12, &body)].concat());
        assert_eq!(server_flight(&stream).expect("TLS").signature, Some(0x0804));
        let stream = record(22, &[message(2, &hello_body(0xC018)), message(12, &body)].concat());
        assert_eq!(server_flight(&stream).expect("TLS").signature, None, "anonymous: nothing is signed");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = server_flight(&bytes);
            let _ = is_ssl2_server_hello(&bytes);
            let framed = record(22, &bytes);
            let _ = server_flight(&framed);
        }
    }
}
