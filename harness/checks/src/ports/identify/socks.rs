//! SOCKS 5 (RFC 1928): offers no logon and a password; the proxy chooses.

use super::probe::{Identified, Logon, Probe};

pub(super) const PROBE: Probe = Probe { ports: &[1080], everywhere: true, send: || vec![5, 2, 0, 2], read };

fn read(bytes: &[u8]) -> Option<Identified> {
    let logon = match bytes {
        [5, 0] => Logon::none("socks"),
        [5, 2] => Logon::password("socks"),
        [5, 0xFF] => Logon::other("socks"),
        _ => return None,
    };
    Some(Identified { logon, ..Identified::versioned("socks", "5") })
}
