//! IKE (RFC 2408): the first message of a main mode with one old proposal; who refuses it answers too.

use super::probe::{Probe, Told};

pub(super) const PROBE: Probe = Probe { service: "ike", ports: &[500], send: || vec![PROPOSAL.to_vec()], read };

const COOKIE: &[u8; 8] = b"\x0aassay-1";

#[rustfmt::skip]
const PROPOSAL: &[u8; 80] = &[
    0x0A, b'a', b's', b's', b'a', b'y', b'-', b'1', 0, 0, 0, 0, 0, 0, 0, 0,
    1, 0x10, 2, 0, 0, 0, 0, 0, 0, 0, 0, 80,
    0, 0, 0, 52, 0, 0, 0, 1, 0, 0, 0, 1,
    0, 0, 0, 40, 1, 1, 0, 1,
    0, 0, 0, 32, 1, 1, 0, 0,
    0x80, 1, 0, 5, 0x80, 2, 0, 2, 0x80, 3, 0, 1, 0x80, 4, 0, 2, 0x80, 11, 0, 1, 0x80, 12, 0x70, 0x80,
];

fn read(reply: &[u8]) -> Option<Told> {
    let version = *reply.get(17)?;
    (reply.starts_with(COOKIE) && reply.len() >= 28 && reply != PROPOSAL)
        .then(|| Told { version: Some(format!("IKEv{}", version >> 4)), ..Told::default() })
}
