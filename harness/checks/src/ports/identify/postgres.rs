//! PostgreSQL (protocol 3.0, 53.2.10): asks for encryption; the answer is one letter.

use super::probe::{Identified, Logon, Probe};

pub(super) const PROBE: Probe = Probe {
    ports: &[5432],
    // Other services answer with a letter too.
    everywhere: false,
    send: || vec![0, 0, 0, 8, 4, 0xD2, 0x16, 0x2F],
    read: |bytes| {
        let answer = matches!(bytes, [b'S' | b'N']) || bytes.starts_with(b"EFATAL");
        answer.then(|| Identified { logon: Logon::password("postgresql"), ..Identified::service("postgresql") })
    },
};
