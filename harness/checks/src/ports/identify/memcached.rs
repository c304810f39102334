//! Memcached: its version. Its text protocol knows no logon.

use super::probe::{Identified, Logon, Probe};

pub(super) const PROBE: Probe = Probe {
    ports: &[11211],
    everywhere: true,
    send: || b"version\r\n".to_vec(),
    read: |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let version = text.strip_prefix("VERSION ")?;
        Some(Identified { logon: Logon::none("memcached"), ..Identified::versioned("memcached", version) })
    },
};
