//! Modbus (application protocol 1.1b3, 6.21): reads the device identification, over datagrams and over TCP on 502.

use super::probe::{Probe, Told, shown};
use crate::tls::Cursor;

pub(super) const PROBE: Probe = Probe { service: "modbus", ports: &[502], send: || vec![IDENTIFY.to_vec()], read };

pub(in crate::ports) const IDENTIFY: &[u8] = b"\x0a\x55\0\0\0\x05\x01\x2b\x0e\x01\0";

pub(in crate::ports) fn read(reply: &[u8]) -> Option<Told> {
    if !reply.starts_with(b"\x0a\x55\0\0") || reply.len() < 9 {
        return None;
    }
    match reply.get(7..)? {
        // Refused: the function is unknown there, in Modbus.
        [0xAB, 1..=11, ..] => Told::only(),
        [0x2B, 0x0E, 1, _, _, _, count, objects @ ..] => {
            let mut at = Cursor(objects);
            let mut texts = Vec::new();
            for _ in 0..(*count).min(3) {
                let (Some(_), Some(length)) = (at.byte(), at.byte()) else { break };
                let Some(text) = at.take(length.into()) else { break };
                texts.push(String::from_utf8_lossy(text).into_owned());
            }
            Some(Told { version: Some(shown(&texts.join(" "))).filter(|t| !t.is_empty()), ..Told::default() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendor_product_and_revision_are_read() {
        let reply = b"\x0a\x55\0\0\0\x1a\x01\x2b\x0e\x01\x01\0\0\x03\0\x04Acme\x01\x04PLC1\x02\x031.0";
        assert_eq!(read(reply).unwrap().version.as_deref(), Some("Acme PLC1 1.0"));
        assert_eq!(read(b"\x0a\x55\0\0\0\x03\x01\xab\x01"), Some(Told::default()));
        assert_eq!(read(IDENTIFY), None, "an echo is no answer");
    }
}
