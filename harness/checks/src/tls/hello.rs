//! The client's first bytes (RFC 5246, RFC 8446, RFC 6101, RFC 6347) and an SSLv2 hello. No cryptography: what a server
//! chooses and shows is in clear up to ServerHelloDone, and a HelloRetryRequest shows it for TLS 1.3.

use super::names::{GROUPS, SIGNATURE_SCHEMES, Version, extension};

/// The random of every hello.
pub(crate) const RANDOM: &[u8; 32] = b"assay probe, no secrets in here.";

/// A ClientHello to be written.
#[derive(Debug, Clone)]
pub(crate) struct ClientHello<'a> {
    /// The one version on offer.
    pub(crate) version: Version,
    /// Suites, in the order of preference.
    pub(crate) suites: &'a [u16],
    /// Name for SNI.
    pub(crate) server_name: Option<&'a str>,
    /// Groups on offer.
    pub(crate) groups: &'a [u16],
    /// Signature schemes on offer (1.2 and 1.3).
    pub(crate) signatures: &'a [u16],
    /// Protocols for ALPN; none leaves the extension out.
    pub(crate) alpn: &'a [&'a str],
    /// What the renegotiation extension carries: nothing in a first handshake (RFC 5746 section 3.4).
    pub(crate) renegotiated: &'a [u8],
}

impl<'a> ClientHello<'a> {
    /// A hello that offers `suites` at `version`, and all groups and signatures.
    pub(crate) const fn new(version: Version, suites: &'a [u16], server_name: Option<&'a str>) -> Self {
        Self {
            version,
            suites,
            server_name,
            groups: &GROUPS,
            signatures: &SIGNATURE_SCHEMES,
            alpn: &[],
            renegotiated: &[],
        }
    }

    /// The whole record. The random is fixed: nothing here is secret, and the same question gives the same bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let body = self.body(self.version.number().min(Version::Tls12.number()), None);
        let mut record = vec![22];
        push16(&mut record, self.version.number().clamp(Version::Ssl3.number(), Version::Tls10.number()));
        vector16(&mut record, |r| {
            r.push(1);
            r.extend_from_slice(&length24(body.len()));
            r.extend_from_slice(&body);
        });
        record
    }

    /// The message without its header; `number` is the version field, which DTLS counts in its own way, and `cookie` the
    /// field that only DTLS has.
    pub(crate) fn body(&self, number: u16, cookie: Option<&[u8]>) -> Vec<u8> {
        let mut body = Vec::with_capacity(1024);
        push16(&mut body, number);
        body.extend_from_slice(RANDOM);
        if self.version == Version::Tls13 {
            body.push(32); // middlebox compatibility, RFC 8446 appendix D.4
            body.extend_from_slice(&[0x41; 32]);
        } else {
            body.push(0);
        }
        if let Some(cookie) = cookie {
            body.push(u8::try_from(cookie.len()).unwrap_or(0));
            body.extend_from_slice(cookie);
        }
        vector16(&mut body, |b| self.suites.iter().for_each(|suite| push16(b, *suite)));
        // DEFLATE and none, where there is a choice. RFC 8446 forbids it for 1.3, RFC 6347 does not for DTLS.
        body.extend_from_slice(if self.version == Version::Tls13 { &[1, 0] } else { &[2, 1, 0] });
        // SSLv3 knows no extensions, and some of its servers refuse what they do not know.
        if self.version != Version::Ssl3 {
            vector16(&mut body, |b| self.extensions(b));
        }
        body
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
        let groups = self.groups.iter().filter(|group| self.version != Version::Tls13 || !is_obsolete(**group));
        block(out, extension::GROUPS, |b| vector16(b, |b| groups.for_each(|group| push16(b, *group))));
        block(out, extension::POINT_FORMATS, |b| b.extend_from_slice(&[3, 0, 1, 2]));
        if self.version.over_streams() >= Version::Tls12 {
            block(out, extension::SIGNATURES, |b| {
                vector16(b, |b| self.signatures.iter().for_each(|scheme| push16(b, *scheme)));
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
            block(out, extension::RENEGOTIATION, |b| {
                b.push(u8::try_from(self.renegotiated.len()).unwrap_or(0));
                b.extend_from_slice(self.renegotiated);
            });
        }
    }
}

/// Groups that no hello of TLS 1.3 alone may name (RFC 8446 section 4.2.7): strict servers refuse it for them.
const fn is_obsolete(group: u16) -> bool {
    matches!(group, 0x0001..=0x0016 | 0x001A..=0x001C | 0xFF01..=0xFF02)
}

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

/// A length in three bytes, as handshake messages have it.
pub(crate) fn length24(length: usize) -> [u8; 3] {
    let [_, a, b, c] = u32::try_from(length).unwrap_or(0).to_be_bytes();
    [a, b, c]
}

pub(crate) fn push16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// A length of two bytes, then what `fill` writes.
pub(crate) fn vector16(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
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

    #[test]
    fn our_own_hello_is_a_well_formed_record() {
        let hello =
            ClientHello { alpn: &["h2"], ..ClientHello::new(Version::Tls13, &[0x1301], Some("device.example")) };
        let bytes = hello.to_bytes();
        assert_eq!(bytes[..3], [22, 3, 1]);
        assert_eq!(usize::from(u16::from_be_bytes([bytes[3], bytes[4]])), bytes.len() - 5);
    }

    #[test]
    fn an_old_hello_has_no_extensions() {
        let bytes = ClientHello::new(Version::Ssl3, &[5], Some("device.example")).to_bytes();
        assert_eq!(bytes[..3], [22, 3, 0]);
        assert!(bytes.ends_with(&[0, 2, 0, 5, 2, 1, 0]), "one suite, two compressions, nothing after");
    }
}
