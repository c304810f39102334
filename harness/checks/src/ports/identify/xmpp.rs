//! XMPP (RFC 6120): opens a stream.

use super::probe::{Identified, Logon, Probe};

pub(super) const PROBE: Probe = Probe {
    ports: &[5222],
    everywhere: true,
    send: || {
        b"<?xml version='1.0'?><stream:stream to='dut' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>".to_vec()
    },
    read: |bytes| {
        let text = String::from_utf8_lossy(bytes);
        // A server names itself, or says what was wrong, in a stream of its own.
        let answers = text.contains("<stream:stream") && (text.contains(" id=") || text.contains(" from="));
        answers.then(|| Identified { logon: Logon::password("xmpp sasl"), ..Identified::service("xmpp") })
    },
};
