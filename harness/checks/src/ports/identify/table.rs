//! The visible list of protocols that wait to be asked, the likeliest on a connected product first.

use super::probe::Probe;
use super::{
    adb, amqp, dns, ethernet_ip, gdb, ldap, lpd, memcached, modbus, mqtt, opcua, postgres, rdp, redis, rpcbind, rtmp,
    rtsp, sip, smb, socks, x11, xmpp,
};

/// Every protocol. A new one is a file and a line here; one that greets is a line in `banner`.
pub(super) static PROBES: [Probe; 22] = [
    mqtt::PROBE,
    rtsp::PROBE,
    redis::PROBE,
    adb::PROBE,
    socks::PROBE,
    modbus::PROBE,
    sip::PROBE,
    gdb::PROBE,
    dns::PROBE,
    rdp::PROBE,
    smb::PROBE,
    rpcbind::PROBE,
    amqp::PROBE,
    memcached::PROBE,
    postgres::PROBE,
    ldap::PROBE,
    opcua::PROBE,
    ethernet_ip::PROBE,
    xmpp::PROBE,
    rtmp::PROBE,
    lpd::PROBE,
    x11::PROBE,
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_protocol_takes_an_echo_for_an_answer() {
        for probe in &PROBES {
            assert!((probe.read)(&(probe.send)()).is_none(), "port {:?}", probe.ports);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0_usize..40) {
            for probe in &PROBES {
                let _ = (probe.read)(&bytes);
                let ask = (probe.send)();
                let _ = (probe.read)(&[&ask[..cut.min(ask.len())], &bytes].concat());
            }
            let _ = super::super::banner::read(&bytes);
        }
    }
}
