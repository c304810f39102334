//! OpenVPN: a client's hard reset; a server without an HMAC key of its own answers with its own.

use super::probe::{Probe, Told};

pub(super) const PROBE: Probe = Probe {
    service: "openvpn",
    ports: &[1194],
    send: || vec![b"\x38assayvpn\0\0\0\0\0".to_vec()],
    // It acknowledges with the number that we gave our session.
    read: |reply| (reply.first() == Some(&0x40) && reply.get(14..22) == Some(b"assayvpn")).then(Told::default),
};
