//! NetBIOS name service (RFC 1002): a node status, which names the host.

use super::probe::{Probe, Told};

pub(super) const PROBE: Probe = Probe { service: "netbios", ports: &[137], send: || vec![status()], read };

fn status() -> Vec<u8> {
    let mut request = b"\x12\x34\0\0\0\x01\0\0\0\0\0\0 CK".to_vec();
    request.resize(request.len() + 30, b'A');
    request.extend_from_slice(b"\0\0\x21\0\x01");
    request
}

fn read(reply: &[u8]) -> Option<Told> {
    let ours = reply.starts_with(b"\x12\x34") && reply.get(2).is_some_and(|b| b & 0x80 != 0) && reply.len() >= 12;
    // Header, name of 34 bytes, type, class, time to live, length, number of names: then names of 15 characters.
    ours.then(|| reply.get(57..72).and_then(Told::banner).unwrap_or_default())
}
