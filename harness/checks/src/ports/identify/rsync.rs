//! The rsync daemon. Whether a module asks for a password is known per module only.

use super::probe::Identified;

pub(super) fn read(text: &str) -> Option<Identified> {
    let version = text.strip_prefix("@RSYNCD: ")?.split_whitespace().next()?;
    Some(Identified::versioned("rsync", version))
}
