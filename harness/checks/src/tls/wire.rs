//! The bytes of a TLS handshake up to ServerHelloDone (RFC 5246, RFC 8446, RFC 6101) and of an SSLv2 hello. No
//! cryptography: what a server chooses and shows is in clear up to there, and a HelloRetryRequest shows it for TLS 1.3.

/// Protocol versions that can be asked for one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Version {
    Ssl2,
    Ssl3,
    Tls10,
    Tls11,
    Tls12,
    Tls13,
}

impl Version {
    /// Oldest first.
    pub(crate) const ALL: [Self; 6] = [Self::Ssl2, Self::Ssl3, Self::Tls10, Self::Tls11, Self::Tls12, Self::Tls13];

    /// The name in observations, as scripts know it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ssl2 => "SSLv2",
            Self::Ssl3 => "SSLv3",
            Self::Tls10 => "TLSv1.0",
            Self::Tls11 => "TLSv1.1",
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }

    /// The number on the wire.
    pub(crate) const fn number(self) -> u16 {
        match self {
            Self::Ssl2 => 0x0002,
            Self::Ssl3 => 0x0300,
            Self::Tls10 => 0x0301,
            Self::Tls11 => 0x0302,
            Self::Tls12 => 0x0303,
            Self::Tls13 => 0x0304,
        }
    }

    /// The version with that number on the wire.
    pub(crate) fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.number() == number)
    }
}

/// Extension numbers that this module writes or reads.
pub(crate) mod extension {
    pub(crate) const SERVER_NAME: u16 = 0;
    pub(crate) const STATUS_REQUEST: u16 = 5;
    pub(crate) const GROUPS: u16 = 10;
    pub(crate) const POINT_FORMATS: u16 = 11;
    pub(crate) const SIGNATURES: u16 = 13;
    pub(crate) const HEARTBEAT: u16 = 15;
    pub(crate) const ALPN: u16 = 16;
    pub(crate) const EXTENDED_MASTER_SECRET: u16 = 23;
    pub(crate) const SESSION_TICKET: u16 = 35;
    pub(crate) const SUPPORTED_VERSIONS: u16 = 43;
    pub(crate) const KEY_SHARE: u16 = 51;
    pub(crate) const RENEGOTIATION: u16 = 0xFF01;
}

/// Groups offered, strongest and commonest first: X25519MLKEM768, X25519, P-256, X448, P-521, P-384, brainpool, FFDHE,
/// then the small and old curves, because a server that has only those must not look as if it refused.
pub(crate) const GROUPS: [u16; 32] = [
    0x11EC, 29, 23, 30, 25, 24, 26, 27, 28, 0x0100, 0x0101, 0x0102, 0x0103, 0x0104, 22, 14, 13, 12, 11, 10, 9, 8, 7, 6,
    21, 19, 18, 17, 16, 15, 20, 1,
];

/// The name of a group in the IANA registry.
pub(crate) fn group_name(id: u16) -> String {
    let name = match id {
        1 => "sect163k1",
        15 => "secp160k1",
        16 => "secp160r1",
        17 => "secp160r2",
        18 => "secp192k1",
        19 => "secp192r1",
        20 => "secp224k1",
        21 => "secp224r1",
        22 => "secp256k1",
        23 => "secp256r1",
        24 => "secp384r1",
        25 => "secp521r1",
        26 => "brainpoolP256r1",
        27 => "brainpoolP384r1",
        28 => "brainpoolP512r1",
        29 => "x25519",
        30 => "x448",
        0x0100 => "ffdhe2048",
        0x0101 => "ffdhe3072",
        0x0102 => "ffdhe4096",
        0x0103 => "ffdhe6144",
        0x0104 => "ffdhe8192",
        0x11EB => "SecP256r1MLKEM768",
        0x11EC => "X25519MLKEM768",
        _ => return format!("group-{id}"),
    };
    name.to_owned()
}

/// A ClientHello to be written.
#[derive(Debug, Clone)]
pub(crate) struct ClientHello<'a> {
    /// The one version on offer.
    pub(crate) version: Version,
    /// Suites, in the order of preference.
    pub(crate) suites: &'a [u16],
    /// Name for SNI.
    pub(crate) server_name: Option<&'a str>,
    /// Whether to offer DEFLATE compression beside none.
    pub(crate) compression: bool,
    /// Groups on offer.
    pub(crate) groups: &'a [u16],
    /// Protocols for ALPN; none leaves the extension out.
    pub(crate) alpn: &'a [&'a str],
}

