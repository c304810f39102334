//! # `access.mdns`
//! **Question.** What does a product announce of itself by multicast DNS?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.6-1 and 5.6-2.
//! **Procedure.** The list of services, then each of them, asked of the product's own address (RFC 6762, 5.5; RFC 6763, 9).
//! **Observation.** Names, ports and texts that it tells.
//! **Effect.** Active: at most 17 datagrams.
//! **Does not show.** What a product tells only to the multicast group.

use assay_model::{
    CheckContext, Deadline, Endpoint, Fault,
    touch::udp::{UdpRequest, UdpResponse},
};

use super::found::Access;

/// Kinds of service that are asked for, at most.
const KINDS: usize = 16;
/// Records of one answer, at most.
const RECORDS: usize = 200;
const WAIT_MS: u32 = 700;

const PTR: u16 = 12;
const TXT: u16 = 16;
const SRV: u16 = 33;

/// A record that tells something: its name, and what it says in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub kind: u16,
    pub name: String,
    pub says: String,
}

/// A name (RFC 1035, 4.1.4), and where it ends. Pointers are followed a bounded number of times.
fn name(bytes: &[u8], start: usize) -> Option<(String, usize)> {
    let (mut at, mut end, mut text) = (start, None, String::new());
    for _ in 0..128 {
        let length = usize::from(*bytes.get(at)?);
        match length {
            0 => return Some((text, end.unwrap_or(at + 1))),
            1..=63 => {
                if text.len() > 255 {
                    return None;
                }
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(&String::from_utf8_lossy(bytes.get(at + 1..at + 1 + length)?));
                at += 1 + length;
            }
            0xC0.. => {
                end = end.or(Some(at + 2));
                at = usize::from(u16::from_be_bytes([*bytes.get(at)? & 0x3F, *bytes.get(at + 1)?]));
            }
            _ => return None,
        }
    }
    None
}

/// The records of an answer; `None` where the bytes are no answer.
pub(crate) fn records(bytes: &[u8]) -> Option<Vec<Record>> {
    let word = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    if word(2)? & 0x8000 == 0 {
        return None;
    }
    let mut at = 12;
    for _ in 0..word(4)?.min(16) {
        at = name(bytes, at)?.1 + 4;
    }
    let many = usize::from(word(6)?) + usize::from(word(8)?) + usize::from(word(10)?);
    let mut records = Vec::new();
    for _ in 0..many.min(RECORDS) {
        // A record that is cut off ends the list, and takes nothing from those before it.
        let Some((name_, after)) = name(bytes, at) else { break };
        let (Some(kind), Some(length)) = (word(after), word(after + 8)) else { break };
        let (from, to) = (after + 10, after + 10 + usize::from(length));
        let Some(data) = bytes.get(from..to) else { break };
        let says = match kind {
            PTR => name(bytes, from).map(|(n, _)| n),
            SRV => name(bytes, from + 6).and_then(|(n, _)| Some(format!("{n} port {}", word(from + 4)?))),
            TXT => Some(texts(data).join(" ")),
            1 if data.len() == 4 => Some(format!("{}.{}.{}.{}", data[0], data[1], data[2], data[3])),
            _ => None,
        };
        records.extend(says.map(|says| Record { kind, name: name_, says }));
        at = to;
    }
    Some(records)
}

/// The strings of a text record.
fn texts(mut data: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some((&length, rest)) = data.split_first() {
        let (text, rest) = rest.split_at(usize::from(length).min(rest.len()));
        texts.push(String::from_utf8_lossy(text).into_owned());
        data = rest;
    }
    texts
}

/// A question for pointers, answered to whoever asks.
fn question(of: &str) -> Vec<u8> {
    let mut out = b"\x5a\x5a\0\0\0\x01\0\0\0\0\0\0".to_vec();
    for label in of.split('.').filter(|l| !l.is_empty() && l.len() < 64) {
        out.push(u8::try_from(label.len()).unwrap_or(0));
        out.extend(label.as_bytes());
    }
    out.extend([0, 0, 12, 0x80, 1]);
    out
}

async fn ask(cx: &CheckContext, at: &Endpoint, of: &str, until: Deadline) -> Result<UdpResponse, Fault> {
    let request = UdpRequest::new(at.clone(), question(of), WAIT_MS, 1);
    cx.touches.udp()?.call(request, until).await
}

pub(crate) async fn look(cx: &CheckContext, at: &Endpoint, until: Deadline) -> Result<Access, Fault> {
    let list = "_services._dns-sd._udp.local";
    let UdpResponse { replies, unreachable, .. } = ask(cx, at, list, until).await?;
    let Some(datagram) = replies.first() else {
        return Ok(Access::silent(if unreachable { "the host says that nothing listens" } else { "no answer" }));
    };
    let Some(found) = records(&datagram.bytes.0) else { return Ok(Access::other("what answers is no DNS")) };
    let mut seen = Access::speaking();
    let kinds: Vec<&str> = found.iter().filter(|r| r.kind == PTR).map(|r| r.says.as_str()).take(KINDS).collect();
    for kind in kinds {
        seen.tell(kind);
        let answer = ask(cx, at, kind, until).await?;
        for record in answer.replies.first().and_then(|d| records(&d.bytes.0)).unwrap_or_default() {
            seen.tell(&format!("{}: {}", record.name, record.says));
        }
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer(records: &[u8], count: u8) -> Vec<u8> {
        [&[0, 0, 0x84, 0, 0, 0, 0, count, 0, 0, 0, 0], records].concat()
    }

    #[test]
    fn pointers_texts_and_compressed_names_are_read() {
        let pointer = b"\x05_http\x04_tcp\x05local\0\0\x0c\0\x01\0\0\0\x78\0\x06\x03Cam\xc0\x0c";
        let text = b"\xc0\x0c\0\x10\0\x01\0\0\0\x78\0\x09\x08model=C1";
        let read = records(&answer(&[&pointer[..], text].concat(), 2)).unwrap();
        assert_eq!(read[0].says, "Cam._http._tcp.local");
        assert_eq!((read[1].name.as_str(), read[1].says.as_str()), ("_http._tcp.local", "model=C1"));
    }

    #[test]
    fn names_that_point_to_themselves_end() {
        assert_eq!(name(b"\xc0\x00", 0), None);
        assert_eq!(records(&question("_x._tcp.local")), None, "an echo is no answer");
        assert_eq!(records(&answer(b"\xc0\x0c\0\x0c", 9)), Some(vec![]));
    }

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = records(&answer(&bytes, 255));
            let _ = records(&bytes);
        }
    }
}
