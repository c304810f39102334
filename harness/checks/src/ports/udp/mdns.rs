//! Multicast DNS (RFC 6762), asked directly and for a direct answer: which services does the host announce?

use super::dns::{PTR, is_answer, question};
use super::probe::{Probe, Told};

pub(super) const PROBE: Probe = Probe {
    service: "mdns",
    ports: &[5353],
    // Class IN with the bit that asks for an answer to the asker alone.
    send: || vec![question(0, 0, "_services._dns-sd._udp.local", PTR, 0x8001)],
    read: |reply| is_answer(reply, 0).then(Told::default),
};
