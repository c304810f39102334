//! The debug bridge of Android: a CNXN; who wants a key answers AUTH, who lets in answers with what it is.

use super::probe::{Identified, Logon, Probe};
use crate::ports::udp::probe::shown;

pub(super) const PROBE: Probe = Probe { ports: &[5555], everywhere: true, send: connect, read };

/// `CNXN`, version 1.0, buffers of 4096 bytes, `host::`.
fn connect() -> Vec<u8> {
    const PAYLOAD: &[u8] = b"host::\0";
    let command = u32::from_le_bytes(*b"CNXN");
    let sum: u32 = PAYLOAD.iter().map(|b| u32::from(*b)).sum();
    let words = [command, 0x0100_0000, 4_096, PAYLOAD.len() as u32, sum, !command];
    words.iter().flat_map(|w| w.to_le_bytes()).chain(PAYLOAD.iter().copied()).collect()
}

fn read(bytes: &[u8]) -> Option<Identified> {
    // The last word of a header is the first one inverted.
    let inverted: Vec<u8> = bytes.get(..4)?.iter().map(|b| !b).collect();
    if bytes.get(20..24) != Some(inverted.as_slice()) || bytes.get(24..31) == Some(b"host::\0") {
        return None;
    }
    let logon = match &bytes[..4] {
        b"CNXN" => Logon::none("adb"),
        b"AUTH" => Logon::other("adb key"),
        b"STLS" => Logon::other("adb over TLS"),
        _ => return None,
    };
    let banner =
        bytes.get(24..).map(|b| shown(&String::from_utf8_lossy(b).replace('\0', " "))).filter(|b| !b.is_empty());
    Some(Identified { logon, banner, ..Identified::service("adb") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lets_in_is_told_from_who_wants_a_key() {
        let reply = |command: &[u8; 4]| {
            let word = u32::from_le_bytes(*command);
            [word, 1, 0, 0, 0, !word].iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>()
        };
        assert!(!read(&reply(b"CNXN")).unwrap().logon.unwrap().asks);
        assert!(read(&reply(b"AUTH")).unwrap().logon.unwrap().asks);
        assert_eq!(read(b"CNXN but no header"), None);
    }
}
