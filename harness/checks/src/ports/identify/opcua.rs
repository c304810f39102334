//! OPC UA (part 6, 7.1.2): HEL, answered by ACK or ERR.

use super::probe::{Identified, Probe};

pub(super) const PROBE: Probe = Probe {
    ports: &[4840],
    everywhere: true,
    send: || {
        const URL: &[u8] = b"opc.tcp://dut:4840";
        let words = [32 + URL.len() as u32, 0, 65_536, 65_536, 0, 0, URL.len() as u32];
        b"HELF".iter().copied().chain(words.iter().flat_map(|w| w.to_le_bytes())).chain(URL.iter().copied()).collect()
    },
    read: |bytes| matches!(bytes.get(..4)?, b"ACKF" | b"ERRF").then(|| Identified::service("opc-ua")),
};
