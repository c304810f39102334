//! BACnet/IP (ASHRAE 135, annex J): reads the identifier of whatever device this is.

use super::probe::{Probe, Told};

pub(super) const PROBE: Probe = Probe {
    service: "bacnet",
    ports: &[47808],
    send: || vec![b"\x81\x0a\0\x11\x01\x04\0\x05\x01\x0c\x0c\x02\x3f\xff\xff\x19\x4b".to_vec()],
    read,
};

fn read(reply: &[u8]) -> Option<Told> {
    match reply {
        [0x81, 0x0A | 0x0B, high, low, 1, control, apdu, ..] => {
            // Acknowledged, failed, rejected or given up; behind a router's addresses it stands further on.
            let answers = control & 0x28 != 0 || matches!(apdu >> 4, 3 | 5..=7);
            (answers && usize::from(u16::from_be_bytes([*high, *low])) == reply.len()).then(Told::default)
        }
        _ => None,
    }
}
