//! What a DUT does when its power comes and goes.

pub(crate) mod boot_time;
pub(crate) mod cycle_resilience;
mod recovery;
mod settings;
