//! Flows: who talked to whom, over what, and how much.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};

use super::dns;
use super::file::Packet;
use super::stream::Stream;

/// Most flows that are kept apart.
const FLOWS: usize = 10_000;
/// Bytes of payload that are kept over all flows.
const KEPT: u64 = 256 << 20;

/// A flow's ends, the one who spoke first in front.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Ends {
    udp: bool,
    from: (IpAddr, u16),
    to: (IpAddr, u16),
}

/// One flow.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) udp: bool,
    pub(super) client: (IpAddr, u16),
    pub(super) server: (IpAddr, u16),
    pub(super) packets: u64,
    /// Bytes on the wire: from the client, from the server.
    pub(super) bytes: [u64; 2],
    /// Payload: of the client, of the server.
    pub(super) streams: [Stream; 2],
    pub(super) first_ns: u64,
    pub(super) last_ns: u64,
}

/// Everything of a capture.
#[derive(Debug, Default)]
pub(super) struct Flows {
    pub(super) flows: Vec<Flow>,
    index: HashMap<Ends, usize>,
    /// Names that addresses were looked up by.
    pub(super) names: BTreeMap<IpAddr, BTreeSet<String>>,
    /// Packets that are no IP, such as ARP.
    pub(super) other: u64,
    /// Packets that could not be read.
    pub(super) unread: u64,
    /// Packets beyond the flows, or bytes beyond the payload, that are kept.
    pub(super) beyond: u64,
    kept: u64,
}

impl Flows {
    pub(super) fn packet(&mut self, packet: &Packet<'_>) {
        let read = match packet.link {
            1 => LaxSlicedPacket::from_ethernet(packet.bytes).ok(),
            // Raw IP, by its several numbers.
            12 | 14 | 101 | 228 | 229 => LaxSlicedPacket::from_ip(packet.bytes).ok(),
            0 | 108 => packet.bytes.get(4..).and_then(|ip| LaxSlicedPacket::from_ip(ip).ok()),
            113 => packet.bytes.get(16..).and_then(|ip| LaxSlicedPacket::from_ip(ip).ok()),
            276 => packet.bytes.get(20..).and_then(|ip| LaxSlicedPacket::from_ip(ip).ok()),
            _ => None,
        };
        let Some(read) = read else {
            self.unread += 1;
            return;
        };
        let (from, to) = match &read.net {
            Some(LaxNetSlice::Ipv4(ip)) => {
                (IpAddr::V4(ip.header().source_addr()), IpAddr::V4(ip.header().destination_addr()))
            }
            Some(LaxNetSlice::Ipv6(ip)) => {
                (IpAddr::V6(ip.header().source_addr()), IpAddr::V6(ip.header().destination_addr()))
            }
            Some(LaxNetSlice::Arp(_)) | None => {
                self.other += 1;
                return;
            }
        };
        match &read.transport {
            Some(TransportSlice::Udp(udp)) => {
                let payload = udp.payload();
                let ports = (udp.source_port(), udp.destination_port());
                if matches!(ports.0, 53 | 5353) {
                    for (name, address) in dns::answers(payload) {
                        self.names.entry(address).or_default().insert(name);
                    }
                }
                let Some((flow, side)) = self.flow(true, (from, ports.0), (to, ports.1), false, packet) else { return };
                flow.streams[side].datagram(payload);
                self.kept += payload.len() as u64;
            }
            Some(TransportSlice::Tcp(tcp)) => {
                let payload = tcp.payload();
                let opens = tcp.syn() && !tcp.ack();
                let ends = ((from, tcp.source_port()), (to, tcp.destination_port()));
                let room = self.kept < KEPT;
                let Some((flow, side)) = self.flow(false, ends.0, ends.1, opens, packet) else { return };
                if room {
                    flow.streams[side].segment(tcp.sequence_number(), tcp.syn(), payload);
                    self.kept += payload.len() as u64;
                } else {
                    self.beyond += payload.len() as u64;
                }
            }
            _ => self.other += 1,
        }
    }

    /// The flow of a packet, and which of its sides sent it.
    fn flow(
        &mut self,
        udp: bool,
        from: (IpAddr, u16),
        to: (IpAddr, u16),
        opens: bool,
        packet: &Packet<'_>,
    ) -> Option<(&mut Flow, usize)> {
        let there = Ends { udp, from, to };
        let back = Ends { udp, from: to, to: from };
        let known = self.index.get(&there).map(|at| (*at, 0)).or_else(|| self.index.get(&back).map(|at| (*at, 1)));
        let (at, side) = match known {
            // The same ports again, for another connection: one flow, with the streams of the first.
            Some(known) => known,
            None if self.flows.len() >= FLOWS => {
                self.beyond += 1;
                return None;
            }
            None => {
                // Where a connection's beginning was missed, the lower port is the server's. Datagrams begin with whoever
                // sends the first, but for answers to what went to a group's address.
                let turned = if udp { answers_from(from.1) && !answers_from(to.1) } else { !opens && from.1 < to.1 };
                let (client, server) = if turned { (to, from) } else { (from, to) };
                let at = self.flows.len();
                self.index.insert(if turned { back } else { there }, at);
                self.flows.push(Flow {
                    udp,
                    client,
                    server,
                    packets: 0,
                    bytes: [0; 2],
                    streams: Default::default(),
                    first_ns: packet.at_ns,
                    last_ns: packet.at_ns,
                });
                (at, usize::from(turned))
            }
        };
        let flow = &mut self.flows[at];
        flow.packets += 1;
        flow.bytes[side] += packet.bytes.len() as u64;
        flow.first_ns = flow.first_ns.min(packet.at_ns);
        flow.last_ns = flow.last_ns.max(packet.at_ns);
        Some((flow, side))
    }
}

/// Ports of UDP that answers come from: those of the system, SSDP, WS-Discovery, mDNS and CoAP.
const fn answers_from(port: u16) -> bool {
    matches!(port, 0..=1023 | 1900 | 3702 | 5353 | 5683 | 5684)
}
