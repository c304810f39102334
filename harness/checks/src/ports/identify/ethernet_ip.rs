//! EtherNet/IP.

use super::probe::{Identified, Probe};
use crate::ports::udp::ethernet_ip;

pub(super) const PROBE: Probe = Probe {
    ports: &[44818],
    everywhere: true,
    send: ethernet_ip::list_identity,
    read: |bytes| {
        let told = ethernet_ip::read(bytes)?;
        Some(Identified { version: told.version, ..Identified::service("ethernet-ip") })
    },
};
