//! RTSP (RFC 2326): DESCRIBE, which cameras answer with 401 where they ask for a logon.

use super::{Identified, Logon};

pub(super) const DESCRIBE: &[u8] = b"DESCRIBE rtsp://dut/ RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n";

pub(super) fn read(bytes: &[u8]) -> Option<Identified> {
    let text = String::from_utf8_lossy(bytes);
    let status = text.strip_prefix("RTSP/1.0 ")?.get(..3)?.to_owned();
    let scheme = text
        .lines()
        .find_map(|l| l.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case("www-authenticate")))
        .and_then(|(_, v)| v.split_whitespace().next())
        .map_or_else(|| "rtsp".to_owned(), str::to_lowercase);
    let logon = match status.as_str() {
        "401" => Logon::password(&scheme),
        "200" => Logon::none("rtsp"),
        _ => None,
    };
    Some(Identified { logon, ..Identified::service("rtsp") })
}
