//! The discovery of Dahua's cameras and recorders: JSON behind a header of 32 bytes.

use super::probe::{Probe, Told, shown};

pub(super) const PROBE: Probe = Probe { service: "dahua-discovery", ports: &[37810], send: || vec![search()], read };

const SEARCH: &[u8] = b"{\"method\":\"DHDiscover.search\",\"params\":{\"mac\":\"\",\"uni\":1}}";

fn search() -> Vec<u8> {
    let length = (SEARCH.len() as u32).to_le_bytes();
    [b"\x20\0\0\0DHIP\0\0\0\0\0\0\0\0", &length[..], &[0; 4], &length, &[0; 4], SEARCH].concat()
}

fn read(reply: &[u8]) -> Option<Told> {
    let text = String::from_utf8_lossy(reply.strip_prefix(b"\x20\0\0\0DHIP")?.get(24..)?).into_owned();
    text.contains("client.notify").then(|| {
        let kind = text.split_once("\"DeviceType\":\"").and_then(|(_, rest)| rest.split_once('"'));
        Told { version: kind.map(|(kind, _)| shown(kind)), ..Told::default() }
    })
}
