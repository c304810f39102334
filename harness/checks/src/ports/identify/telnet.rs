//! Telnet (RFC 854): option negotiation, or a bare login prompt.

use super::probe::{Identified, Logon};
use crate::auth::logon::{telnet, words};

pub(super) fn read(greeting: &[u8]) -> Option<Identified> {
    let (text, _) = telnet::decline(greeting);
    let text = words::visible(&text);
    let last = text.trim().lines().last().unwrap_or_default();
    let logon = if words::LOGIN.is_match(&text) || words::PASSWORD.is_match(&text) {
        Logon::password(last.rsplit(' ').next().unwrap_or(last))
    } else if words::SHELL.is_match(&text) {
        Logon::none("shell without logon")
    } else {
        None
    };
    (telnet::negotiates(greeting) || logon.is_some()).then(|| Identified { logon, ..Identified::service("telnet") })
}
