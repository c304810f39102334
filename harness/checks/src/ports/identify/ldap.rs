//! LDAP (RFC 4511, 4.2): an anonymous bind.

use super::probe::{Identified, Logon, Probe};
use crate::ports::udp::ber::expect;
use crate::tls::Cursor;

pub(super) const PROBE: Probe = Probe {
    ports: &[389],
    everywhere: true,
    send: || b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0".to_vec(),
    read,
};

fn read(bytes: &[u8]) -> Option<Identified> {
    let mut message = Cursor(expect(&mut Cursor(bytes), 0x30)?);
    expect(&mut message, 2)?;
    let mut answer = Cursor(expect(&mut message, 0x61)?);
    let logon = match expect(&mut answer, 0x0A)? {
        [0] => Logon::none("ldap anonymous bind"),
        _ => Logon::password("ldap bind"),
    };
    Some(Identified { logon, ..Identified::service("ldap") })
}
