//! Which frames of a link are the DUT's: those with its address, and once its network card is known, all of that card. A DUT
//! that is known by IPv4 sends over IPv6 too.

use std::collections::BTreeSet;
use std::net::IpAddr;

use etherparse::{LaxNetSlice, LaxSlicedPacket};

/// Addresses of one card that are told, at most: what pretends to have more is a router, or hostile.
const ADDRESSES: usize = 64;

/// Card addresses: Ethernet's six bytes.
type Card = [u8; 6];

/// A host on a link.
pub(super) struct Sender {
    host: IpAddr,
    card: Option<Card>,
    /// What the card sends from.
    sources: BTreeSet<IpAddr>,
}

impl Sender {
    pub(super) fn new(host: IpAddr) -> Self {
        Self { host, card: None, sources: BTreeSet::new() }
    }

    /// Whether a frame may be its: as long as its card is unknown, any may.
    pub(super) fn may_be(&mut self, frame: &[u8]) -> bool {
        self.learn(frame);
        self.card.is_none() || self.is(frame)
    }

    /// Whether a frame is from it or to it, by what is known now.
    pub(super) fn is(&self, frame: &[u8]) -> bool {
        let Some((to, from)) = cards(frame) else { return false };
        let own = |card: Card| self.card == Some(card);
        own(to) || own(from) || addresses(frame).is_some_and(|ends| ends.contains(&self.host))
    }

    /// Addresses that it sends from. A card that sends from foreign ones is a router's, and then only its own is certain.
    pub(super) fn addresses(&self) -> Vec<IpAddr> {
        let foreign = |a: &IpAddr| match a {
            IpAddr::V4(v4) => *a != self.host && !v4.is_link_local(),
            IpAddr::V6(_) => *a != self.host && self.host.is_ipv6() && !is_own_v6(a, self.card),
        };
        let mut all = vec![self.host];
        if !self.sources.iter().any(foreign) {
            all.extend(self.sources.iter().filter(|a| **a != self.host));
        }
        all
    }

    fn learn(&mut self, frame: &[u8]) {
        let (Some((_, from)), Some([source, _])) = (cards(frame), addresses(frame)) else { return };
        if source == self.host && self.card.is_none() && from != [0; 6] {
            self.card = Some(from);
        }
        if self.card == Some(from) && !source.is_unspecified() && self.sources.len() < ADDRESSES {
            self.sources.insert(source);
        }
    }
}

/// Link-local, or with the card's own number in it: addresses that no router forwards.
fn is_own_v6(address: &IpAddr, card: Option<Card>) -> bool {
    let IpAddr::V6(v6) = address else { return false };
    let [.., a, 0xff, 0xfe, b, c, d] = v6.octets() else { return v6.is_unicast_link_local() };
    v6.is_unicast_link_local() || card.is_some_and(|card| card[2..] == [a, b, c, d])
}

/// Destination and source.
fn cards(frame: &[u8]) -> Option<(Card, Card)> {
    Some((frame.get(..6)?.try_into().ok()?, frame.get(6..12)?.try_into().ok()?))
}

/// Source and destination.
fn addresses(frame: &[u8]) -> Option<[IpAddr; 2]> {
    match LaxSlicedPacket::from_ethernet(frame).ok()?.net? {
        LaxNetSlice::Ipv4(ip) => Some([ip.header().source_addr().into(), ip.header().destination_addr().into()]),
        LaxNetSlice::Ipv6(ip) => Some([ip.header().source_addr().into(), ip.header().destination_addr().into()]),
        LaxNetSlice::Arp(arp) => {
            let v4 = |bytes: &[u8]| <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
            Some([v4(arp.sender_protocol_addr())?, v4(arp.target_protocol_addr())?])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;

    const DUT: Card = [2, 0, 0, 0, 0, 10];
    const LAB: Card = [2, 0, 0, 0, 0, 1];

    fn v4(from: Card, source: [u8; 4], to: [u8; 4]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ethernet2(from, LAB).ipv4(source, to, 64).udp(5000, 53).write(&mut out, b"x").expect("written");
        out
    }

    fn v6(from: Card, source: &str) -> Vec<u8> {
        let source: std::net::Ipv6Addr = source.parse().expect("an address");
        let mut out = Vec::new();
        let builder = PacketBuilder::ethernet2(from, LAB).ipv6(source.octets(), [0x20; 16], 64);
        builder.udp(5000, 53).write(&mut out, b"x").expect("written");
        out
    }

    #[test]
    fn once_its_card_is_known_what_it_sends_over_ipv6_is_its_too() {
        let mut sender = Sender::new([192, 0, 2, 10].into());
        let early = v6(DUT, "2001:db8::10");
        assert!(sender.may_be(&early) && !sender.is(&early), "nobody knows yet whose it is");
        assert!(sender.may_be(&v4(DUT, [192, 0, 2, 10], [192, 0, 2, 1])));
        assert!(sender.is(&early) && sender.may_be(&early));
        let other = v4(LAB, [192, 0, 2, 1], [192, 0, 2, 20]);
        assert!(!sender.may_be(&other));
        assert_eq!(sender.addresses(), [IpAddr::from([192, 0, 2, 10]), "2001:db8::10".parse().expect("an address")]);
    }

    #[test]
    fn behind_a_router_only_its_address_tells() {
        let mut sender = Sender::new([192, 0, 2, 10].into());
        sender.may_be(&v4(DUT, [192, 0, 2, 10], [198, 51, 100, 7]));
        sender.may_be(&v4(DUT, [192, 0, 2, 11], [198, 51, 100, 7]));
        sender.may_be(&v6(DUT, "2001:db8::11"));
        assert_eq!(sender.addresses(), [IpAddr::from([192, 0, 2, 10])]);
    }

    #[test]
    fn whatever_comes_is_looked_at() {
        let mut sender = Sender::new([192, 0, 2, 10].into());
        let whole = v4(DUT, [192, 0, 2, 10], [192, 0, 2, 1]);
        for n in 0..34 {
            assert!(sender.may_be(&whole[..n]) && !sender.is(&whole[..n]), "{n}: its address is not whole yet");
        }
        assert!(sender.may_be(&whole[..34]) && sender.is(&whole[..34]));
    }
}
