//! # `access.coap`
//! **Question.** Which resources does a CoAP server list and give to whoever asks?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.5-4, 5.5-5, 5.5-6 and 5.6-2.
//! **Procedure.** GET of `/.well-known/core` (RFC 7252, RFC 6690), block by block where it is long (RFC 7959), then of each
//! resource that it lists.
//! **Observation.** What is listed, what is given without a logon, what asks for one.
//! **Effect.** Active: at most 50 datagrams that read.
//! **Does not show.** Resources that are not listed; what CoAP inside DTLS gives; methods other than GET.

use assay_model::{
    CheckContext, Deadline, Endpoint, Fault,
    touch::udp::{UdpRequest, UdpResponse},
};

use super::found::{Access, Act};

/// Resources that are asked for, at most.
const RESOURCES: usize = 32;
/// Blocks of one list, at most.
const BLOCKS: u32 = 16;
const WAIT_MS: u32 = 700;

const PATH: u16 = 11;
const QUERY: u16 = 15;
const BLOCK2: u16 = 23;

/// A message: its code as class and detail, its options, its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub code: (u8, u8),
    pub options: Vec<(u16, Vec<u8>)>,
    pub payload: Vec<u8>,
}

/// Reads a datagram (RFC 7252, 3).
pub(crate) fn message(bytes: &[u8]) -> Option<Message> {
    let (head, mut rest) = bytes.split_at_checked(4)?;
    let token = usize::from(head[0] & 0x0F);
    if head[0] >> 6 != 1 || token > 8 {
        return None;
    }
    rest = rest.get(token..)?;
    let (mut number, mut options) = (0_u16, Vec::new());
    let mut payload = Vec::new();
    while let Some((&first, after)) = rest.split_first() {
        if first == 0xFF {
            payload = after.to_vec();
            break;
        }
        rest = after;
        let delta = extended(first >> 4, &mut rest)?;
        let length = extended(first & 0x0F, &mut rest)?;
        number = number.checked_add(delta)?;
        let (value, after) = rest.split_at_checked(length.into())?;
        options.push((number, value.to_vec()));
        rest = after;
    }
    Some(Message { code: (head[1] >> 5, head[1] & 0x1F), options, payload })
}

/// A four-bit number that may go on in one or two bytes.
fn extended(nibble: u8, rest: &mut &[u8]) -> Option<u16> {
    let (taken, base) = match nibble {
        0..=12 => return Some(nibble.into()),
        13 => (1, 13),
        14 => (2, 269),
        _ => return None,
    };
    let (bytes, after) = rest.split_at_checked(taken)?;
    *rest = after;
    bytes.iter().fold(0_u16, |n, b| (n << 8) | u16::from(*b)).checked_add(base)
}

/// Paths of a list of links (RFC 6690), at most [`RESOURCES`].
pub(crate) fn links(text: &str) -> Vec<String> {
    let target = |link: &str| link.trim().strip_prefix('<')?.split_once('>').map(|(path, _)| path.to_owned());
    text.split(',').filter_map(target).filter(|p| p.starts_with('/') && p.len() < 200).take(RESOURCES).collect()
}

fn get(path: &str, block: Option<u32>, number: u16) -> Vec<u8> {
    let mut out = vec![0x40, 1];
    out.extend(number.to_be_bytes());
    let mut last = 0;
    let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
    let parts = path.split('/').filter(|p| !p.is_empty()).map(|p| (PATH, p.as_bytes().to_vec()));
    let queries = query.into_iter().flat_map(|q| q.split('&')).map(|q| (QUERY, q.as_bytes().to_vec()));
    // Blocks of 1,024 bytes: number, no more of ours, size 2^(6 + 4).
    let block = block.map(|b| (BLOCK2, ((b << 4) | 6).to_be_bytes()[2..].to_vec()));
    for (option, value) in parts.chain(queries).chain(block) {
        let value = &value[..value.len().min(255)];
        let (length, more) = match u8::try_from(value.len()) {
            Ok(short @ 0..=12) => (short, None),
            Ok(long) => (13, Some(long - 13)),
            Err(_) => (0, None),
        };
        // Deltas between the options used here are below 13.
        out.push((u8::try_from(option - last).unwrap_or(0) << 4) | length);
        out.extend(more);
        out.extend(value);
        last = option;
    }
    out
}

