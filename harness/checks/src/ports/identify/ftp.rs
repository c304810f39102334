//! FTP (RFC 959, 5.4): any other 220.

use super::probe::{Identified, Logon};

pub(super) fn read(text: &str) -> Option<Identified> {
    let rest = text.lines().next()?.strip_prefix("220")?;
    if !rest.starts_with([' ', '-']) {
        return None;
    }
    // The product stands in brackets, or is the first words before some.
    let said = rest[1..].trim();
    let product = match said.strip_prefix('(').and_then(|s| s.split(')').next()) {
        Some(inside) => inside,
        None => said.split(['(', '[']).next().unwrap_or_default(),
    };
    let named = product.to_lowercase().contains("ftp");
    Some(Identified {
        logon: Logon::password("ftp user"),
        ..Identified::versioned("ftp", if named { product } else { "" })
    })
}
