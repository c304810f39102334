//! The remote protocol of GDB: what the stub supports. Who may debug may do anything, so there is no logon.

use super::probe::{Identified, Logon, Probe};

pub(super) const PROBE: Probe =
    Probe { ports: &[1234, 2345, 3333], everywhere: true, send: || b"+$qSupported#37".to_vec(), read };

fn read(bytes: &[u8]) -> Option<Identified> {
    let rest = bytes.strip_prefix(b"+").unwrap_or(bytes);
    let supports = rest.first() == Some(&b'$') && rest.windows(11).any(|w| w == b"PacketSize=");
    supports.then(|| Identified { logon: Logon::none("gdb"), ..Identified::service("gdbserver") })
}
