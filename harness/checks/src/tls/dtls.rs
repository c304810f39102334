//! The record layer of DTLS 1.0 and 1.2 (RFC 4347, RFC 6347): our hello in one datagram, the server's first flight out of
//! several, in whatever order and pieces they came.

use std::collections::BTreeMap;

use super::flight::{Cursor, ServerFlight, handshake_message};
use super::hello::{ClientHello, length24, push16};

/// Bytes of one message, at most: a chain of ten large certificates fits.
const MOST: usize = 256 * 1024;
/// Messages of one flight, at most.
const MESSAGES: u16 = 32;

/// What a server's datagrams say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DtlsFlight {
    /// As over a stream.
    pub(crate) flight: ServerFlight,
    /// The cookie that the server wants to see again (HelloVerifyRequest).
    pub(crate) cookie: Option<Vec<u8>>,
}

/// A hello as one datagram; with `cookie` it is the second one of its handshake.
pub(crate) fn client_hello(hello: &ClientHello<'_>, cookie: Option<&[u8]>) -> Vec<u8> {
    let body = hello.body(hello.version.number(), Some(cookie.unwrap_or_default()));
    let number = u8::from(cookie.is_some());
    let length = length24(body.len());
    let message = [&[1], &length[..], &[0, number], &[0; 3], &length, &body].concat();
    record(22, number, &message)
}

/// The alert that ends a handshake which nobody goes on with: user_canceled, after so many records.
pub(crate) fn goodbye(number: u8) -> Vec<u8> {
    record(21, number, &[2, 90])
}

/// One record of epoch 0. Its version is that of DTLS 1.0, which every server reads before one is agreed on.
fn record(kind: u8, number: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind, 0xFE, 0xFF, 0, 0, 0, 0, 0, 0, 0, number];
    push16(&mut out, u16::try_from(body.len()).unwrap_or(0));
    out.extend_from_slice(body);
    out
}

/// Whether a datagram begins with a record of DTLS in clear.
pub(crate) fn is_dtls(datagram: &[u8]) -> bool {
    matches!(datagram, [21 | 22, 0xFE, 0xFF | 0xFD, 0, 0, ..]) && datagram.len() > 13
}

/// Reads a first flight from its datagrams. `None`: none of them is DTLS.
pub(crate) fn flight<'a>(datagrams: impl Iterator<Item = &'a [u8]>) -> Option<DtlsFlight> {
    let mut seen = DtlsFlight::default();
    let mut messages: BTreeMap<u16, Message> = BTreeMap::new();
    let mut dtls = false;
    for datagram in datagrams.filter(|d| is_dtls(d)) {
        dtls = true;
        let mut at = Cursor(datagram);
        while let Some((kind, epoch, body)) = next_record(&mut at) {
            match kind {
                21 if epoch == 0 => seen.flight.alert = body.get(1).copied(),
                22 if epoch == 0 => fragments(body, &mut messages),
                _ => {}
            }
        }
    }
    for message in messages.values().filter(|m| m.whole()) {
        if message.kind == 3 {
            seen.cookie = cookie(&message.body);
        } else {
            handshake_message(&mut seen.flight, message.kind, &message.body);
        }
    }
    dtls.then_some(seen)
}

fn next_record<'a>(at: &mut Cursor<'a>) -> Option<(u8, u16, &'a [u8])> {
    let kind = at.byte()?;
    at.u16()?;
    let epoch = at.u16()?;
    at.take(6)?;
    let length = at.u16()?;
    Some((kind, epoch, at.take(length.into())?))
}

/// A message as far as its fragments came.
struct Message {
    kind: u8,
    body: Vec<u8>,
    /// Which bytes of the body came, as ranges in the order of coming.
    came: Vec<(usize, usize)>,
}

impl Message {
    fn whole(&self) -> bool {
        let mut ranges = self.came.clone();
        ranges.sort_unstable();
        let reached =
            ranges.iter().fold(0, |reached, (from, to)| if *from <= reached { reached.max(*to) } else { reached });
        reached == self.body.len()
    }
}

