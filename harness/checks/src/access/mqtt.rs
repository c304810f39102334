//! # `access.mqtt`
//! **Question.** What does an MQTT broker give to a client that names no user?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-1, 5.5-4, 5.5-5 and 5.6-2.
//! **Procedure.** CONNECT (MQTT 3.1.1) without credentials. Where it is let in: subscribes to everything, listens for a
//! moment, and sends one message that is not kept to a topic of its own, to see whether it comes back.
//! **Observation.** Whether a logon is needed, what could be read and sent, what its topics tell, which public defaults let in.
//! **Effect.** Active: a connection, one message that nobody else asked for.
//! **Does not show.** Rights of users that exist; topics on which nothing was sent while it listened.

use assay_model::{CheckContext, Deadline, Endpoint, Fault};

use super::{
    found::{Access, Act},
    talk::Talk,
};
use crate::auth::logon::Attempt;

/// How long it listens to what others send.
const LISTEN_MS: u32 = 400;
/// No packet that counts here is longer.
const LONGEST: usize = 256 * 1024;

/// A control packet (MQTT 3.1.1, section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    /// Type in the high half, flags in the low one.
    pub first: u8,
    pub body: Vec<u8>,
}

/// The length that follows a packet's first byte, and how many bytes it takes; `None` where it is not whole.
fn length(bytes: &[u8]) -> Result<Option<(usize, usize)>, String> {
    let mut length = 0_usize;
    for (at, byte) in bytes.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return match length {
                0..=LONGEST => Ok(Some((length, at + 1))),
                _ => Err(format!("a packet of {length} bytes was announced")),
            };
        }
    }
    if bytes.len() >= 4 { Err("a packet's length has no end".into()) } else { Ok(None) }
}

/// The packet at the start of `bytes` and its length; `None` where it is not whole.
///
/// # Errors
/// It can be no packet: its length is no length, or nobody would send that much.
pub(crate) fn packet(bytes: &[u8]) -> Result<Option<(Packet, usize)>, String> {
    let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
    let Some((length, taken)) = length(rest)? else { return Ok(None) };
    let end = 1 + taken + length;
    Ok(bytes.get(1 + taken..end).map(|body| (Packet { first, body: body.to_vec() }, end)))
}

/// Topic and payload of a PUBLISH.
pub(crate) fn publication(packet: &Packet) -> Option<(String, Vec<u8>)> {
    if packet.first >> 4 != 3 {
        return None;
    }
    let length = usize::from(u16::from_be_bytes(packet.body.get(..2)?.try_into().ok()?));
    let topic = packet.body.get(2..2 + length)?;
    let id = if packet.first & 0x06 == 0 { 0 } else { 2 }; // QoS above 0 carries a number
    Some((String::from_utf8_lossy(topic).into_owned(), packet.body.get(2 + length + id..)?.to_vec()))
}

fn text(into: &mut Vec<u8>, text: &str) {
    let text = &text.as_bytes()[..text.len().min(usize::from(u16::MAX))];
    into.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    into.extend(text);
}

fn framed(first: u8, body: &[u8]) -> Vec<u8> {
    let (mut out, mut length) = (vec![first], body.len());
    loop {
        let more = if length > 0x7F { 0x80 } else { 0 };
        out.push(u8::try_from(length & 0x7F).unwrap_or(0) | more);
        length >>= 7;
        if length == 0 {
            break;
        }
    }
    out.extend(body);
    out
}

fn connect(client: &str, credential: Option<(&str, &str)>) -> Vec<u8> {
    let flags = if credential.is_some() { 0xC2 } else { 0x02 };
    let mut body = b"\0\x04MQTT\x04".to_vec();
    body.extend([flags, 0, 30]);
    text(&mut body, client);
    if let Some((user, password)) = credential {
        text(&mut body, user);
        text(&mut body, password);
    }
    framed(0x10, &body)
}

fn subscribe(topics: &[&str]) -> Vec<u8> {
    let mut body = vec![0, 1];
    for topic in topics {
        text(&mut body, topic);
        body.push(0);
    }
    framed(0x82, &body)
}

/// Names that no other client has: random, so that nobody is thrown out by ours.
fn client() -> String {
    let mut random = [0_u8; 6];
    let _ = getrandom::fill(&mut random); // without randomness the name is still no usual one
    format!("assay-{}", hex::encode(random))
}

/// The next packet; `None` where nothing, or nothing whole, comes.
async fn next(talk: &mut Talk<'_>) -> Result<Result<Option<Packet>, String>, Fault> {
    let Some(mut bytes) = talk.exactly(2).await? else { return Ok(Ok(None)) };
    loop {
        match length(&bytes[1..]) {
            Err(why) => return Ok(Err(why)),
            Ok(Some((length, _))) => {
                let body = talk.exactly(length).await?;
                return Ok(Ok(body.map(|body| Packet { first: bytes[0], body })));
            }
            Ok(None) => match talk.exactly(1).await? {
                Some(more) => bytes.extend(more),
                None => return Ok(Ok(None)),
            },
        }
    }
}

