//! The port mapper of ONC RPC.

use super::probe::{Identified, Probe};
use crate::ports::udp::rpcbind;

pub(super) const PROBE: Probe = Probe {
    ports: &[111],
    everywhere: true,
    send: rpcbind::over_tcp,
    read: |bytes| rpcbind::read(bytes.get(4..)?).map(|_| Identified::service("rpcbind")),
};
