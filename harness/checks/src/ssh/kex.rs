//! The first half of a key exchange, up to the server's answer. Whatever public value a client sends, the server answers
//! with its host key in clear (RFC 4253 section 8, RFC 4419, RFC 5656): no cryptography is needed to read it, and the
//! exchange is given up there.

use std::time::Duration;

use assay_model::touch::Touch;
use assay_model::touch::tcp::{ReadEnd, Tcp, TcpRequest};
use assay_model::{Deadline, Fault};

use super::hello::{Greeted, close, read};
use super::key::significant_bits;
use super::wire::{KexInit, Packet, packet, push_string, take_string, to_packet};

/// Bytes of one answer, at most.
const MOST: usize = 256 * 1024;

/// The generator of P-256, uncompressed: a public value that every server accepts.
#[rustfmt::skip]
const P256: [u8; 65] = [
    0x04, 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40,
    0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2,
    0x96, 0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E,
    0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51,
    0xF5,
];

/// The same of P-384 and P-521, in hex: x and y.
const P384: [&str; 2] = [
    "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
    "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
];
const P521: [&str; 2] = [
    "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
    "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
];

/// Methods that can be begun here, cheapest for the server first.
const METHODS: [&str; 17] = [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "sntrup761x25519-sha512",
    "sntrup761x25519-sha512@openssh.com",
    "mlkem768x25519-sha256",
    "diffie-hellman-group1-sha1",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group15-sha512",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group17-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group-exchange-sha1",
];

/// The method to begin with, of those that a server has.
pub(crate) fn method(offered: &[String]) -> Option<&'static str> {
    METHODS.into_iter().find(|method| offered.iter().any(|o| o == method))
}

/// Whether a method lets the client ask for a size.
pub(crate) fn is_group_exchange(method: &str) -> bool {
    method.starts_with("diffie-hellman-group-exchange-")
}

/// The public value that begins a method other than a group exchange.
fn public(method: &str) -> Vec<u8> {
    let mut x25519 = vec![9];
    x25519.resize(32, 0);
    let zeros = |length: usize| [vec![0; length], x25519.clone()].concat();
    match method {
        m if m.starts_with("curve25519") => x25519,
        m if m.ends_with("nistp384") => point(&P384),
        m if m.ends_with("nistp521") => point(&P521),
        m if m.starts_with("ecdh") => P256.to_vec(),
        m if m.starts_with("sntrup761") => zeros(1_158),
        m if m.starts_with("mlkem768") => zeros(1_184),
        m if m.contains("group1-") => field_element(1_024),
        m if m.contains("group15-") => field_element(3_072),
        m if m.contains("group16-") => field_element(4_096),
        m if m.contains("group17-") => field_element(6_144),
        m if m.contains("group18-") => field_element(8_192),
        _ => field_element(2_048),
    }
}

/// A point, uncompressed.
fn point(hex_of: &[&str; 2]) -> Vec<u8> {
    // A constant of this file that is no hex would leave a point that every server refuses: the tests would see it.
    std::iter::once(4).chain(hex_of.iter().flat_map(|part| hex::decode(part).unwrap_or_default())).collect()
}

/// A positive number below any prime of so many bits, with bits enough for servers that count them.
fn field_element(bits: u32) -> Vec<u8> {
    vec![0x55; bits as usize / 8]
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Its host key, as bytes.
    HostKey(Vec<u8>),
    /// It ended the connection, said something else, or stayed silent: in words.
    Not(String),
}

/// One connection that got as far as the lists; both kinds of question end it.
pub(crate) struct Exchange<'a> {
    pub(crate) tcp: &'a dyn Touch<Tcp>,
    pub(crate) silence: Duration,
    pub(crate) until: Deadline,
}

impl Exchange<'_> {
    /// Begins `method` and reads the host key of `algorithm`.
    ///
    /// # Errors
    /// The lab failed.
    pub(crate) async fn host_key(&self, greeted: Greeted, method: &str, algorithm: &str) -> Result<Answer, Fault> {
        let mut line = Line { exchange: self, connection: greeted.connection, stream: greeted.rest };
        let answer = async {
            line.send(&our_kexinit(&greeted.lists, method, algorithm)).await?;
            let reply = if is_group_exchange(method) {
                let Ok(prime) = line.group([2_048, 2_048, 8_192]).await? else {
                    return Ok(Answer::Not("no group came".into()));
                };
                let bits = significant_bits(&prime).unwrap_or(2_048);
                line.send(&with_string(32, &field_element(bits.saturating_sub(8)))).await?;
                line.wait(33).await?
            } else {
                line.send(&with_string(30, &public(method))).await?;
                line.wait(31).await?
            };
            Ok(match reply {
                Ok(payload) => match take_string(&mut payload.get(1..).unwrap_or_default()) {
                    Some(key) => Answer::HostKey(key.to_vec()),
                    None => Answer::Not("an answer without a host key came".into()),
                },
                Err(why) => Answer::Not(why),
            })
        };
        let answer = answer.await;
        close(self.tcp, greeted.connection, self.until).await;
        answer
    }

    /// Asks a group exchange for a prime: least, wanted and largest bits. The prime's bits, or why none came.
    ///
    /// # Errors
    /// The lab failed.
    pub(crate) async fn prime_bits(
        &self,
        greeted: Greeted,
        method: &str,
        sizes: [u32; 3],
    ) -> Result<Result<u32, String>, Fault> {
        let mut line = Line { exchange: self, connection: greeted.connection, stream: greeted.rest };
        let algorithm = greeted.lists.host_keys.first().cloned().unwrap_or_default();
        let answer = async {
            line.send(&our_kexinit(&greeted.lists, method, &algorithm)).await?;
            Ok(line.group(sizes).await?.map(|prime| significant_bits(&prime).unwrap_or(0)))
        };
        let answer = answer.await;
        close(self.tcp, greeted.connection, self.until).await;
        answer
    }
}

