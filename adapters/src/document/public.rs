//! Which addresses belong to the public Internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one that a stranger on the Internet could have asked for. A published document lies there; a
/// site that redirects anywhere else would have the bench ask its own neighbours.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => public_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => public_v4(v4),
            None => public_v6(v6),
        },
    }
}

fn public_v4(a: Ipv4Addr) -> bool {
    let [first, second, third, _] = a.octets();
    let shared = first == 100 && (64..128).contains(&second); // RFC 6598, behind carriers' NAT
    let benchmark = first == 198 && (second == 18 || second == 19); // RFC 2544
    let protocol = first == 192 && second == 0 && third == 0; // RFC 6890
    !(first == 0
        || first >= 224
        || a.is_private()
        || a.is_loopback()
        || a.is_link_local()
        || a.is_documentation()
        || shared
        || benchmark
        || protocol)
}

fn public_v6(a: Ipv6Addr) -> bool {
    let [first, second, ..] = a.segments();
    let global = first & 0xe000 == 0x2000; // 2000::/3 is all that is handed out
    let documentation = (first == 0x2001 && second == 0x0db8) || first == 0x3fff;
    let wraps_v4 = first == 0x2002 || (first == 0x2001 && second == 0); // 6to4, Teredo
    global && !documentation && !wraps_v4
}

#[cfg(test)]
mod tests {
    use super::is_public;

    #[test]
    fn neighbours_are_not_the_public() {
        for public in ["93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "100.128.0.1"] {
            assert!(is_public(public.parse().expect("address")), "{public}");
        }
        for near in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.251",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::fb",
            "::ffff:127.0.0.1",
            "2002:7f00:1::",
            "64:ff9b::1",
        ] {
            assert!(!is_public(near.parse().expect("address")), "{near}");
        }
    }
}
