//! TCP segments (RFC 9293, 3.1) as a SYN scan writes and reads them.

use std::net::{IpAddr, SocketAddr};

const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

/// A SYN with the one option that every stack sends: the largest segment, 1,460 bytes.
pub(super) fn syn(from: SocketAddr, to: SocketAddr, sequence: u32) -> [u8; 24] {
    let mut segment = [0; 24];
    segment[0..2].copy_from_slice(&from.port().to_be_bytes());
    segment[2..4].copy_from_slice(&to.port().to_be_bytes());
    segment[4..8].copy_from_slice(&sequence.to_be_bytes());
    segment[12] = 6 << 4; // words of header
    segment[13] = SYN;
    segment[14..16].copy_from_slice(&1_024_u16.to_be_bytes());
    segment[20..24].copy_from_slice(&[2, 4, 0x05, 0xB4]);
    let sum = checksum(from.ip(), to.ip(), &segment);
    segment[16..18].copy_from_slice(&sum.to_be_bytes());
    segment
}

/// The one's complement over pseudo-header and segment.
fn checksum(from: IpAddr, to: IpAddr, segment: &[u8]) -> u16 {
    let octets = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let words = [octets(from), octets(to), segment.to_vec()].concat();
    let length = u32::try_from(segment.len()).unwrap_or(u32::MAX);
    let mut sum = length + 6; // TCP
    for pair in words.chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    }
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

/// What came of a SYN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reply {
    /// The port that answers.
    pub(super) port: u16,
    /// The port of ours.
    pub(super) to: u16,
    /// One more than the number that was sent.
    pub(super) acknowledges: u32,
    /// SYN and ACK, or else a reset.
    pub(super) open: bool,
}

/// Reads what a raw socket gives: of IPv4 the whole packet, of IPv6 the segment. `None`: no answer to a SYN.
pub(super) fn answer(host: IpAddr, packet: &[u8]) -> Option<Reply> {
    let segment = match host {
        IpAddr::V4(host) => {
            let words = usize::from(packet.first()? & 0x0F);
            if packet.get(12..16)? != host.octets() {
                return None;
            }
            packet.get(words * 4..)?
        }
        IpAddr::V6(_) => packet,
    };
    let number = |at: usize| Some(u16::from_be_bytes(*segment.get(at..)?.first_chunk()?));
    let flags = *segment.get(13)?;
    let open = match flags & (SYN | RST | ACK) {
        both if both == SYN | ACK => true,
        both if both == RST | ACK => false,
        _ => return None,
    };
    let acknowledges = u32::from_be_bytes(*segment.get(8..)?.first_chunk()?);
    Some(Reply { port: number(0)?, to: number(2)?, acknowledges, open })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(segment: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; 24];
        packet[0] = 0x46; // a header with an option
        packet[12..16].copy_from_slice(&[192, 0, 2, 1]);
        packet.extend_from_slice(segment);
        packet
    }

    /// A segment that adds up with its checksum adds up to nothing.
    #[test]
    fn a_syn_adds_up_for_both_kinds_of_address() {
        for (from, to) in [("192.0.2.7:40000", "192.0.2.1:443"), ("[2001:db8::7]:40000", "[2001:db8::1]:443")] {
            let (from, to): (SocketAddr, SocketAddr) = (from.parse().expect("one"), to.parse().expect("one"));
            let segment = syn(from, to, 0xFFFF_FFFF);
            assert_eq!(checksum(from.ip(), to.ip(), &segment), 0);
            assert_eq!((&segment[..4], segment[13]), (&[0x9C, 0x40, 0x01, 0xBB][..], SYN));
        }
    }

    #[test]
    fn answers_are_told_from_what_is_none_and_every_cut_is_nothing() {
        let host = "192.0.2.1".parse().expect("one");
        let mut segment = syn("192.0.2.1:443".parse().expect("one"), "192.0.2.7:40000".parse().expect("one"), 5);
        assert_eq!(answer(host, &packet(&segment)), None, "a SYN is no answer");
        segment[8..12].copy_from_slice(&77_u32.to_be_bytes());
        for (flags, open) in [(SYN | ACK, true), (RST | ACK, false)] {
            segment[13] = flags;
            let reply = Reply { port: 443, to: 40_000, acknowledges: 77, open };
            assert_eq!(answer(host, &packet(&segment)), Some(reply));
            assert_eq!(answer("192.0.2.2".parse().expect("one"), &packet(&segment)), None, "another host's");
        }
        let whole = packet(&segment);
        for cut in 0..24 + 14 {
            assert_eq!(answer(host, &whole[..cut]), None);
        }
    }
}
