//! ZeroMQ (ZMTP 3, greeting): its signature.

use super::probe::Identified;

pub(super) fn read(bytes: &[u8]) -> Option<Identified> {
    matches!(bytes, [0xFF, _, _, _, _, _, _, _, _, 0x7F, ..]).then(|| Identified::service("zmtp"))
}
