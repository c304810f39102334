//! The serial console: a pty that outlives power cuts, and what the camera says and hears on it.

mod boot;
mod logon;
mod output;
mod port;

pub(crate) use boot::{bootloader, kernel, network_trouble, started};
pub(crate) use logon::attend;
pub(crate) use port::{ConsoleLine, OpenConsole, open};