/// What a CONNACK says.
fn connack(packet: &Packet) -> Option<u8> {
    (packet.first == 0x20 && packet.body.len() == 2).then(|| packet.body[1])
}

pub(crate) async fn look(cx: &CheckContext, at: &Endpoint, tls: bool, until: Deadline) -> Result<Access, Fault> {
    let mut talk = match Talk::open(cx, at, tls, until).await? {
        Ok(talk) => talk,
        Err(why) => return Ok(why.into()),
    };
    talk.send(&connect(&client(), None)).await?;
    let code = match next(&mut talk).await? {
        Ok(Some(packet)) => match connack(&packet) {
            Some(code) => code,
            None => return Ok(Access::other("what answers a CONNECT is no CONNACK")),
        },
        Ok(None) if talk.gone && talk.is_empty() => {
            return Ok(Access::silent("closed without an answer to CONNECT"));
        }
        Ok(None) => return Ok(Access::silent("no answer to CONNECT")),
        Err(why) => return Ok(Access::other(why)),
    };
    let mut seen = Access::speaking();
    match code {
        0 => inside(&mut talk, &mut seen).await?,
        4 | 5 => seen.ask("mqtt connect"),
        code => seen = seen.note(format!("refused by code {code}, which is not about a logon")),
    }
    talk.send(&[0xE0, 0]).await?;
    talk.close().await?;
    Ok(seen)
}

/// Let in without a name: what may be read and sent?
async fn inside(talk: &mut Talk<'_>, seen: &mut Access) -> Result<(), Fault> {
    seen.give(Act::Read, "connect");
    let own = format!("{}/probe", client());
    let mut said = subscribe(&["#", "$SYS/broker/version"]);
    let mut body = Vec::new();
    text(&mut body, &own);
    body.extend(b"assay");
    said.extend(framed(0x30, &body));
    talk.send(&said).await?;
    let bytes = talk.some(LISTEN_MS).await?;
    let mut rest = &bytes[..];
    while let Ok(Some((packet, length))) = packet(rest) {
        rest = &rest[length..];
        if packet.first == 0x90 && packet.body.get(2).is_some_and(|code| *code < 0x80) {
            seen.give(Act::Read, "#");
        }
        let Some((topic, payload)) = publication(&packet) else { continue };
        if topic == own {
            seen.give(Act::Write, "a topic of any name");
        } else {
            seen.tell(&format!("{topic}: {}", String::from_utf8_lossy(&payload)));
        }
    }
    Ok(())
}

/// One logon.
pub(crate) async fn attempt(
    cx: &CheckContext,
    at: &Endpoint,
    tls: bool,
    user: &str,
    password: &str,
    until: Deadline,
) -> Result<Attempt, Fault> {
    let mut talk = match Talk::open(cx, at, tls, until).await? {
        Ok(talk) => talk,
        Err(why) => return Ok(why.into()),
    };
    talk.send(&connect(&client(), Some((user, password)))).await?;
    let answer = next(&mut talk).await?;
    let ended = talk.end().await?;
    Ok(match answer.map(|p| p.as_ref().map(connack)) {
        Ok(Some(Some(0))) => Attempt::Accepted { token: None },
        Ok(Some(Some(4 | 5))) => ended.refused(),
        Ok(Some(Some(code))) => Attempt::Unusable { text: format!("CONNACK code {code}") },
        Ok(Some(None)) => Attempt::Unusable { text: "no CONNACK".into() },
        Ok(None) => ended.unanswered(),
        Err(text) => Attempt::Unusable { text },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packets_are_read_and_written_alike() {
        let said = framed(0x30, &[7; 300]);
        assert_eq!(&said[..3], [0x30, 0xAC, 2]);
        let (read, used) = packet(&said).unwrap().unwrap();
        assert_eq!((read.first, read.body.len(), used), (0x30, 300, 303));
        assert_eq!(packet(&said[..200]), Ok(None));
        assert!(packet(&[0x30, 0xFF, 0xFF, 0xFF, 0xFF]).is_err());
        assert!(packet(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F]).is_err(), "256 MB");
    }

    #[test]
    fn a_publication_has_topic_and_payload() {
        let of = |first, body: &[u8]| publication(&Packet { first, body: body.to_vec() });
        assert_eq!(of(0x30, b"\0\x01tx"), Some(("t".into(), b"x".to_vec())));
        assert_eq!(of(0x32, b"\0\x01t\0\x09x"), Some(("t".into(), b"x".to_vec())));
        assert_eq!(of(0x30, b"\xFF\xFFt"), None);
        assert_eq!(of(0x20, b"\0\0"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(Some((found, used))) = packet(&bytes) {
                prop_assert!(used <= bytes.len());
                let _ = publication(&found);
            }
        }
    }
}
