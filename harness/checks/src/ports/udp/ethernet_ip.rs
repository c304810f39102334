//! EtherNet/IP (CIP volume 2, 2-4.2): lists the identity, over datagrams and over TCP on 44818.

use super::probe::{Probe, Told, shown};

pub(super) const PROBE: Probe = Probe { service: "ethernet-ip", ports: &[44818], send: || vec![list_identity()], read };

pub(in crate::ports) fn list_identity() -> Vec<u8> {
    let mut command = vec![0x63, 0];
    command.resize(24, 0);
    command
}

pub(in crate::ports) fn read(reply: &[u8]) -> Option<Told> {
    if !matches!(reply, [0x63, 0, _, _, ..]) || reply.len() < 63 {
        return None;
    }
    let name = reply.get(63..63 + usize::from(reply[62])).map(|n| shown(&String::from_utf8_lossy(n)));
    Some(Told { version: name.map(|n| format!("{n} {}.{}", reply[54], reply[55])), ..Told::default() })
}
