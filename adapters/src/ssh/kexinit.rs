//! A server's own list of algorithms: banner and one packet, read without libssh2.
//!
//! libssh2 says the same thing (`unable to exchange encryption keys`) whether the two have no algorithm in common or the
//! server sent something else. Only the server's KEXINIT (RFC 4253, 7.1) tells which.

use assay_model::{Deadline, Endpoint};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout_at;

const KEXINIT: u8 = 20;
const COOKIE: usize = 16;
/// RFC 4253, 6.1: what every implementation must take.
const LONGEST_PACKET: u32 = 35_000;
/// Lines before the banner and the banner itself, together.
const LONGEST_GREETING: usize = 8 * 1024;
/// Enough for a message.
const LONGEST_LIST: usize = 400;

/// The lists that matter to a person who looks for the missing algorithm.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) kex: String,
    pub(super) host_keys: String,
    pub(super) ciphers: String,
    pub(super) macs: String,
}

impl std::fmt::Display for Offer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kex, host_keys, ciphers, macs } = self;
        write!(f, "the server offers key exchange {kex}; host keys {host_keys}; ciphers {ciphers}; MACs {macs}")
    }
}

/// Reads the offer on a connection of its own. `None`: no KEXINIT came before the deadline.
pub(super) async fn read(endpoint: &Endpoint, until: Deadline) -> Option<Offer> {
    timeout_at(until.instant().into(), exchange(endpoint)).await.ok().flatten()
}

async fn exchange(endpoint: &Endpoint) -> Option<Offer> {
    let mut stream = TcpStream::connect(endpoint.socket()).await.ok()?;
    stream.write_all(b"SSH-2.0-assay\r\n").await.ok()?;
    let mut stream = BufReader::new(stream);
    skip_banner(&mut stream).await?;
    let length = stream.read_u32().await.ok().filter(|l| (2..=LONGEST_PACKET).contains(l))?;
    let mut packet = vec![0; usize::try_from(length).ok()?];
    stream.read_exact(&mut packet).await.ok()?;
    parse(&packet)
}

/// Lines may come before the one that begins with `SSH-`.
async fn skip_banner(stream: &mut BufReader<TcpStream>) -> Option<()> {
    let mut line = Vec::new();
    for _ in 0..LONGEST_GREETING {
        match stream.read_u8().await.ok()? {
            b'\n' if line.starts_with(b"SSH-") => return Some(()),
            b'\n' => line.clear(),
            byte => line.push(byte),
        }
    }
    None
}

/// `packet` starts with the padding's length.
fn parse(packet: &[u8]) -> Option<Offer> {
    let (&padding, rest) = packet.split_first()?;
    let payload = rest.get(..rest.len().checked_sub(padding.into())?)?;
    let (&kind, rest) = payload.split_first()?;
    let mut lists = rest.get(COOKIE..).filter(|_| kind == KEXINIT)?;
    let mut next = || {
        let (length, rest) = lists.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let list = rest.get(..length)?;
        lists = &rest[length..];
        Some(String::from_utf8_lossy(list).chars().take(LONGEST_LIST).collect::<String>())
    };
    let (kex, host_keys, ciphers, _to_client, macs) = (next()?, next()?, next()?, next()?, next()?);
    Some(Offer { kex, host_keys, ciphers, macs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_read_and_one_that_lies_about_its_lengths_is_none() {
        let mut packet = vec![2, KEXINIT];
        packet.extend([0; COOKIE]);
        for list in ["kex-a,kex-b", "ssh-rsa", "3des-cbc", "3des-cbc", "hmac-md5"] {
            packet.extend(u32::try_from(list.len()).expect("short").to_be_bytes());
            packet.extend(list.as_bytes());
        }
        packet.extend([0, 0]);
        let offer = parse(&packet).expect("an offer");
        assert_eq!((offer.kex.as_str(), offer.macs.as_str()), ("kex-a,kex-b", "hmac-md5"));
        for cut in 0..packet.len() - 2 {
            assert_eq!(parse(&packet[..cut]), None, "cut at {cut}");
        }
        packet[18] = 0xff;
        assert_eq!(parse(&packet), None);
    }
}
