//! SSDP (UPnP Device Architecture 1.1, section 1.3): a search sent to the host alone.

use super::probe::{Probe, Told, header};

pub(super) const PROBE: Probe = Probe {
    service: "ssdp",
    ports: &[1900, 49152],
    send: || vec![SEARCH.to_vec()],
    read: |reply| {
        let text = String::from_utf8_lossy(reply);
        let found =
            text.starts_with("HTTP/1.1 200") && (header(&text, "usn").is_some() || header(&text, "st").is_some());
        found.then(|| Told { version: header(&text, "server"), banner: header(&text, "location") })
    },
};

const SEARCH: &[u8] =
    b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n";
