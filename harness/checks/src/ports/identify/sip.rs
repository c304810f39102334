//! SIP over TCP.

use super::probe::{Identified, Probe};
use crate::ports::udp::sip;

pub(super) const PROBE: Probe = Probe {
    ports: &[5060],
    everywhere: true,
    send: || sip::options("TCP"),
    read: |bytes| sip::read(bytes).map(|told| Identified { version: told.version, ..Identified::service("sip") }),
};
