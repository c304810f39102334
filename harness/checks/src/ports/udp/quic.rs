//! QUIC (RFC 8999): a version that nobody has; a server lists those that it speaks.

use super::probe::{Probe, Told};
use crate::tls::Cursor;

pub(super) const PROBE: Probe = Probe { service: "quic", ports: &[443], send: || vec![unknown_version()], read };

/// A long header, padded to what servers answer at all.
fn unknown_version() -> Vec<u8> {
    let mut packet = b"\xc0\x1a\x2a\x3a\x4a\x08assayqui\x08assayqui".to_vec();
    packet.resize(1_200, 0);
    packet
}

fn read(reply: &[u8]) -> Option<Told> {
    let mut at = Cursor(reply);
    if at.byte()? & 0x80 == 0 || at.take(4)? != [0; 4] {
        return None;
    }
    for _ in 0..2 {
        let length = at.byte()?;
        at.take(length.into())?;
    }
    let versions: Vec<String> = at.0.chunks_exact(4).take(8).map(hex::encode).collect();
    (!versions.is_empty()).then(|| Told { version: Some(versions.join(" ")), ..Told::default() })
}
