//! Services that answer datagrams: one file a protocol, each with what it is asked and how its answer is read.
//!
//! Silence is `open|filtered`, never open: only an answer opens a port, and only the host's own word closes one.

mod bacnet;
pub(super) mod ber;
mod coap;
mod dahua;
mod dhcp;
pub(super) mod dns;
mod dtls;
pub(super) mod ethernet_ip;
mod hikvision;
mod ike;
mod ipmi;
mod kasa;
mod knx;
mod lifx;
mod mdns;
mod memcached;
mod miio;
pub(super) mod modbus;
mod netbios;
mod ntp;
mod openvpn;
pub(super) mod probe;
mod quic;
pub(super) mod rpcbind;
mod rtsp;
pub(super) mod scan;
pub(super) mod sip;
mod snmp;
mod ssdp;
mod stun;
mod syslog;
mod table;
mod tftp;
mod ubiquiti;
mod ws_discovery;

#[cfg(feature = "fuzzing")]
pub(super) use table::read_all;
