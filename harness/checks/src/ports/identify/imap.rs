//! IMAP (RFC 3501, 7.1.1): a greeting with its tag.

use super::probe::{Identified, Logon};

pub(super) fn read(text: &str) -> Option<Identified> {
    let rest = text.strip_prefix("* ")?;
    let logon = match rest.get(..2)? {
        "OK" | "BY" => Logon::password("imap login"),
        "PR" if rest.starts_with("PREAUTH") => Logon::none("imap preauth"),
        _ => return None,
    };
    let said = rest.lines().next()?.split_once(' ')?.1;
    let product = said.rsplit(']').next().unwrap_or_default();
    Some(Identified { logon, ..Identified::versioned("imap", product) })
}
