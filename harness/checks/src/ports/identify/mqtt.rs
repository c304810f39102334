//! MQTT 3.1.1: a CONNECT without credentials, answered by a CONNACK.

use super::probe::{Identified, Logon, Probe};

pub(super) const PROBE: Probe = Probe { ports: &[1883], everywhere: true, send: || CONNECT.to_vec(), read };

const CONNECT: &[u8] = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x0a\x00\x05assay";

fn read(bytes: &[u8]) -> Option<Identified> {
    let logon = match bytes {
        [0x20, 0x02, _, 0] => Logon::none("mqtt connect"),
        [0x20, 0x02, _, 4 | 5] => Logon::password("mqtt connect"),
        [0x20, 0x02, _, _] => None,
        _ => return None,
    };
    Some(Identified { logon, ..Identified::service("mqtt") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lets_in_is_told_from_who_asks() {
        assert!(read(b"\x20\x02\x00\x05").unwrap().logon.unwrap().asks);
        assert!(!read(b"\x20\x02\x00\x00").unwrap().logon.unwrap().asks);
        assert_eq!(read(b"HTTP/1.1 400\r\n"), None);
    }
}