async fn ask(cx: &CheckContext, at: &Endpoint, asked: Vec<u8>, until: Deadline) -> Result<Option<Message>, Fault> {
    // An answer may come apart from its acknowledgement, which is an empty message.
    let request = UdpRequest::new(at.clone(), asked, WAIT_MS, 1);
    let UdpResponse { replies, .. } = cx.touches.udp()?.call(request, until).await?;
    Ok(replies.first().and_then(|d| message(&d.bytes.0)))
}

pub(crate) async fn look(cx: &CheckContext, at: &Endpoint, until: Deadline) -> Result<Access, Fault> {
    let list = "/.well-known/core";
    let request = UdpRequest::new(at.clone(), get(list, None, 1), WAIT_MS, 1);
    let UdpResponse { replies, unreachable, .. } = cx.touches.udp()?.call(request, until).await?;
    let Some(datagram) = replies.first() else {
        return Ok(Access::silent(if unreachable { "the host says that nothing listens" } else { "no answer to GET" }));
    };
    let Some(mut part) = message(&datagram.bytes.0) else { return Ok(Access::other("what answers GET is no CoAP")) };
    let mut seen = Access::speaking();
    let mut text = Vec::new();
    for block in 1..=BLOCKS {
        match part.code {
            (2, _) => text.extend(std::mem::take(&mut part.payload)),
            (4, 1 | 3) => seen.ask("coap"),
            _ => {}
        }
        let more =
            part.options.iter().find(|(n, _)| *n == BLOCK2).is_some_and(|(_, v)| v.last().is_some_and(|b| b & 8 != 0));
        if !more {
            break;
        }
        // The server may have chosen smaller blocks than were asked for.
        let size = part.options.iter().find(|(n, _)| *n == BLOCK2).and_then(|(_, v)| v.last()).map_or(6, |b| b & 7);
        let number = u16::try_from(block + 1).unwrap_or(1);
        let mut asked = get(list, Some(block), number);
        if let Some(last) = asked.last_mut() {
            *last = (*last & 0xF8) | size;
        }
        match ask(cx, at, asked, until).await? {
            Some(next) => part = next,
            None => break,
        }
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    text.split(',').for_each(|link| seen.tell(link));
    for (path, number) in links(&text).iter().zip(100..) {
        if until.passed() {
            seen = seen.note("not every resource could be asked for in time");
            break;
        }
        let Some(answer) = ask(cx, at, get(path, None, number), until).await? else { continue };
        match answer.code {
            (2, _) => {
                seen.give(Act::Read, path);
                seen.tell(&format!("{path}: {}", String::from_utf8_lossy(&answer.payload)));
            }
            (4, 1 | 3) => seen.ask("coap"),
            _ => {}
        }
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_are_written_and_read_alike() {
        let read = message(&get("/.well-known/core?rt=x", Some(2), 9)).unwrap();
        assert_eq!(read.code, (0, 1));
        let options: Vec<(u16, &[u8])> = read.options.iter().map(|(n, v)| (*n, v.as_slice())).collect();
        assert_eq!(options, [(11, &b".well-known"[..]), (11, b"core"), (15, b"rt=x"), (23, &[0, 0x26])]);
        let content = message(b"\x60\x45\0\x01\xc1\x28\xFF</a>").unwrap();
        assert_eq!((content.code, content.payload.as_slice()), ((2, 5), &b"</a>"[..]));
        for other in [
            &b""[..],
            b"\x40\x01\0",
            b"\x80\x01\0\x01",
            b"\x4F\x01\0\x01",
            b"\x40\x45\0\x01\xF0",
            b"\x40\x45\0\x01\xE0\x01",
        ] {
            assert_eq!(message(other), None);
        }
    }

    #[test]
    fn links_are_read() {
        assert_eq!(links("</a>;rt=\"x\", </b/c>,<coap://x/d>,nonsense"), ["/a", "/b/c"]);
        assert_eq!(links(&"</x>,".repeat(1_000)).len(), RESOURCES);
    }

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = message(&bytes);
        }
    }
}
