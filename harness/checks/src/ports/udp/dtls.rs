//! DTLS (RFC 6347): a hello; a server asks for a cookie, goes on, or refuses. CoAP speaks through it on 5684.

use super::probe::{Probe, Told};
use crate::tls;

pub(super) const PROBE: Probe = Probe {
    service: "dtls",
    ports: &[5684],
    send: || vec![tls::dtls_knock()],
    read: |reply| tls::answered_in_dtls(reply).then(Told::default),
};
