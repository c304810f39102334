//! # `access.tftp`
//! **Question.** Does a TFTP server hand out files?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.5-4, 5.5-6 and 5.6-2. TFTP has no logon and no encryption (RFC 1350).
//! **Procedure.** Read requests for a name that no product has, and for names that products use. A transfer that begins is
//! broken off after its first block.
//! **Observation.** Whether it answers, and which files it began to send.
//! **Effect.** Active: a dozen datagrams.
//! **Does not show.** Files under other names; whether it takes files.

use assay_model::{
    CheckContext, Deadline, Endpoint, Fault,
    touch::udp::{UdpRequest, UdpResponse},
};

use super::found::{Access, Act};

/// The first is no product's.
const NAMES: [&str; 12] = [
    "assay-none",
    "config.bin",
    "config.xml",
    "startup-config",
    "running-config",
    "backup.cfg",
    "nvram.bin",
    "firmware.bin",
    "uImage",
    "u-boot.bin",
    "passwd",
    "wpa_supplicant.conf",
];
const WAIT_MS: u32 = 600;

/// What a datagram is (RFC 1350, 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Packet {
    /// A block: the file is being sent.
    Data(Vec<u8>),
    /// An error's number and text.
    Error(u16, String),
}

/// Reads a datagram.
pub(crate) fn packet(bytes: &[u8]) -> Option<Packet> {
    let word = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    match word(0)? {
        3 => Some(Packet::Data(bytes.get(4..)?.to_vec())),
        5 => {
            let text = bytes.get(4..)?.split(|b| *b == 0).next().unwrap_or_default();
            Some(Packet::Error(word(2)?, String::from_utf8_lossy(text).into_owned()))
        }
        6 => Some(Packet::Data(Vec::new())), // it agrees to options, which is a beginning too
        _ => None,
    }
}

pub(crate) async fn look(cx: &CheckContext, at: &Endpoint, until: Deadline) -> Result<Access, Fault> {
    let mut seen = Access::default();
    for name in NAMES {
        let asked = [b"\0\x01", name.as_bytes(), b"\0octet\0"].concat();
        let request = UdpRequest::new(at.clone(), asked, WAIT_MS, 1);
        let UdpResponse { replies, unreachable, .. } = cx.touches.udp()?.call(request, until).await?;
        if unreachable {
            return Ok(Access::silent("the host says that nothing listens"));
        }
        let Some(datagram) = replies.first() else {
            if seen.answered { continue } else { return Ok(Access::silent("no answer to a read request")) }
        };
        seen.answered = true;
        match packet(&datagram.bytes.0) {
            Some(Packet::Data(block)) => {
                seen = Access { speaks: true, cleartext: true, ..seen };
                seen.give(Act::Read, name);
                seen.tell(&String::from_utf8_lossy(&block));
                stop(cx, at, &datagram.from, until).await?;
            }
            Some(Packet::Error(_, text)) => {
                seen = Access { speaks: true, cleartext: true, ..seen };
                seen.tell(&text);
            }
            None => return Ok(Access::other("what answers a read request is no TFTP")),
        }
    }
    Ok(seen)
}

/// Tells the port that serves the transfer that nobody wants the rest.
async fn stop(cx: &CheckContext, at: &Endpoint, from: &str, until: Deadline) -> Result<(), Fault> {
    let Some(port) = from.rsplit_once(':').and_then(|(_, port)| port.parse().ok()) else { return Ok(()) };
    let enough = b"\0\x05\0\0enough\0".as_slice();
    let request = UdpRequest::new(at.host().port(port), enough, 1, 1);
    cx.touches.udp()?.call(request, until).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_errors_are_told_apart() {
        assert_eq!(packet(b"\0\x03\0\x01abc"), Some(Packet::Data(b"abc".to_vec())));
        assert_eq!(packet(b"\0\x05\0\x01File not found\0"), Some(Packet::Error(1, "File not found".into())));
        for other in [&b""[..], b"\0", b"\0\x03\0", b"\0\x05\0\x01"[..3].as_ref(), b"HTTP/1.1"] {
            assert_eq!(packet(other), None);
        }
    }
}
