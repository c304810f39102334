//! DNS (RFC 1035): which version the server says it is, in class CHAOS.

use super::probe::{Probe, Told};
use crate::tls::Cursor;

pub(super) const PROBE: Probe =
    Probe { service: "dns", ports: &[53], send: || vec![question(0x1234, 0x0100, "version.bind", TXT, CHAOS)], read };

pub(super) const PTR: u16 = 12;
pub(super) const TXT: u16 = 16;
pub(super) const CHAOS: u16 = 3;

/// The question over a stream, with its length before it.
pub(in crate::ports) fn over_tcp() -> Vec<u8> {
    let question = question(0x1234, 0x0100, "version.bind", TXT, CHAOS);
    [&[0, question.len() as u8][..], &question].concat()
}

/// One question.
pub(super) fn question(id: u16, flags: u16, name: &str, kind: u16, class: u16) -> Vec<u8> {
    let mut out = Vec::new();
    for field in [id, flags, 1, 0, 0, 0] {
        out.extend_from_slice(&field.to_be_bytes());
    }
    for label in name.split('.') {
        out.push(label.len() as u8);
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&class.to_be_bytes());
    out
}

/// Whether these bytes are an answer with that id.
pub(super) fn is_answer(reply: &[u8], id: u16) -> bool {
    reply.len() >= 12 && reply.starts_with(&id.to_be_bytes()) && reply[2] & 0x80 != 0 && reply[2] & 0x78 == 0
}

pub(in crate::ports) fn read(reply: &[u8]) -> Option<Told> {
    if !is_answer(reply, 0x1234) {
        return None;
    }
    Some(Told { version: version(reply).map(|v| super::probe::shown(&v)), ..Told::default() })
}

/// The text of the first answer.
fn version(reply: &[u8]) -> Option<String> {
    let mut at = Cursor(reply.get(4..)?);
    let (questions, answers) = (at.u16()?, at.u16()?);
    at.take(4)?;
    for _ in 0..questions.min(1) {
        name(&mut at)?;
        at.take(4)?;
    }
    if answers == 0 {
        return None;
    }
    name(&mut at)?;
    let kind = at.u16()?;
    at.take(8)?;
    let length = at.byte()?;
    let text = at.take(length.into())?;
    (kind == TXT).then(|| String::from_utf8_lossy(text).into_owned())
}

/// Passes over a name.
fn name(at: &mut Cursor<'_>) -> Option<()> {
    loop {
        match at.byte()? {
            0 => return Some(()),
            0xC0.. => return at.byte().map(|_| ()),
            length => at.take(length.into()).map(|_| ())?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_the_answer() {
        let mut reply = question(0x1234, 0x8580, "version.bind", TXT, CHAOS);
        reply[7] = 1;
        reply.extend_from_slice(b"\xc0\x0c\0\x10\0\x03\0\0\0\0\0\x0d\x0cdnsmasq-2.89");
        assert_eq!(read(&reply).and_then(|t| t.version).as_deref(), Some("dnsmasq-2.89"));
        assert_eq!(read(&question(0x1234, 0x0100, "version.bind", TXT, CHAOS)), None, "an echo is no answer");
        let refused = question(0x1234, 0x8185, "version.bind", TXT, CHAOS);
        assert_eq!(read(&refused), Some(Told::default()));
    }
}
