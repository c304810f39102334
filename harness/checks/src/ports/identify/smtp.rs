//! SMTP (RFC 5321, 4.2): a 220 that says so.

use super::Identified;

pub(super) fn read(text: &str) -> Option<Identified> {
    let line = text.lines().next()?.strip_prefix("220")?;
    line.to_uppercase().contains("SMTP").then(|| Identified::service("smtp"))
}
