//! RTMP: the first two parts of its handshake, 1537 bytes that only such a server wants.

use super::probe::{Identified, Probe};

pub(super) const PROBE: Probe = Probe {
    ports: &[1935],
    everywhere: false,
    send: || {
        let mut start = vec![3];
        start.resize(1_537, 0);
        start
    },
    // Its own half has a time in it, and random bytes.
    read: |bytes| {
        (bytes.first() == Some(&3) && bytes.iter().skip(1).any(|b| *b != 0)).then(|| Identified::service("rtmp"))
    },
};
