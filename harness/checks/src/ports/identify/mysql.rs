//! MySQL and MariaDB: the first packet, a greeting of protocol 10 or the refusal of this client's address.

use super::probe::{Identified, Logon};

pub(super) fn read(bytes: &[u8]) -> Option<Identified> {
    let [_, _, 0, 0, rest @ ..] = bytes else { return None };
    let version = match rest {
        [10, version @ ..] => {
            version.split(|b| *b == 0).next().filter(|v| v.first().is_some_and(u8::is_ascii_digit))?
        }
        [0xFF, _, 4, text @ ..] if text.starts_with(b"Host ") || text.starts_with(b"#") => b"",
        _ => return None,
    };
    let found = Identified::versioned("mysql", &String::from_utf8_lossy(version));
    Some(Identified { logon: Logon::password("mysql"), ..found })
}
