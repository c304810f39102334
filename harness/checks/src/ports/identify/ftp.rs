//! FTP (RFC 959, 5.4): any other 220.

use super::{Identified, Logon};

pub(super) fn read(text: &str) -> Option<Identified> {
    let rest = text.lines().next()?.strip_prefix("220")?;
    let shown = rest.starts_with([' ', '-']);
    shown.then(|| Identified { logon: Logon::password("ftp user"), ..Identified::service("ftp") })
}
