//! Ubiquiti's discovery: fields of kind, length and value.

use super::probe::{Probe, Told, shown};
use crate::tls::Cursor;

pub(super) const PROBE: Probe =
    Probe { service: "ubiquiti-discovery", ports: &[10001], send: || vec![vec![1, 0, 0, 0]], read };

fn read(reply: &[u8]) -> Option<Told> {
    let length = u16::from_be_bytes([*reply.get(2)?, *reply.get(3)?]);
    if !reply.starts_with(&[1, 0]) || usize::from(length) + 4 != reply.len() || length == 0 {
        return None;
    }
    let mut at = Cursor(&reply[4..]);
    let mut told = Told::default();
    while let (Some(kind), Some(length)) = (at.byte(), at.u16()) {
        let Some(value) = at.take(length.into()) else { break };
        let text = || Some(shown(&String::from_utf8_lossy(value)));
        match kind {
            3 => told.version = text(),
            0x0C => told.banner = text(),
            _ => {}
        }
    }
    Some(told)
}
