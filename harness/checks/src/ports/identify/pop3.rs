//! POP3 (RFC 1939, 4).

use super::probe::{Identified, Logon};

pub(super) fn read(text: &str) -> Option<Identified> {
    let said = text.strip_prefix("+OK")?.lines().next().unwrap_or_default();
    let product = said.split('<').next().unwrap_or_default();
    Some(Identified { logon: Logon::password("pop3 user"), ..Identified::versioned("pop3", product) })
}
