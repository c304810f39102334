//! The serial console: captured from its opening on, whether anybody asks or not.
//!
//! One reader thread per console moves bytes from the line into the transcript, the inbox and the matcher of whoever
//! waits; askers are woken only when their answer is there. Writes go straight to the kernel where it takes them at
//! once, else to a blocking thread that finishes them even if the asker has gone.

mod capture;
mod expect;
mod inbox;
mod lasting;
mod line;
mod overruns;
mod ports;
mod pty;
mod rfc2217;
mod settings;
mod tcp;
mod telnet;
mod touch;
mod tty;

#[cfg(test)]
mod rfc2217_tests;
#[cfg(test)]
mod tests;

pub use lasting::{ConsoleWire, LastingConsole};
pub(crate) use ports::PortAccess;
pub use ports::{SeenPort, UsbIdentity, seen_ports};
pub use pty::{Breaks, HeldPty};
pub use settings::{ConsoleSettings, Flow, LineSettings, Parity, Place, SettingsError};
pub use touch::SerialConsole;
pub(crate) use touch::tty_of;
pub(crate) use tty::holders as port_holders;
