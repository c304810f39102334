//! IPMI over RMCP (IPMI 2.0, 22.13): which ways of logging on a management controller has.

use super::probe::{Probe, Told};

pub(super) const PROBE: Probe = Probe {
    service: "ipmi",
    ports: &[623],
    send: || vec![b"\x06\0\xff\x07\0\0\0\0\0\0\0\0\0\x09\x20\x18\xc8\x81\0\x38\x8e\x04\xb5".to_vec()],
    read: |reply| (reply.starts_with(b"\x06\0\xff\x07") && reply.len() > 23).then(Told::default),
};
