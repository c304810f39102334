//! Ports of other programs that would answer on a sample's address.
//!
//! A program that listens on the wildcard address answers on every loopback address, so a full scan of a sample would
//! find it. The kernel's table of sockets is read before a sample starts; a connect sweep would find the same and take
//! a thousand times as long.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

const LISTEN: &str = "0A";
/// A datagram socket that takes them from anybody.
const UNCONNECTED: &str = "07";

/// TCP ports that accept on `host` now.
///
/// # Errors
/// The kernel's table of IPv4 sockets cannot be read. A missing IPv6 table means that IPv6 is off, which is no error.
pub(crate) fn listening_on(host: Ipv4Addr) -> std::io::Result<Vec<u16>> {
    let v4 = std::fs::read_to_string("/proc/net/tcp")?;
    let v6 = std::fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
    Ok(listeners(&v4, &v6, host, LISTEN).into_iter().collect())
}

/// UDP ports that take datagrams to `host` now.
///
/// # Errors
/// As [`listening_on`].
pub(crate) fn datagrams_on(host: Ipv4Addr) -> std::io::Result<Vec<u16>> {
    let v4 = std::fs::read_to_string("/proc/net/udp")?;
    let v6 = std::fs::read_to_string("/proc/net/udp6").unwrap_or_default();
    Ok(listeners(&v4, &v6, host, UNCONNECTED).into_iter().collect())
}

fn listeners(v4: &str, v6: &str, host: Ipv4Addr, state: &str) -> BTreeSet<u16> {
    // The kernel prints the four bytes as one number in host byte order.
    let own = format!("{:08X}", u32::from_ne_bytes(host.octets()));
    let mapped = format!("0000000000000000{:08X}{own}", u32::from_ne_bytes([0, 0, 0xff, 0xff]));
    let answers = |address: &str| address.bytes().all(|b| b == b'0') || address == own || address == mapped;
    v4.lines().skip(1).chain(v6.lines().skip(1)).filter_map(|line| listener(line, answers, state)).collect()
}

/// `  0: 0100007F:1F90 00000000:0000 0A ...` -> 0x1F90, when it listens and `answers` accepts its address.
fn listener(line: &str, answers: impl Fn(&str) -> bool, wanted: &str) -> Option<u16> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (address, port) = fields.next()?.rsplit_once(':')?;
    let state = fields.nth(1)?;
    (state == wanted && answers(address)).then(|| u16::from_str_radix(port, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcard_and_own_listeners_are_seen_and_others_are_not() {
        let host = Ipv4Addr::new(127, 21, 0, 1);
        let own = format!("{:08X}", u32::from_ne_bytes(host.octets()));
        let v4 = format!(
            "  sl  local_address rem_address   st\n   0: 00000000:1F90 00000000:0000 0A 0\n   1: {own}:0050 00000000:0000 0A 0\n   \
             2: {own}:0051 0100007F:9999 01 0\n   3: 0200007F:0052 00000000:0000 0A 0\n garbage\n"
        );
        let v6 = "  sl  local_address\n   0: 00000000000000000000000000000000:0016 0:0000 0A 0\n   1: 00000000000000000000000001000000:0017 0:0 0A\n";
        assert_eq!(listeners(&v4, v6, host, LISTEN).into_iter().collect::<Vec<_>>(), [22, 80, 8080]);
    }

    #[test]
    fn a_real_wildcard_listener_is_seen() {
        let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(listening_on(Ipv4Addr::new(127, 21, 240, 1)).unwrap().contains(&port));
        let datagrams = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        let taken = datagrams.local_addr().unwrap().port();
        assert!(datagrams_on(Ipv4Addr::new(127, 21, 240, 1)).unwrap().contains(&taken));
        drop(listener);
        assert!(!listening_on(Ipv4Addr::new(127, 21, 240, 1)).unwrap().contains(&port));
    }
}
