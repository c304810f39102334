//! RTSP (RFC 2326): DESCRIBE, which cameras answer with 401 where they ask for a logon.

use super::probe::{Identified, Logon, Probe};
use crate::ports::udp::probe::header;

pub(super) const PROBE: Probe = Probe {
    ports: &[554, 8554],
    everywhere: true,
    send: || b"DESCRIBE rtsp://dut/ RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n".to_vec(),
    read,
};

fn read(bytes: &[u8]) -> Option<Identified> {
    let text = String::from_utf8_lossy(bytes);
    let status = text.strip_prefix("RTSP/1.0 ")?.get(..3)?.to_owned();
    let asked = header(&text, "www-authenticate");
    let scheme = asked.as_deref().and_then(|v| v.split_whitespace().next()).unwrap_or("rtsp").to_lowercase();
    let logon = match status.as_str() {
        "401" => Logon::password(&scheme),
        "200" => Logon::none("rtsp"),
        _ => None,
    };
    Some(Identified { logon, version: header(&text, "server"), ..Identified::service("rtsp") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demand_names_its_scheme() {
        let seen = read(b"RTSP/1.0 401 Unauthorized\r\nServer: C1 1.4\r\nWWW-Authenticate: Digest realm=\"x\"\r\n\r\n")
            .unwrap();
        assert_eq!((seen.logon.unwrap().scheme.as_str(), seen.version.as_deref()), ("digest", Some("C1 1.4")));
    }
}
