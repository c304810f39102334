//! An open line: a descriptor that is read and written without blocking, and what can be done to it beside.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serialport::{SerialPort, TTYPort};

use super::pty::Breaks;
use super::rfc2217::Remote;

/// An open line.
pub(super) struct Line {
    /// Non-blocking.
    pub(super) fd: OwnedFd,
    /// The port behind it, for break and modem lines. It holds the exclusive lock while it lives.
    pub(super) port: Option<Mutex<TTYPort>>,
    /// The controls of a port behind RFC 2217.
    pub(super) remote: Option<Arc<Remote>>,
    /// The way round a pty of ours.
    pub(super) breaks: Option<Arc<dyn Breaks>>,
    /// A pty takes a break without a word and does nothing.
    pub(super) can_break: bool,
}

impl Line {
    /// Sends a break. False: this line has none. Blocks for as long as the break lasts.
    pub(super) fn send_break(&self, duration: Duration) -> io::Result<bool> {
        if let Some(remote) = &self.remote {
            return remote.send_break(duration).map(|()| true);
        }
        if let Some(breaks) = &self.breaks {
            return Ok(breaks.send());
        }
        let Some(port) = self.port.as_ref().filter(|_| self.can_break) else { return Ok(false) };
        let port = super::capture::locked(port);
        port.set_break()?;
        std::thread::sleep(duration);
        port.clear_break()?;
        Ok(true)
    }

    /// Bytes that were lost on the other side of the port, as far as it counts them: by a tty since its driver was loaded,
    /// by a terminal server since we came.
    pub(super) fn lost(&self) -> Option<u64> {
        match (&self.remote, &self.port) {
            (Some(remote), _) => Some(remote.overruns()),
            (None, Some(_)) => super::overruns::counted(&self.fd),
            (None, None) => None,
        }
    }

    /// Sets modem lines. False: this line has none. Over a network it blocks for an answer.
    pub(super) fn set_lines(&self, dtr: Option<bool>, rts: Option<bool>) -> io::Result<bool> {
        if let Some(remote) = &self.remote {
            return remote.set_lines(dtr, rts).map(|()| true);
        }
        let Some(port) = self.port.as_ref() else { return Ok(false) };
        let mut port = super::capture::locked(port);
        // A tty without modem lines says ENOTTY, for which serialport has no word of its own. Reading tells it apart
        // from a line that is gone.
        if port.read_clear_to_send().is_err() {
            return Ok(false);
        }
        if let Some(level) = dtr {
            port.write_data_terminal_ready(level)?;
        }
        if let Some(level) = rts {
            port.write_request_to_send(level)?;
        }
        Ok(true)
    }
}
