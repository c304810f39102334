//! Redis: PING, answered by PONG or by a demand for a password; then its version.

use super::probe::{Identified, Logon, Probe};

pub(super) const PROBE: Probe =
    Probe { ports: &[6379], everywhere: true, send: || b"PING\r\nINFO server\r\n".to_vec(), read };

fn read(bytes: &[u8]) -> Option<Identified> {
    let text = String::from_utf8_lossy(bytes);
    let logon = if text.starts_with("+PONG") {
        Logon::none("redis")
    } else if text.starts_with("-NOAUTH") {
        Logon::password("redis auth")
    } else if text.starts_with("-DENIED Redis") {
        Logon::other("redis protected mode")
    } else {
        return None;
    };
    let version = text.split("redis_version:").nth(1).and_then(|v| v.lines().next()).unwrap_or_default();
    Some(Identified { logon, ..Identified::versioned("redis", version) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lets_in_is_told_from_who_asks() {
        assert!(read(b"-NOAUTH Authentication required.\r\n").unwrap().logon.unwrap().asks);
        let open = read(b"+PONG\r\n$99\r\n# Server\r\nredis_version:7.0.15\r\n").unwrap();
        assert_eq!((open.logon.unwrap().asks, open.version.as_deref()), (false, Some("7.0.15")));
        assert_eq!(read(b"-ERR nonsense"), None);
    }
}
