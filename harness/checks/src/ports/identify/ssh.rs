//! SSH (RFC 4253, 4.2): a version line.

use super::probe::{Identified, Logon};

pub(super) fn read(text: &str) -> Option<Identified> {
    let line = text.lines().find(|l| l.starts_with("SSH-"))?;
    let version = line.splitn(3, '-').nth(2).and_then(|v| v.split_whitespace().next()).map(str::to_owned);
    Some(Identified { version, logon: Logon::password("ssh"), ..Identified::service("ssh") })
}
