//! The serial console: a pty that outlives power cuts, and what the camera says and hears on it.

mod boot;
mod logon;
mod monitor;
mod output;
mod port;

pub(crate) use boot::{bootloader, kernel, network_trouble, radio_key, started};
pub(crate) use logon::attend;
pub(crate) use port::{ConsoleLine, OpenConsole, open};
