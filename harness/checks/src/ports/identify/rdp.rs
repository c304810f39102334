//! RDP (MS-RDPBCGR 2.2.1.1): a connection request that offers TLS and network-level authentication.

use super::probe::{Identified, Logon, Probe};

pub(super) const PROBE: Probe = Probe {
    ports: &[3389],
    everywhere: true,
    send: || b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0".to_vec(),
    read: |bytes| {
        let confirmed = bytes.starts_with(&[3, 0, 0]) && bytes.get(5) == Some(&0xD0);
        confirmed.then(|| Identified { logon: Logon::password("rdp"), ..Identified::service("rdp") })
    },
};
