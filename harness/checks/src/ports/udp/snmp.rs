//! SNMP: sysDescr in versions 1 and 2c with the community `public`, and the discovery of version 3 (RFC 3414), which every
//! engine answers.

use super::ber::{element, expect};
use super::probe::{Probe, Told, shown};
use crate::tls::Cursor;

pub(super) const PROBE: Probe =
    Probe { service: "snmp", ports: &[161], send: || vec![get(1), get(0), DISCOVERY.to_vec()], read };

const DISCOVERY: &[u8] = b"\x30\x3a\x02\x01\x03\x30\x0f\x02\x02Ji\x02\x03\0\xff\xe3\x04\x01\x04\x02\x01\x03\x04\x10\x30\x0e\x04\0\x02\x01\0\x02\x01\0\x04\0\x04\0\x04\0\x30\x12\x04\0\x04\0\xa0\x0c\x02\x02\x37\xf0\x02\x01\0\x02\x01\0\x30\0";

fn get(version: u8) -> Vec<u8> {
    const AFTER: &[u8] =
        b"\x04\x06public\xa0\x19\x02\x01\x01\x02\x01\0\x02\x01\0\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x01\0\x05\0";
    [&b"\x30\x26\x02\x01"[..], &[version], AFTER].concat()
}

fn read(reply: &[u8]) -> Option<Told> {
    let mut message = Cursor(expect(&mut Cursor(reply), 0x30)?);
    let version = match expect(&mut message, 2)? {
        [0] => "v1",
        [1] => "v2c",
        [3] => "v3",
        _ => return None,
    };
    if version == "v3" {
        return if reply == DISCOVERY { None } else { Told::version(version) };
    }
    expect(&mut message, 4)?;
    let pdu = expect(&mut message, 0xA2)?;
    let banner = description(Cursor(pdu)).map(|d| shown(&d)).filter(|d| !d.is_empty());
    Some(Told { version: Some(version.to_owned()), banner })
}

/// The text of the first variable.
fn description(mut pdu: Cursor<'_>) -> Option<String> {
    for _ in 0..3 {
        expect(&mut pdu, 2)?;
    }
    let mut list = Cursor(expect(&mut pdu, 0x30)?);
    let mut variable = Cursor(expect(&mut list, 0x30)?);
    element(&mut variable)?;
    expect(&mut variable, 4).map(|text| String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_whole_and_answers_are_read() {
        for request in (PROBE.send)() {
            let mut at = Cursor(&request);
            assert!(expect(&mut at, 0x30).is_some() && at.0.is_empty(), "{request:02x?}");
        }
        let reply = b"\x30\x2b\x02\x01\x01\x04\x06public\xa2\x1e\x02\x01\x01\x02\x01\0\x02\x01\0\x30\x13\x30\x11\x06\x08\x2b\x06\x01\x02\x01\x01\x01\0\x04\x05Linux";
        let told = read(reply).unwrap();
        assert_eq!((told.version.as_deref(), told.banner.as_deref()), (Some("v2c"), Some("Linux")));
        assert_eq!(read(b"\x30\x82\xff"), None);
    }
}
