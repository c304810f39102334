//! What rustls does not speak any more: the first half of old handshakes, as an old stack answers them. Hello, certificate,
//! signed key exchange and the end of the flight go out; at the client's answer the connection ends.
//!
//! The key exchange is signed over SHA-256 whatever the version: a client that wants to go on finds no session here anyway.

use std::time::Duration;

use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::defect::{Defect, Defects};
use crate::tap::Tapped;

/// Suites of TLS 1.0 and 1.1 for an ECDSA key, best first: AES-256 and AES-128 in CBC.
const OLD_SUITES: [u16; 2] = [0xC00A, 0xC009];
/// Suites that no good camera has, best first: triple DES and RC4, with ECDHE and ECDSA.
const WEAK_SUITES: [u16; 2] = [0xC008, 0xC007];
/// What rustls accepts at TLS 1.2 with an ECDSA key.
const GOOD_SUITES: [u16; 3] = [0xC02B, 0xC02C, 0xCCA9];
/// P-256.
const GROUP: u16 = 23;
/// A list of one extension: renegotiation_info, empty.
const SECURE: [u8; 7] = [0, 5, 0xFF, 1, 0, 1, 0];
/// How long a client may take over its hello, and over its answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// A hello is no longer than one record.
const LONGEST: usize = 16 * 1024 + 5;

/// What a client offers.
#[derive(Debug, PartialEq, Eq)]
struct Offer {
    version: u16,
    random: [u8; 32],
    suites: Vec<u16>,
    /// It names its versions in an extension: 1.3, or a modern 1.2.
    modern: bool,
}

/// What an old stack agrees to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Agreed {
    version: u16,
    /// None in common: an alert.
    suite: Option<u16>,
    random: [u8; 32],
}

/// Certificate and key, as the old half shows them.
pub(crate) struct OldHalf {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: KeyPair,
}

