//! How many sockets may be open at once.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that the rest of the process keeps: journal, consoles, other DUTs on the bench.
const SPARED: u64 = 128;

/// Raises the soft limit of open files as far as `wanted` sockets need and the hard limit allows, and says how many of
/// them there may be.
pub(super) fn sockets(wanted: u32) -> u32 {
    let needed = u64::from(wanted) + SPARED;
    let now = getrlimit(Resource::Nofile);
    let mut current = now.current.unwrap_or(u64::MAX);
    if current < needed {
        let raised = needed.min(now.maximum.unwrap_or(u64::MAX));
        // Refused only by a sandbox; then what there is must do.
        if setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: now.maximum }).is_ok() {
            current = raised;
        }
    }
    u32::try_from(current.saturating_sub(SPARED)).unwrap_or(u32::MAX).clamp(1, wanted)
}