fn fragments(body: &[u8], messages: &mut BTreeMap<u16, Message>) {
    let mut at = Cursor(body);
    let mut next = || Some((at.byte()?, at.u24()?, at.u16()?, at.u24()?, at.u24().and_then(|n| at.take(n))?));
    while let Some((kind, length, number, offset, fragment)) = next() {
        if length > MOST || number >= MESSAGES || offset + fragment.len() > length {
            return;
        }
        let message =
            messages.entry(number).or_insert_with(|| Message { kind, body: vec![0; length], came: Vec::new() });
        // A fragment that contradicts the first one, or one of very many, is hostile.
        if message.kind != kind || message.body.len() != length || message.came.len() > 1_024 {
            return;
        }
        message.body[offset..offset + fragment.len()].copy_from_slice(fragment);
        message.came.push((offset, offset + fragment.len()));
    }
}

fn cookie(body: &[u8]) -> Option<Vec<u8>> {
    let mut at = Cursor(body);
    at.u16()?;
    let length = at.byte()?;
    at.take(length.into()).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::super::names::Version;
    use super::*;
    use proptest::prelude::*;

    fn fragment(kind: u8, whole: &[u8], number: u8, from: usize, to: usize) -> Vec<u8> {
        let part = &whole[from..to];
        let (length, offset, size) = (length24(whole.len()), length24(from), length24(part.len()));
        [&[kind], &length[..], &[0, number], &offset, &size, part].concat()
    }

    fn hello() -> Vec<u8> {
        [&[0xFE, 0xFD], &[7; 32][..], &[0, 0xC0, 0x2F, 0]].concat()
    }

    #[test]
    fn our_hello_is_a_whole_record_with_its_cookie() {
        let bytes = client_hello(&ClientHello::new(Version::Dtls12, &[0xC02F], None), Some(b"cookie"));
        let mut at = Cursor(&bytes);
        let (kind, epoch, body) = next_record(&mut at).expect("a record");
        assert_eq!((kind, epoch, at.0.len(), body[0], body[5]), (22, 0, 0, 1, 1));
        assert!(body.windows(7).any(|w| w == b"\x06cookie"));
    }

    #[test]
    fn pieces_in_any_order_make_one_message_and_a_hole_makes_none() {
        let body = hello();
        let (a, b) = (fragment(2, &body, 1, 0, 20), fragment(2, &body, 1, 20, body.len()));
        let datagrams = [record(22, 1, &b), record(22, 2, &a)];
        let seen = flight(datagrams.iter().map(Vec::as_slice)).expect("DTLS");
        assert_eq!(seen.flight.hello.map(|h| (h.version, h.suite)), Some((0xFEFD, 0xC02F)));
        let seen = flight(std::iter::once(datagrams[0].as_slice())).expect("DTLS");
        assert_eq!(seen.flight.hello, None);
    }

    #[test]
    fn a_cookie_and_an_alert_are_read_and_coap_is_none() {
        let verify = fragment(3, b"\xfe\xff\x03abc", 0, 0, 6);
        let seen = flight(std::iter::once(record(22, 0, &verify).as_slice())).expect("DTLS");
        assert_eq!(seen.cookie.as_deref(), Some(&b"abc"[..]));
        let seen = flight(std::iter::once(record(21, 0, &[2, 70]).as_slice())).expect("DTLS");
        assert_eq!(seen.flight.alert, Some(70));
        assert_eq!(flight(std::iter::once(&b"\x60\x45\x12\x34\xff</led>"[..])), None);
    }

    proptest! {
        #[test]
        fn no_datagrams_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = flight(std::iter::once(bytes.as_slice()));
            let framed = record(22, 0, &bytes);
            let _ = flight([framed.as_slice(), bytes.as_slice()].into_iter());
        }
    }
}
