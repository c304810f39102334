//! The handle on a virtual debug port that test, camera and front ends share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::access_port::Chip;
use super::debug_port::{Ack, DebugPort};
use super::{DebugState, Family, GdbAddress, Image};

/// A virtual chip behind its debug port. Clones share it.
#[derive(Clone)]
pub struct DebugTarget {
    family: Family,
    port: Arc<Mutex<DebugPort>>,
}

impl std::fmt::Debug for DebugTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DebugTarget({:?}, {:?})", self.family, self.state())
    }
}

impl DebugTarget {
    /// A powered chip in that state whose flash and SRAM hold `image`.
    #[must_use]
    pub fn new(family: Family, state: DebugState, image: Image) -> Self {
        Self { family, port: Arc::new(Mutex::new(DebugPort::new(Chip::new(family, state, image)))) }
    }

    /// The same in front of a machine whose memory a gdb stub on `address` shows, as QEMU's does: locks and core are the
    /// port's, flash and SRAM are the machine's. While no machine answers there, the port is silent.
    #[must_use]
    pub fn behind_gdb(family: Family, state: DebugState, address: GdbAddress) -> Self {
        let target = Self::new(family, state, Image::blank(family));
        target.port().chip.memory.read_through(address);
        target
    }

    pub(super) fn port(&self) -> MutexGuard<'_, DebugPort> {
        // A front end that panicked leaves registers, no broken invariant.
        self.port.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which chip it imitates.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The state it is in now.
    #[must_use]
    pub fn state(&self) -> DebugState {
        self.port().chip.state
    }

    /// Puts it into another state: plugs the cable back in, locks it.
    pub fn set_state(&self, state: DebugState) {
        self.port().chip.state = state;
    }

    /// The firmware writes `bytes` at a byte offset into flash; what does not fit is cut off.
    pub fn store_flash(&self, offset: usize, bytes: &[u8]) {
        self.port().chip.memory.store_flash(offset, bytes);
    }

    /// The firmware writes `bytes` at a byte offset into SRAM; what does not fit is cut off.
    pub fn store_ram(&self, offset: usize, bytes: &[u8]) {
        self.port().chip.memory.store_ram(offset, bytes);
    }

    /// Announces orders to erase. Without it, they end the process in a build with debug assertions, which all tests are.
    pub fn may_be_erased(&self) {
        self.port().chip.memory.may_be_erased = true;
    }

    /// How often anything ordered an erase, by any way: CTRL-AP, flash controller, option bytes.
    #[must_use]
    pub fn erase_count(&self) -> u32 {
        self.port().chip.memory.erase_count
    }

    /// Transfers seen on the wire so far, refused ones included.
    #[must_use]
    pub fn transfers(&self) -> u64 {
        self.port().transfers
    }

    /// One transfer on the wire, for a driver in process; `address` is A`[3:2]` as a byte address, `data` what a write carries.
    ///
    /// # Errors
    /// The acknowledge, where it was not OK.
    pub fn transfer(&self, ap: bool, read: bool, address: u8, data: u32) -> Result<u32, Ack> {
        self.port().transfer(ap, read, address, data)
    }

    /// At least 50 clocks with the line high.
    pub fn line_reset(&self) {
        self.port().line_reset();
    }

    /// Drives nRESET.
    pub fn reset_line(&self, low: bool) {
        self.port().chip.reset_line(low);
    }
}
