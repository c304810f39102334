//! What a DUT shows on its serial console.

pub(crate) mod boot_log;
pub(crate) mod interrupt_boot;
mod keys;
mod leaks;
pub(crate) mod listen;
pub(crate) mod login;
pub(crate) mod shell_access;
mod versions;
