//! A capture of a virtual device's link: the tap knows who said what and when; headers are put around it as a network would.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use assay_model::Payload;
use assay_model::touch::capture::Captured;
use assay_virtual::tap::{Said, Segment};
use etherparse::PacketBuilder;

use super::pcapng::{ETHERNET, Writer};

/// Payload of one packet.
const MTU: usize = 1400;
const OURS: [u8; 6] = [0x02, 0, 0, 0, 0, 1];
const THEIRS: [u8; 6] = [0x02, 0, 0, 0, 0, 2];

/// One connection: sequence numbers of the device and of its peer.
struct Connection {
    next: [u32; 2],
    opened_by_device: bool,
}

/// The file of what a tap on the link of `host` heard.
pub(crate) fn file_of(source: &str, host: IpAddr, segments: &[Segment], dropped: u64) -> Captured {
    let mut writer = Writer::new(source, ETHERNET, 0x4_0000);
    let mut connections: HashMap<(SocketAddr, SocketAddr), Connection> = HashMap::new();
    for segment in segments {
        let ends = (segment.device, segment.peer);
        if let Said::Open { by_device } = segment.said {
            connections.insert(ends, Connection { next: [1, 1], opened_by_device: by_device });
        }
        // One that was open before anybody listened goes on from anywhere.
        let on = connections.entry(ends).or_insert(Connection { next: [1, 1], opened_by_device: false });
        let mut add = |by_device: bool, flags: [bool; 2], payload: &[u8]| {
            let side = usize::from(!by_device);
            let numbers = [on.next[side], on.next[1 - side]];
            let first = flags[0] && by_device == on.opened_by_device;
            let packet = packet(segment, by_device, flags, first, numbers, payload);
            let counted = payload.len() as u32 + u32::from(flags != [false; 2]);
            on.next[side] = on.next[side].wrapping_add(counted);
            writer.packet(segment.at_ns, &packet, packet.len() as u32);
        };
        match &segment.said {
            Said::Open { by_device } => {
                add(*by_device, [true, false], b"");
                add(!by_device, [true, false], b"");
            }
            Said::ByDevice(bytes) => bytes.chunks(MTU).for_each(|piece| add(true, [false; 2], piece)),
            Said::ByPeer(bytes) => bytes.chunks(MTU).for_each(|piece| add(false, [false; 2], piece)),
            Said::Closed => add(true, [false, true], b""),
        }
    }
    let packets = writer.packets();
    let file = Payload(writer.finish(dropped));
    Captured { source: source.to_owned(), packets, dropped, addresses: vec![host], file }
}

/// One packet, with SYN and FIN as `flags` says. The `first` of a connection acknowledges nothing.
fn packet(
    segment: &Segment,
    by_device: bool,
    flags: [bool; 2],
    first: bool,
    numbers: [u32; 2],
    payload: &[u8],
) -> Vec<u8> {
    let (from, to) = if by_device { (segment.device, segment.peer) } else { (segment.peer, segment.device) };
    let (source, target) = if by_device { (OURS, THEIRS) } else { (THEIRS, OURS) };
    let ethernet = PacketBuilder::ethernet2(source, target);
    let ip = match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => ethernet.ipv4(from.octets(), to.octets(), 64),
        (from, to) => ethernet.ipv6(v6(from), v6(to), 64),
    };
    let mut tcp = ip.tcp(from.port(), to.port(), numbers[0], 65_535);
    if flags[0] {
        tcp = tcp.syn();
    }
    if flags[1] {
        tcp = tcp.fin();
    }
    if !first {
        tcp = tcp.ack(numbers[1]);
    }
    let mut out = Vec::with_capacity(tcp.size(payload.len()));
    // Into memory, and shorter than any limit of the headers.
    let _cannot_fail = tcp.write(&mut out, payload);
    out
}

fn v6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::{SlicedPacket, TransportSlice};

    #[test]
    fn who_opened_a_connection_sends_the_first_packet_and_bytes_are_numbered() {
        let device: SocketAddr = "127.22.120.1:40000".parse().expect("an address");
        let peer: SocketAddr = "127.22.120.253:8443".parse().expect("an address");
        let said = [Said::Open { by_device: true }, Said::ByDevice(vec![7; 1500]), Said::ByPeer(vec![8]), Said::Closed];
        let segments: Vec<Segment> =
            said.into_iter().enumerate().map(|(n, said)| Segment { at_ns: n as u64, device, peer, said }).collect();
        let captured = file_of("link of s1", device.ip(), &segments, 2);
        assert_eq!((captured.packets, captured.dropped, captured.addresses), (6, 2, vec![device.ip()]));
        // Between the packets stand the headers of the file's blocks: each packet begins with the cards' addresses.
        let (ours, theirs) = ([THEIRS, OURS].concat(), [OURS, THEIRS].concat());
        let file = captured.file.as_slice();
        let starts: Vec<usize> =
            (0..file.len()).filter(|n| file[*n..].starts_with(&ours) || file[*n..].starts_with(&theirs)).collect();
        let told: Vec<(u16, bool, bool, u32)> = starts
            .iter()
            .map(|at| {
                let Some(TransportSlice::Tcp(tcp)) =
                    SlicedPacket::from_ethernet(&file[*at..]).expect("a packet").transport
                else {
                    panic!("no TCP")
                };
                (tcp.source_port(), tcp.syn(), tcp.ack(), tcp.sequence_number())
            })
            .collect();
        assert_eq!(
            told,
            [
                (40000, true, false, 1),
                (8443, true, true, 1),
                (40000, false, true, 2),
                (40000, false, true, 1402),
                (8443, false, true, 2),
                (40000, false, true, 1502),
            ]
        );
    }
}
