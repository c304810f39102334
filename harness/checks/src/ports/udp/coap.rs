//! CoAP (RFC 7252): the resources that RFC 6690 lets a server list.

use super::probe::{Probe, Told};

pub(super) const PROBE: Probe =
    Probe { service: "coap", ports: &[5683], send: || vec![b"\x40\x01\x12\x34\xbb.well-known\x04core".to_vec()], read };

fn read(reply: &[u8]) -> Option<Told> {
    match reply {
        // Acknowledged or reset, with our message id and our token of no bytes; the answer may also come on its own.
        [0x60 | 0x70, code, 0x12, 0x34, rest @ ..] => answer(*code, rest),
        [0x40 | 0x50, code, _, _, rest @ ..] if *code >= 0x40 => answer(*code, rest),
        _ => None,
    }
}

fn answer(code: u8, rest: &[u8]) -> Option<Told> {
    // After the options, 0xFF begins the payload; in options it is no first byte of anything.
    let payload = rest.iter().position(|b| *b == 0xFF).and_then(|at| rest.get(at + 1..));
    match (code, payload) {
        (0x45, Some(payload)) => Told::banner(payload),
        (0 | 0x40.., _) => Told::only(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_refusals_and_resets_are_answers_and_an_echo_is_none() {
        let listed = read(b"\x60\x45\x12\x34\xc1\x28\xff</led>;rt=\"light\"").unwrap();
        assert_eq!(listed.banner.as_deref(), Some("</led>;rt=\"light\""));
        assert_eq!(read(b"\x60\x84\x12\x34"), Some(Told::default()));
        assert_eq!(read(b"\x70\0\x12\x34"), Some(Told::default()));
        assert_eq!(read(&(PROBE.send)()[0]), None);
    }
}