impl ClientHello<'_> {
    /// The whole record. The random is fixed: nothing here is secret, and the same question gives the same bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let legacy = self.version.number().min(Version::Tls12.number());
        let mut body = Vec::with_capacity(512);
        push16(&mut body, legacy);
        body.extend_from_slice(b"assay probe, no secrets in here.");
        if self.version == Version::Tls13 {
            body.push(32); // middlebox compatibility, RFC 8446 appendix D.4
            body.extend_from_slice(&[0x41; 32]);
        } else {
            body.push(0);
        }
        vector16(&mut body, |b| {
            for suite in self.suites {
                push16(b, *suite);
            }
        });
        if self.compression {
            body.extend_from_slice(&[2, 1, 0]);
        } else {
            body.extend_from_slice(&[1, 0]);
        }
        // SSLv3 knows no extensions, and some of its servers refuse what they do not know.
        if self.version != Version::Ssl3 {
            vector16(&mut body, |b| self.extensions(b));
        }
        let mut record = vec![22];
        push16(&mut record, self.version.number().min(Version::Tls10.number()).max(0x0300));
        vector16(&mut record, |r| {
            r.push(1);
            let length = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
            r.extend_from_slice(&length[1..]);
            r.extend_from_slice(&body);
        });
        record
    }

    fn extensions(&self, out: &mut Vec<u8>) {
        if let Some(name) = self.server_name {
            block(out, extension::SERVER_NAME, |b| {
                vector16(b, |b| {
                    b.push(0);
                    vector16(b, |b| b.extend_from_slice(name.as_bytes()));
                });
            });
        }
        block(out, extension::GROUPS, |b| {
            vector16(b, |b| {
                for group in self.groups {
                    push16(b, *group);
                }
            });
        });
        block(out, extension::POINT_FORMATS, |b| b.extend_from_slice(&[3, 0, 1, 2]));
        if self.version >= Version::Tls12 {
            block(out, extension::SIGNATURES, |b| {
                vector16(b, |b| {
                    for scheme in SIGNATURE_SCHEMES {
                        push16(b, *scheme);
                    }
                });
            });
        }
        if !self.alpn.is_empty() {
            block(out, extension::ALPN, |b| {
                vector16(b, |b| {
                    for protocol in self.alpn {
                        b.push(u8::try_from(protocol.len()).unwrap_or(u8::MAX));
                        b.extend_from_slice(protocol.as_bytes());
                    }
                });
            });
        }
        if self.version == Version::Tls13 {
            block(out, extension::SUPPORTED_VERSIONS, |b| b.extend_from_slice(&[2, 3, 4]));
            // An empty share makes the server answer with HelloRetryRequest: suite and group without any key exchange.
            block(out, extension::KEY_SHARE, |b| b.extend_from_slice(&[0, 0]));
        } else {
            block(out, extension::STATUS_REQUEST, |b| b.extend_from_slice(&[1, 0, 0, 0, 0]));
            block(out, extension::HEARTBEAT, |b| b.push(1));
            block(out, extension::EXTENDED_MASTER_SECRET, |_| {});
            block(out, extension::SESSION_TICKET, |_| {});
            block(out, extension::RENEGOTIATION, |b| b.push(0));
        }
    }
}

/// Offered signature schemes: modern ones first, then SHA-1 and MD5, which old servers need to answer at all.
const SIGNATURE_SCHEMES: &[u16] = &[
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B, 0x0401, 0x0501, 0x0601,
    0x0402, 0x0303, 0x0301, 0x0302, 0x0203, 0x0201, 0x0202, 0x0101,
];

/// An SSLv2 CLIENT-HELLO with every cipher kind that the protocol had.
pub(crate) fn ssl2_hello() -> Vec<u8> {
    const KINDS: [[u8; 3]; 7] =
        [[1, 0, 0x80], [2, 0, 0x80], [3, 0, 0x80], [4, 0, 0x80], [5, 0, 0x80], [6, 0, 0x40], [7, 0, 0xC0]];
    let mut body = vec![1, 0, 2, 0, (KINDS.len() * 3) as u8, 0, 0, 0, 16];
    body.extend(KINDS.iter().flatten());
    body.extend_from_slice(b"assay probe 2026");
    let mut record = vec![0x80, body.len() as u8];
    record.append(&mut body);
    record
}

