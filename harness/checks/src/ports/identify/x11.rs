//! X11: a client without authorisation.

use super::probe::{Identified, Logon, Probe};

pub(super) const PROBE: Probe = Probe {
    ports: &[6000, 6001, 6002],
    everywhere: false,
    send: || b"l\0\x0b\0\0\0\0\0\0\0\0\0".to_vec(),
    read: |bytes| {
        let logon = match bytes {
            [1, _, 11, 0, ..] => Logon::none("x11"),
            [0, _, 11, 0, ..] | [2, ..] => Logon::other("x11 authorisation"),
            _ => return None,
        };
        Some(Identified { logon, ..Identified::versioned("x11", "11.0") })
    },
};
