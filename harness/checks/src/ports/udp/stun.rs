//! STUN (RFC 8489): a binding request.

use super::probe::{Probe, Told, shown};
use crate::tls::Cursor;

pub(super) const PROBE: Probe =
    Probe { service: "stun", ports: &[3478], send: || vec![b"\0\x01\0\0\x21\x12\xa4\x42assayassay12".to_vec()], read };

fn read(reply: &[u8]) -> Option<Told> {
    if !matches!(reply, [1, 1 | 0x11, ..]) || reply.get(4..20) != Some(b"\x21\x12\xa4\x42assayassay12") {
        return None;
    }
    let mut at = Cursor(&reply[20..]);
    let mut told = Told::default();
    while let (Some(kind), Some(length)) = (at.u16(), at.u16()) {
        let Some(value) = at.take(usize::from(length).next_multiple_of(4)) else { break };
        if kind == 0x8022 {
            told.version = Some(shown(&String::from_utf8_lossy(&value[..usize::from(length)])));
        }
    }
    Some(told)
}
