//! Memcached over datagrams: its version.

use super::probe::{Probe, Told};

pub(super) const PROBE: Probe = Probe {
    service: "memcached",
    ports: &[11211],
    send: || vec![b"\x0a\x55\0\0\0\x01\0\0version\r\n".to_vec()],
    read: |reply| {
        let text = String::from_utf8_lossy(reply.strip_prefix(b"\x0a\x55\0\0\0\x01\0\0")?).into_owned();
        text.strip_prefix("VERSION ").and_then(Told::version)
    },
};
