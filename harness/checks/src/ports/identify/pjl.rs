//! Raw printer ports: the one question that prints nothing.

use super::probe::{Identified, Logon};
use crate::ports::udp::probe::shown;

/// Where printers take pages as they come.
pub(super) const PORTS: std::ops::RangeInclusive<u16> = 9_100..=9_107;

pub(super) const ASK: &[u8] = b"\x1b%-12345X@PJL INFO ID\r\n\x1b%-12345X";

pub(super) fn read(bytes: &[u8]) -> Option<Identified> {
    let text = String::from_utf8_lossy(bytes);
    let told = text.split_once("@PJL INFO ID")?.1;
    let model = told.trim_matches(|c: char| c.is_control() || c == '"');
    let model = shown(model.split(['\u{c}', '"']).next().unwrap_or_default());
    (!model.is_empty())
        .then(|| Identified { logon: Logon::none("raw printing"), ..Identified::versioned("jetdirect", &model) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_read_and_an_echo_is_none() {
        let seen = read(b"@PJL INFO ID\r\n\"hp LaserJet 4250\"\r\n\x0c").unwrap();
        assert_eq!((seen.service, seen.version.as_deref()), (Some("jetdirect"), Some("hp LaserJet 4250")));
        assert_eq!(read(b"HTTP/1.1 200 OK\r\n"), None);
    }
}
