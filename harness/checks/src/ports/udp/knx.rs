//! KNXnet/IP (ISO 22510): a description request; the answer holds the device's name.

use super::probe::{Probe, Told};

pub(super) const PROBE: Probe = Probe {
    service: "knx",
    ports: &[3671],
    // The return address of zeros says: answer to where this came from.
    send: || vec![b"\x06\x10\x02\x03\0\x0e\x08\x01\0\0\0\0\0\0".to_vec()],
    read: |reply| {
        let name = reply.get(30..60).map(|name| name.split(|b| *b == 0).next().unwrap_or_default());
        reply.starts_with(b"\x06\x10\x02\x04").then(|| name.and_then(Told::banner).unwrap_or_default())
    },
};
