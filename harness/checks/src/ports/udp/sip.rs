//! SIP (RFC 3261): what a user agent can do.

use super::probe::{Probe, Told, header};

pub(super) const PROBE: Probe = Probe { service: "sip", ports: &[5060], send: || vec![options("UDP")], read };

/// OPTIONS over that transport.
pub(in crate::ports) fn options(transport: &str) -> Vec<u8> {
    format!(
        "OPTIONS sip:probe@assay.invalid SIP/2.0\r\nVia: SIP/2.0/{transport} assay.invalid;rport;branch=z9hG4bKassay\r\n\
         From: <sip:probe@assay.invalid>;tag=1\r\nTo: <sip:probe@assay.invalid>\r\nCall-ID: assay-1\r\nCSeq: 1 OPTIONS\r\n\
         Contact: <sip:probe@assay.invalid>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

pub(in crate::ports) fn read(reply: &[u8]) -> Option<Told> {
    let text = String::from_utf8_lossy(reply);
    let version = header(&text, "server").or_else(|| header(&text, "user-agent"));
    text.starts_with("SIP/2.0 ").then(|| Told { version, ..Told::default() })
}
