//! A pty of our own whose far end is given to a program that plays the DUT: QEMU's serial port.
//!
//! Both ends stay open for as long as the bench: the line outlives the guest's power cuts, and what the guest says in its
//! first moment is held by the kernel until it is read.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};

use super::line::Line;

/// A pty whose near end is the console's.
#[derive(Debug)]
pub struct HeldPty {
    near: OwnedFd,
    far: OwnedFd,
    path: String,
}

impl HeldPty {
    /// Makes one, raw and without echo.
    ///
    /// # Errors
    /// The kernel has no more ptys, or `/dev/pts` is not mounted.
    pub fn new() -> io::Result<Self> {
        let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&near)?;
        unlockpt(&near)?;
        let path = ptsname(&near, Vec::new())?.to_string_lossy().into_owned();
        // Held open: without any user of the far end the near one reads errors.
        let far = rustix::fs::open(&path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        let mut modes = tcgetattr(&far)?;
        modes.make_raw();
        tcsetattr(&far, OptionalActions::Now, &modes)?;
        fcntl_setfl(&near, fcntl_getfl(&near)? | OFlags::NONBLOCK)?;
        Ok(Self { near, far, path })
    }

    /// What the program that plays the DUT opens.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Forgets what was typed while the DUT had no power: a UART would not have kept it.
    ///
    /// # Errors
    /// The pty is gone.
    pub fn forget_typed(&self) -> io::Result<()> {
        Ok(tcflush(&self.far, QueueSelector::IFlush)?)
    }

    pub(super) fn line(&self) -> io::Result<Line> {
        Ok(Line { fd: self.near.try_clone()?, port: None, remote: None, can_break: false })
    }
}
