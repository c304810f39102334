//! The visible list of protocols over datagrams.

use super::probe::Probe;
use super::{
    bacnet, coap, dahua, dhcp, dns, dtls, ethernet_ip, hikvision, ike, ipmi, kasa, knx, lifx, mdns, memcached, miio,
    modbus, netbios, ntp, openvpn, quic, rpcbind, rtsp, sip, snmp, ssdp, stun, syslog, tftp, ubiquiti, ws_discovery,
};

/// Every protocol. A new one is a file and a line here.
pub(super) const PROBES: [Probe; 31] = [
    bacnet::PROBE,
    coap::PROBE,
    dahua::PROBE,
    dhcp::PROBE,
    dns::PROBE,
    dtls::PROBE,
    ethernet_ip::PROBE,
    hikvision::PROBE,
    ike::PROBE,
    ipmi::PROBE,
    kasa::PROBE,
    knx::PROBE,
    lifx::PROBE,
    mdns::PROBE,
    memcached::PROBE,
    miio::PROBE,
    modbus::PROBE,
    netbios::PROBE,
    ntp::PROBE,
    openvpn::PROBE,
    quic::PROBE,
    rpcbind::PROBE,
    rtsp::PROBE,
    sip::PROBE,
    snmp::PROBE,
    ssdp::PROBE,
    stun::PROBE,
    syslog::PROBE,
    tftp::PROBE,
    ubiquiti::PROBE,
    ws_discovery::PROBE,
];

/// The twenty ports that connected products answer on most.
pub(super) const TOP: [u16; 20] =
    [53, 67, 69, 123, 137, 161, 500, 514, 554, 1194, 1900, 3478, 3702, 5060, 5353, 5683, 5684, 9999, 37810, 49152];

/// What usually listens on a port.
pub(super) fn usual(port: u16) -> Option<&'static Probe> {
    static ALL: [Probe; 31] = PROBES;
    ALL.iter().find(|probe| probe.ports.contains(&port))
}

/// Every port that something usually listens on, ascending.
pub(super) fn usual_ports() -> Vec<u16> {
    let mut ports: Vec<u16> = PROBES.iter().flat_map(|probe| probe.ports.iter().copied()).collect();
    ports.sort_unstable();
    ports
}

/// Gives bytes to every reader, for the fuzz target.
#[cfg(feature = "fuzzing")]
pub(in crate::ports) fn read_all(bytes: &[u8]) {
    PROBES.iter().for_each(|probe| drop((probe.read)(bytes)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_protocol_asks_something_and_takes_no_echo_for_an_answer() {
        let ports = usual_ports();
        assert!(ports.windows(2).all(|w| w[0] < w[1]), "one protocol a port");
        assert!(TOP.iter().all(|port| ports.contains(port)));
        for probe in &PROBES {
            let asks = (probe.send)();
            assert!(!asks.is_empty() && asks.iter().all(|a| !a.is_empty()), "{}", probe.service);
            // A peer that sends back what it got speaks nothing.
            for ask in asks {
                assert!((probe.read)(&ask).is_none(), "{}", probe.service);
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0_usize..60) {
            for probe in &PROBES {
                let _ = (probe.read)(&bytes);
                for ask in (probe.send)() {
                    let _ = (probe.read)(&[&ask[..cut.min(ask.len())], &bytes].concat());
                }
            }
        }
    }
}
