//! What a port says unasked.

use super::{Identified, ftp, smtp, ssh, telnet, vnc};
use crate::auth::logon::words;

/// The service that greets like this; without one, the greeting alone. `None`: it says nothing.
pub(super) fn read(greeting: &[u8]) -> Option<Identified> {
    if greeting.is_empty() {
        return None;
    }
    let text = words::visible(greeting);
    let shown: String = text.trim().chars().take(200).collect();
    let found = ssh::read(&text)
        .or_else(|| vnc::read(&text))
        .or_else(|| smtp::read(&text))
        .or_else(|| ftp::read(&text))
        .or_else(|| telnet::read(greeting))
        .unwrap_or_default();
    Some(Identified { banner: (!shown.is_empty()).then_some(shown), answers: true, ..found })
}