/// A connection and what came on it that was not read yet.
struct Line<'a> {
    exchange: &'a Exchange<'a>,
    connection: u32,
    stream: Vec<u8>,
}

impl Line<'_> {
    async fn send(&self, payload: &[u8]) -> Result<(), Fault> {
        let send = TcpRequest::Send { connection: self.connection, bytes: to_packet(payload).into() };
        self.exchange.tcp.call(send, self.exchange.until).await.map(|_| ())
    }

    /// The prime of a group exchange, as bytes.
    async fn group(&mut self, sizes: [u32; 3]) -> Result<Result<Vec<u8>, String>, Fault> {
        let mut request = vec![34];
        sizes.iter().for_each(|bits| request.extend_from_slice(&bits.to_be_bytes()));
        self.send(&request).await?;
        Ok(self.wait(31).await?.and_then(|payload| {
            let prime = take_string(&mut payload.get(1..).unwrap_or_default()).map(<[u8]>::to_vec);
            prime.ok_or_else(|| "a group without a prime came".into())
        }))
    }

    /// The next packet of that number; IGNORE, DEBUG and UNIMPLEMENTED are passed over.
    async fn wait(&mut self, number: u8) -> Result<Result<Vec<u8>, String>, Fault> {
        loop {
            match packet(&self.stream) {
                Packet::Impossible => return Ok(Err("no SSH packet came".into())),
                Packet::Whole(payload, used) => {
                    let payload = payload.to_vec();
                    self.stream.drain(..used);
                    match payload.first() {
                        Some(first) if *first == number => return Ok(Ok(payload)),
                        Some(2..=4) => {}
                        Some(1) => return Ok(Err(format!("disconnected: {}", reason(&payload)))),
                        _ => return Ok(Err("another message came".into())),
                    }
                }
                Packet::More => {
                    let Exchange { tcp, silence, until } = self.exchange;
                    let (bytes, end) = read(*tcp, self.connection, *silence, *until).await?;
                    if bytes.is_empty() || self.stream.len() > MOST {
                        return Ok(Err(match end {
                            ReadEnd::Closed | ReadEnd::Reset => "closed without an answer".into(),
                            _ => "silent".into(),
                        }));
                    }
                    self.stream.extend_from_slice(&bytes);
                }
            }
        }
    }
}

/// A DISCONNECT's own words, as far as they are printable.
fn reason(payload: &[u8]) -> String {
    let words = take_string(&mut payload.get(5..).unwrap_or_default()).unwrap_or_default();
    words.iter().take(120).copied().collect::<Vec<u8>>().escape_ascii().to_string()
}

fn with_string(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut payload = vec![number];
    push_string(&mut payload, bytes);
    payload
}

/// A KEXINIT that agrees with the server on everything but the two lists asked about.
fn our_kexinit(server: &KexInit, method: &str, algorithm: &str) -> Vec<u8> {
    let mut payload = vec![20];
    payload.extend_from_slice(b"assay, no secret");
    push_string(&mut payload, method.as_bytes());
    push_string(&mut payload, algorithm.as_bytes());
    let lists = [
        &server.ciphers_to_server,
        &server.ciphers_to_client,
        &server.macs_to_server,
        &server.macs_to_client,
        &server.compression_to_server,
        &server.compression_to_client,
    ];
    for list in lists {
        push_string(&mut payload, list.join(",").as_bytes());
    }
    payload.extend_from_slice(&[0; 8]); // two empty language lists
    payload.extend_from_slice(&[0; 5]); // no guessed packet follows; reserved
    payload
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_on_the_wire_are_positive() {
        for bits in [1_024, 2_048, 8_192] {
            assert!(field_element(bits)[0] < 0x80);
        }
    }

    #[test]
    fn the_cheapest_common_method_is_taken() {
        let offered = ["diffie-hellman-group14-sha1", "curve25519-sha256@libssh.org"].map(str::to_owned);
        assert_eq!(method(&offered), Some("curve25519-sha256@libssh.org"));
        assert_eq!(method(&["kexguess2@matt.ucc.asn.au".to_owned()]), None);
    }
}
