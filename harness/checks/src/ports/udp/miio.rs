//! Xiaomi's miIO: a hello, answered with the device's number and time.

use super::probe::{Probe, Told};

pub(super) const PROBE: Probe = Probe {
    service: "miio",
    ports: &[54321],
    send: || vec![[b"\x21\x31\0\x20".as_slice(), &[0xFF; 28]].concat()],
    read: |reply| {
        (reply.starts_with(b"\x21\x31\0\x20") && reply.len() == 32 && reply[4..] != [0xFF; 28]).then(Told::default)
    },
};
