//! What a DUT shows on its serial console.

pub(crate) mod boot_log;
pub(crate) mod interrupt_boot;
pub(crate) mod keys;
mod leaks;
pub(crate) mod listen;
pub(crate) mod login;
pub(crate) mod magic_sysrq;
pub(crate) mod shell_access;
pub(crate) mod single_user;
mod versions;
