//! LPD (RFC 1179, 5.4): the state of a queue that nobody has.

use super::probe::{Identified, Logon, Probe};

pub(super) const PROBE: Probe = Probe {
    ports: &[515],
    everywhere: false,
    send: || b"\x03assay\n".to_vec(),
    read: |bytes| {
        let banner = crate::ports::udp::probe::shown(&String::from_utf8_lossy(bytes));
        let said = (!banner.is_empty() && !bytes.starts_with(b"\x03assay")).then_some(banner);
        said.map(|banner| Identified { logon: Logon::none("lpd"), banner: Some(banner), ..Identified::service("lpd") })
    },
};
