//! Which name an address was looked up by.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Jumps inside one name, at most: pointers can go round in a circle.
const JUMPS: usize = 16;
/// Records of one message that are looked at.
const RECORDS: u16 = 64;

/// Names and addresses of an answer; a name that stands for another gives its own for the other's addresses.
pub(super) fn answers(message: &[u8]) -> Vec<(String, IpAddr)> {
    read(message).unwrap_or_default()
}

fn read(message: &[u8]) -> Option<Vec<(String, IpAddr)>> {
    let number = |at: usize| Some(u16::from_be_bytes(message.get(at..at + 2)?.try_into().ok()?));
    let (flags, questions, records) = (number(2)?, number(4)?, number(6)?);
    if flags & 0x8000 == 0 {
        return None;
    }
    let mut at = 12;
    let mut asked = String::new();
    for n in 0..questions.min(RECORDS) {
        let (name, next) = name(message, at)?;
        if n == 0 {
            asked = name;
        }
        at = next + 4;
    }
    let mut found = Vec::new();
    for _ in 0..records.min(RECORDS) {
        let (owner, next) = name(message, at)?;
        let (kind, length) = (number(next)?, usize::from(number(next + 8)?));
        let data = message.get(next + 10..next + 10 + length)?;
        let address = match kind {
            1 => <[u8; 4]>::try_from(data).ok().map(|a| IpAddr::from(Ipv4Addr::from(a))),
            28 => <[u8; 16]>::try_from(data).ok().map(|a| IpAddr::from(Ipv6Addr::from(a))),
            _ => None,
        };
        found.extend(address.map(|a| (if asked.is_empty() { owner } else { asked.clone() }, a)));
        at = next + 10 + length;
    }
    Some(found)
}

/// A name, and where what follows it begins.
fn name(message: &[u8], mut at: usize) -> Option<(String, usize)> {
    let (mut text, mut after) = (String::new(), None);
    for _ in 0..JUMPS * 8 {
        let length = usize::from(*message.get(at)?);
        match length {
            0 => return Some((text, after.unwrap_or(at + 1))),
            0xc0.. => {
                after.get_or_insert(at + 2);
                at = (length & 0x3f) << 8 | usize::from(*message.get(at + 1)?);
            }
            1..=63 => {
                if !text.is_empty() {
                    text.push('.');
                }
                let label = message.get(at + 1..=at + length)?;
                text.extend(
                    label.iter().map(|b| if b.is_ascii_graphic() { char::from(b.to_ascii_lowercase()) } else { '?' }),
                );
                if text.len() > 255 {
                    return None;
                }
                at += 1 + length;
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_by_the_name_that_was_asked_for() {
        let mut message = b"\x12\x34\x81\x80\0\x01\0\x02\0\0\0\0\x06Report\x05maker\x04test\0\0\x01\0\x01".to_vec();
        message.extend(b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x04\x01x\xc0\x13"); // report is another name of x.maker.test
        message.extend(b"\xc0\x2f\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07");
        assert_eq!(answers(&message), [("report.maker.test".to_owned(), "192.0.2.7".parse().unwrap())]);
        let circle = b"\x12\x34\x81\x80\0\0\0\x01\0\0\0\0\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x04\x01\x02\x03\x04";
        assert_eq!(answers(circle), []);
        (0..message.len()).for_each(|n| drop(answers(&message[..n])));
    }
}
