//! A pty of our own whose far end is given to a program that plays the DUT: QEMU's serial port.
//!
//! Both ends stay open for as long as the bench: the line outlives the guest's power cuts, and what the guest says in its
//! first moment is held by the kernel until it is read.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock};

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};

use super::line::Line;

/// A way to give the DUT's UART a break, which no pty carries.
pub trait Breaks: Send + Sync {
    /// Sends one, and blocks until it has arrived. False: nobody is there to take it.
    fn send(&self) -> bool;
}

/// A pty whose near end is the console's.
pub struct HeldPty {
    near: OwnedFd,
    far: OwnedFd,
    path: String,
    breaks: OnceLock<Arc<dyn Breaks>>,
}

impl std::fmt::Debug for HeldPty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HeldPty({})", self.path)
    }
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
        Ok(Self { near, far, path, breaks: OnceLock::new() })
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

    /// Breaks go this way from now on; only the first call counts.
    pub fn break_by(&self, breaks: Arc<dyn Breaks>) {
        let _ = self.breaks.set(breaks);
    }

    pub(super) fn line(&self) -> io::Result<Line> {
        let breaks = self.breaks.get().cloned();
        Ok(Line { fd: self.near.try_clone()?, port: None, remote: None, breaks, can_break: false })
    }
}
