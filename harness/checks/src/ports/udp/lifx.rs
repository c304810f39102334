//! LIFX lamps: which service they have.

use super::probe::{Probe, Told};

pub(super) const PROBE: Probe = Probe {
    service: "lifx",
    ports: &[56700],
    send: || {
        let mut message = b"\x24\0\0\x34assy".to_vec();
        message.resize(32, 0);
        message.extend_from_slice(&[2, 0, 0, 0]);
        vec![message]
    },
    read: |reply| {
        (reply.len() >= 36 && reply.get(4..8) == Some(b"assy") && reply.get(32..34) == Some(&[3, 0]))
            .then(Told::default)
    },
};
