//! DNS over TCP.

use super::probe::{Identified, Probe};
use crate::ports::udp::dns;

pub(super) const PROBE: Probe = Probe {
    ports: &[53],
    everywhere: true,
    send: dns::over_tcp,
    read: |bytes| {
        let told = dns::read(bytes.get(2..)?)?;
        Some(Identified { version: told.version, ..Identified::service("dns") })
    },
};
