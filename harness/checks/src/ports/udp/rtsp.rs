//! RTSP over datagrams (RFC 2326, section 9).

use super::probe::{Probe, Told, header};

pub(super) const PROBE: Probe = Probe {
    service: "rtsp",
    ports: &[554],
    send: || vec![b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".to_vec()],
    read: |reply| {
        let text = String::from_utf8_lossy(reply);
        text.starts_with("RTSP/").then(|| Told { version: header(&text, "server"), ..Told::default() })
    },
};
