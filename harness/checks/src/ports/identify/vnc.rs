//! VNC (RFC 6143, 7.1.1): a protocol version. Whether it asks for a password comes later in the handshake.

use super::probe::Identified;

pub(super) fn read(text: &str) -> Option<Identified> {
    let version = text.strip_prefix("RFB ")?.get(..7)?.to_owned();
    Some(Identified { version: Some(version), ..Identified::service("vnc") })
}
