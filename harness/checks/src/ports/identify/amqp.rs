//! AMQP 0-9-1: the protocol header; a broker starts, or says which version it wants.

use super::probe::{Identified, Logon, Probe};
use crate::ports::udp::probe::shown;

pub(super) const PROBE: Probe = Probe { ports: &[5672], everywhere: true, send: || b"AMQP\0\0\x09\x01".to_vec(), read };

fn read(bytes: &[u8]) -> Option<Identified> {
    match bytes {
        [b'A', b'M', b'Q', b'P', kind, major, minor, revision] if bytes != b"AMQP\0\0\x09\x01" => {
            Some(Identified::versioned("amqp", &format!("{kind}-{major}-{minor}-{revision}")))
        }
        // A method frame on channel 0: connection, start.
        [1, 0, 0, _, _, _, _, 0, 10, 0, 10, ..] => {
            let text = String::from_utf8_lossy(bytes);
            let after = |key: &str| {
                text.split_once(key).map(|(_, rest)| {
                    rest.chars().skip(5).take_while(|c| c.is_ascii_graphic() || *c == ' ').collect::<String>()
                })
            };
            let product = [after("product"), after("version")].into_iter().flatten().collect::<Vec<_>>().join(" ");
            Some(Identified { logon: Logon::password("amqp sasl"), ..Identified::versioned("amqp", &shown(&product)) })
        }
        _ => None,
    }
}
