//! The `snmp-public` defect: an agent of SNMP 1 and 2c that tells the system group to whoever says `public`. It takes no
//! values.

use super::body::{Camera, FIRMWARE};

const COMMUNITY: &[u8] = b"public";
const GET: u8 = 0xA0;
const GET_NEXT: u8 = 0xA1;
const RESPONSE: u8 = 0xA2;
/// notWritable.
const REFUSED: u8 = 17;
/// 1.3.6.1.2.1.1, the system group.
const SYSTEM: &[u8] = b"\x2b\x06\x01\x02\x01\x01";

/// The answer to one datagram; `None`: a real agent stays silent too.
pub(super) fn answer(asked: &[u8], camera: &Camera) -> Option<Vec<u8>> {
    let mut message = inside(asked, 0x30)?;
    let (_, version) = next(&mut message)?;
    let (_, community) = next(&mut message)?;
    if !matches!(version, [0 | 1]) || community != COMMUNITY {
        return None;
    }
    let (kind, mut pdu) = next(&mut message)?;
    let (_, number) = next(&mut pdu)?;
    next(&mut pdu)?;
    next(&mut pdu)?;
    let mut list = inside(pdu, 0x30)?;
    let mut values = Vec::new();
    while let (Some((_, mut pair)), true) = (next(&mut list), values.len() < 2_048) {
        let (_, name) = next(&mut pair)?;
        values.extend(wrap(0x30, &[wrap(6, name), wrap(4, value(name, camera).as_bytes())].concat()));
    }
    let error = if matches!(kind, GET | GET_NEXT) { 0 } else { REFUSED };
    let body = [wrap(2, number), wrap(2, &[error]), wrap(2, &[0]), wrap(0x30, &values)].concat();
    Some(wrap(0x30, &[wrap(2, version), wrap(4, community), wrap(RESPONSE, &body)].concat()))
}

fn value(name: &[u8], camera: &Camera) -> String {
    match name.strip_prefix(SYSTEM) {
        Some([1, 0]) => format!("Smart camera C1, firmware {FIRMWARE}"),
        Some([5, 0]) => camera.label.serial.clone(),
        _ => String::new(),
    }
}

fn wrap(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let length = match u8::try_from(length) {
        Ok(short @ 0..=127) => vec![short],
        _ => [&[0x82], &u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()[..]].concat(),
    };
    [&[tag], &length[..], contents].concat()
}

fn next<'a>(bytes: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=127 => (usize::from(first), rest),
        0x81 | 0x82 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 3))?;
            (length.iter().fold(0, |l, b| (l << 8) | usize::from(*b)), rest)
        }
        _ => return None,
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some((tag, contents))
}

fn inside(mut bytes: &[u8], tag: u8) -> Option<&[u8]> {
    next(&mut bytes).filter(|(found, _)| *found == tag).map(|(_, contents)| contents)
}
