//! Redis: PING, answered by PONG or by a demand for a password.

use super::{Identified, Logon};

pub(super) const PING: &[u8] = b"PING\r\n";

pub(super) fn read(bytes: &[u8]) -> Option<Identified> {
    let logon = if bytes.starts_with(b"+PONG") {
        Logon::none("redis")
    } else if bytes.starts_with(b"-NOAUTH") {
        Logon::password("redis auth")
    } else {
        return None;
    };
    Some(Identified { logon, ..Identified::service("redis") })
}
