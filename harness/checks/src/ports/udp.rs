//! UDP: well-known services, each asked in its own protocol. Silence is `open|filtered`, never open.

use assay_model::{
    CheckContext, Fault, Host,
    touch::udp::{UdpRequest, UdpResponse},
};
use schemars::JsonSchema;
use serde::Serialize;

/// Which UDP ports are asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, JsonSchema)]
pub(crate) enum Selection {
    /// None.
    #[default]
    #[serde(rename = "none")]
    None,
    /// The twenty services that connected products speak most.
    #[serde(rename = "top-20")]
    Top20,
}

/// What came back.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(crate) struct UdpResult {
    /// Ports that answered.
    pub open: Vec<u16>,
    /// Ports whose host said that nothing listens.
    pub closed: Vec<u16>,
    /// Ports that stayed silent: open, or filtered on the way.
    pub open_filtered: Vec<u16>,
}

const DNS: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07version\x04bind\0\0\x10\0\x03";
const SNMP: &[u8] = b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01\x01\x02\x01\0\x02\x01\0\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x01\0\x05\0";
const MDNS: &[u8] = b"\0\0\0\0\0\x01\0\0\0\0\0\0\x09_services\x07_dns-sd\x04_udp\x05local\0\0\x0c\0\x01";
const SSDP: &[u8] =
    b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n";
const SIP: &[u8] = b"OPTIONS sip:probe SIP/2.0\r\nVia: SIP/2.0/UDP probe;branch=z9hG4bK1\r\nFrom: <sip:probe>;tag=1\r\nTo: <sip:probe>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
const NTP: &[u8] = &{
    let mut packet = [0u8; 48];
    packet[0] = 0x23;
    packet
};
const NETBIOS: &[u8] = b"\x12\x34\0\0\0\x01\0\0\0\0\0\0 CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0\x21\0\x01";

/// Port, service, what is sent.
const TOP: [(u16, &str, &[u8]); 20] = [
    (53, "dns", DNS),
    (67, "dhcp", b"\x01\x01\x06\0"),
    (69, "tftp", b"\0\x01assay\0octet\0"),
    (123, "ntp", NTP),
    (137, "netbios", NETBIOS),
    (161, "snmp", SNMP),
    (500, "ike", b"\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\x01\x10\x02\0\0\0\0\0\0\0\0\x1c"),
    (514, "syslog", b"<14>assay"),
    (554, "rtsp", b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
    (1194, "openvpn", b"\x38\0\0\0\0\0\0\0\x01\0\0\0\0\0"),
    (1900, "ssdp", SSDP),
    (3478, "stun", b"\0\x01\0\0\x21\x12\xa4\x42assayassay12"),
    (3702, "ws-discovery", b"<?xml version=\"1.0\"?><e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"/>"),
    (5060, "sip", SIP),
    (5353, "mdns", MDNS),
    (5683, "coap", b"\x40\x01\x12\x34\xbb.well-known\x04core"),
    (6667, "irc", b"\r\n"),
    (9999, "vendor", b"\x02\0\0\x01"),
    (37810, "dvr-discovery", b"\xff\0\0\0"),
    (49152, "upnp", SSDP),
];

/// The service that an answering port is taken for.
pub(super) fn service(port: u16) -> Option<&'static str> {
    TOP.iter().find(|(p, ..)| *p == port).map(|(_, s, _)| *s)
}

/// Asks one after the other: hosts limit how fast they say that a port is closed.
pub(super) async fn scan(cx: &CheckContext, host: &Host, selection: Selection) -> Result<UdpResult, Fault> {
    let mut seen = UdpResult::default();
    if selection == Selection::None {
        return Ok(seen);
    }
    for (port, _, payload) in TOP {
        if cx.deadline.passed() {
            break;
        }
        let request = UdpRequest::new(host.port(port), payload, 400, 1);
        let UdpResponse { replies, unreachable, .. } = cx.touches.udp()?.call(request, cx.deadline).await?;
        match (replies.is_empty(), unreachable) {
            (false, _) => seen.open.push(port),
            (true, true) => seen.closed.push(port),
            (true, false) => seen.open_filtered.push(port),
        }
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twenty_are_distinct_and_named() {
        assert!(TOP.windows(2).all(|w| w[0].0 < w[1].0));
        assert_eq!(service(5683), Some("coap"));
        assert_eq!(service(1), None);
    }
}