/// Looks at a client's hello without taking it from the stream. `Some`: it is for the old half.
pub(super) async fn meant_for(stream: &Tapped, defects: &Defects) -> Option<Agreed> {
    if !defects.has(Defect::Tls10Accepted) && !defects.has(Defect::TlsWeakSuite) {
        return None;
    }
    let peek = async {
        let mut seen = vec![0; LONGEST];
        loop {
            let read = stream.peek(&mut seen).await.ok().filter(|n| *n > 0)?;
            let wanted = 5 + match seen.get(3..5) {
                Some([high, low]) if read >= 5 => usize::from(u16::from_be_bytes([*high, *low])),
                _ => 0,
            };
            if seen[0] != 22 || (read >= 5 && read >= wanted) {
                return offer(seen.get(..read)?);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    agree(tokio::time::timeout(PATIENCE, peek).await.ok()??, defects)
}

fn agree(offer: Offer, defects: &Defects) -> Option<Agreed> {
    let first = |of: &[u16]| of.iter().copied().find(|suite| offer.suites.contains(suite));
    let agreed = |suite| Some(Agreed { version: offer.version, suite, random: offer.random });
    match offer.version {
        0x0301 | 0x0302 if defects.has(Defect::Tls10Accepted) => agreed(first(&OLD_SUITES)),
        0x0303 if defects.has(Defect::TlsWeakSuite) && !offer.modern && first(&GOOD_SUITES).is_none() => {
            first(&WEAK_SUITES).and_then(|suite| agreed(Some(suite)))
        }
        _ => None,
    }
}

/// Answers the hello that was looked at, and ends where the client goes on.
pub(super) async fn serve(mut stream: Tapped, old: &OldHalf, agreed: Agreed) {
    let answer = flight(old, &agreed).unwrap_or_else(|| record(agreed.version, 21, &[2, 40]));
    let rest = async {
        let mut ignored = [0; 4096];
        // The hello, then whatever the client answers; neither is of use here.
        let _ = stream.read(&mut ignored).await;
        let _ = stream.write_all(&answer).await;
        let _ = stream.read(&mut ignored).await;
    };
    let _ = tokio::time::timeout(PATIENCE, rest).await;
}

/// The whole first flight. `None`: no suite, or no key to sign with.
fn flight(old: &OldHalf, agreed: &Agreed) -> Option<Vec<u8>> {
    let suite = agreed.suite?;
    let mut random = [0; 32];
    getrandom::fill(&mut random).ok()?;
    // Its one extension: renegotiation is secure (RFC 5746), which is not what this camera is wrong about.
    let hello = [&agreed.version.to_be_bytes()[..], &random, &[0], &suite.to_be_bytes(), &[0], &SECURE].concat();
    let der = &old.certificate;
    let list = [&length(der.len() + 3)[..], &length(der.len()), der].concat();
    let ephemeral = KeyPair::generate().ok()?;
    let point = ephemeral.der_bytes();
    let params = [&[3][..], &GROUP.to_be_bytes(), &[u8::try_from(point.len()).ok()?], point].concat();
    let signature = old.key.sign(&[&agreed.random[..], &random, &params].concat()).ok()?;
    // Only from 1.2 on is the scheme stated.
    let scheme: &[u8] = if agreed.version == 0x0303 { &[4, 3] } else { &[] };
    let exchange = [&params, scheme, &u16::try_from(signature.len()).ok()?.to_be_bytes(), &signature].concat();
    let messages = [message(2, &hello), message(11, &list), message(12, &exchange), message(14, &[])].concat();
    Some(record(agreed.version, 22, &messages))
}

fn length(of: usize) -> [u8; 3] {
    let [_, a, b, c] = u32::try_from(of).unwrap_or(0).to_be_bytes();
    [a, b, c]
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &length(body.len())[..], body].concat()
}

fn record(version: u16, kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(0).to_be_bytes();
    [&[kind], &version.to_be_bytes()[..], &length, body].concat()
}

/// Reads a ClientHello; `None` for anything else.
fn offer(bytes: &[u8]) -> Option<Offer> {
    let mut rest = bytes;
    let mut take = |count: usize| {
        let (head, tail) = rest.split_at_checked(count)?;
        rest = tail;
        Some(head)
    };
    let number = |bytes: &[u8]| bytes.iter().fold(0_usize, |n, b| n << 8 | usize::from(*b));
    if take(5)?.first() != Some(&22) || take(4)?.first() != Some(&1) {
        return None;
    }
    let version = u16::try_from(number(take(2)?)).ok()?;
    let random = take(32)?.try_into().ok()?;
    let session = number(take(1)?);
    take(session)?;
    let suites = number(take(2)?);
    let suites = take(suites)?.chunks_exact(2).map(|s| u16::from_be_bytes([s[0], s[1]])).collect();
    let compressions = number(take(1)?);
    take(compressions)?;
    let mut modern = false;
    if take(2).is_some() {
        while let (Some(kind), Some(size)) = (take(2).map(number), take(2).map(number)) {
            take(size)?;
            modern |= kind == 43;
        }
    }
    Some(Offer { version, random, suites, modern })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(version: u16, suites: &[u16], extensions: &[u8]) -> Vec<u8> {
        let list: Vec<u8> = suites.iter().flat_map(|s| s.to_be_bytes()).collect();
        let size = |n: usize| u16::try_from(n).unwrap().to_be_bytes();
        let body = [
            &version.to_be_bytes()[..],
            &[7; 32],
            &[0],
            &size(list.len()),
            &list,
            &[1, 0],
            &size(extensions.len()),
            extensions,
        ];
        record(0x0301, 22, &message(1, &body.concat()))
    }

    fn agreed(bytes: &[u8], defect: Defect) -> Option<(u16, Option<u16>)> {
        agree(offer(bytes)?, &[defect].into_iter().collect()).map(|a| (a.version, a.suite))
    }

    #[test]
    fn only_old_hellos_and_hellos_without_any_good_suite_are_answered_here() {
        assert_eq!(agreed(&hello(0x0301, &[0xC009], &[]), Defect::Tls10Accepted), Some((0x0301, Some(0xC009))));
        assert_eq!(agreed(&hello(0x0301, &[5], &[]), Defect::Tls10Accepted), Some((0x0301, None)));
        assert_eq!(agreed(&hello(0x0301, &[0xC009], &[]), Defect::TlsWeakSuite), None);
        assert_eq!(agreed(&hello(0x0303, &[0xC007, 0xC008], &[]), Defect::TlsWeakSuite), Some((0x0303, Some(0xC008))));
        assert_eq!(agreed(&hello(0x0303, &[0xC007, 0xC02B], &[]), Defect::TlsWeakSuite), None);
        let versions = [0, 43, 0, 3, 2, 3, 4];
        assert_eq!(agreed(&hello(0x0303, &[0xC007], &versions), Defect::TlsWeakSuite), None);
        assert_eq!(agreed(b"GET / HTTP/1.1", Defect::Tls10Accepted), None);
    }
}
