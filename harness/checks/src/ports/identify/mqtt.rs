//! MQTT 3.1.1: a CONNECT without credentials, answered by a CONNACK.

use super::{Identified, Logon};

pub(super) const CONNECT: &[u8] = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x0a\x00\x05assay";

pub(super) fn read(bytes: &[u8]) -> Option<Identified> {
    let logon = match bytes {
        [0x20, 0x02, _, 0] => Logon::none("mqtt connect"),
        [0x20, 0x02, _, 4 | 5] => Logon::password("mqtt connect"),
        [0x20, 0x02, _, _] => None,
        _ => return None,
    };
    Some(Identified { logon, ..Identified::service("mqtt") })
}