/// Whether these bytes begin an SSLv2 SERVER-HELLO.
pub(crate) fn is_ssl2_server_hello(bytes: &[u8]) -> bool {
    matches!(bytes, [a, _, 4, _, _, 0, 2, ..] if a & 0x80 != 0)
}

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
    /// The server asks for a client certificate.
    pub(crate) client_certificate: bool,
    /// ServerHelloDone was reached.
    pub(crate) done: bool,
    /// An alert: description number.
    pub(crate) alert: Option<u8>,
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

const RETRY_RANDOM: [u8; 4] = [0xCF, 0x21, 0xAD, 0x74]; // first bytes of SHA-256("HelloRetryRequest"), RFC 8446 4.1.3

/// Reads the server's first flight from the start of its stream. A cut-off stream gives what was whole.
///
/// # Errors
/// The first bytes cannot begin a TLS record.
pub(crate) fn server_flight(stream: &[u8]) -> Result<ServerFlight, NotTls> {
    let mut flight = ServerFlight::default();
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
                flight.alert = fragment.get(1).copied().or(flight.alert);
                break;
            }
            22 => messages.extend_from_slice(fragment),
            _ => break, // ChangeCipherSpec or encrypted data: nothing more to read in clear
        }
        rest.0 = &rest.0[available..];
        if available < usize::from(length) {
            break;
        }
    }
    let mut rest = Cursor(&messages);
    while let (Some(kind), Some(length)) = (rest.byte(), rest.u24()) {
        let Some(body) = rest.take(length) else { break };
        handshake_message(&mut flight, kind, body);
    }
    Ok(flight)
}

fn handshake_message(flight: &mut ServerFlight, kind: u8, body: &[u8]) {
    match kind {
        2 if flight.hello.is_none() => flight.hello = server_hello(body),
        11 => flight.chain = certificates(body),
        12 => {
            let ephemeral = flight.hello.as_ref().map(|h| super::suites::name(h.suite));
            flight.key_exchange = ephemeral.and_then(|suite| key_exchange(&suite, body));
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

fn key_exchange(suite: &str, body: &[u8]) -> Option<KeyExchange> {
    let mut at = Cursor(body);
    if suite.contains("_ECDH") {
        return (at.byte()? == 3).then(|| at.u16()).flatten().map(KeyExchange::Curve);
    }
    if suite.contains("_DHE_") || suite.contains("_DH_anon") {
        let length = at.u16()?;
        let prime = at.take(usize::from(length))?;
        let leading = prime.iter().take_while(|b| **b == 0).count();
        let significant = prime.get(leading..)?;
        let top = significant.first().map_or(0, |b| 8 - b.leading_zeros());
        return Some(KeyExchange::Field(u32::try_from(significant.len().saturating_sub(1)).ok()? * 8 + top));
    }
    None
}

/// The name of an alert (RFC 8446, section 6).
pub(crate) const fn alert_name(description: u8) -> &'static str {
    match description {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        47 => "illegal_parameter",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "other alert",
    }
}

/// Reads forward through bytes; `None` where they end.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length)?;
        self.0 = tail;
        Some(head)
    }
    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|b| b[0])
    }
    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|b| u16::from_be_bytes([b[0], b[1]]))
    }
    fn u24(&mut self) -> Option<usize> {
        self.take(3).map(|b| usize::from(b[0]) << 16 | usize::from(b[1]) << 8 | usize::from(b[2]))
    }
}

fn push16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// A length of two bytes, then what `fill` writes.
fn vector16(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    push16(out, 0);
    fill(out);
    let length = u16::try_from(out.len() - at - 2).unwrap_or(u16::MAX).to_be_bytes();
    out[at..at + 2].copy_from_slice(&length);
}

fn block(out: &mut Vec<u8>, kind: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    push16(out, kind);
    vector16(out, fill);
}

#[cfg(test)]
mod tests {
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
    fn our_own_hello_is_a_well_formed_record() {
        let hello = ClientHello {
            version: Version::Tls13,
            suites: &[0x1301],
            server_name: Some("device.example"),
            compression: false,
            groups: &GROUPS,
            alpn: &["h2"],
        };
        let bytes = hello.to_bytes();
        assert_eq!(bytes[..3], [22, 3, 1]);
        assert_eq!(usize::from(u16::from_be_bytes([bytes[3], bytes[4]])), bytes.len() - 5);
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
