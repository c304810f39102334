//! Modbus over TCP: reads the device identification.

use super::probe::{Identified, Logon, Probe};
use crate::ports::udp::modbus::{self, IDENTIFY};

pub(super) const PROBE: Probe = Probe {
    ports: &[502],
    everywhere: true,
    send: || IDENTIFY.to_vec(),
    // The protocol knows no logon.
    read: |bytes| {
        let told = modbus::read(bytes)?;
        Some(Identified { version: told.version, logon: Logon::none("modbus"), ..Identified::service("modbus") })
    },
};
