//! The debug probe: probe-rs in a child process of our own binary, and the touch that talks to it.
//!
//! probe-rs can hang, panic or abort when a probe goes away, and none of these can be stopped from a thread beside it. So the
//! child ([`probe_child_main`]) does one thing at a time, [`ProbeTouch`] holds a deadline over it, and kills it.
//!
//! Nothing here can erase: no probe-rs session is ever opened, so no vendor sequence, flash algorithm or permission comes
//! into it; the one register of the DUT that is written is the core's debug enable bit, and it is put back.

mod child;
mod chips;
mod classify;
mod identify;
mod job;
mod jtag;
mod link;
mod list;
mod look;
mod memory;
mod outcome;
mod rtt;
mod seen;
mod selector;
mod settings;
mod touch;

#[cfg(test)]
mod in_process;
#[cfg(test)]
mod jtag_wire;
#[cfg(test)]
mod states;

pub use child::probe_child_main;
pub use seen::{SeenProbes, seen_probes};
pub(crate) use settings::PROBE_HELP;
pub use settings::{ProbePlace, ProbeSettings};
pub use touch::{ProbeChild, ProbeTouch};
