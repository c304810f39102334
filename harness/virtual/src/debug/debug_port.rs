//! The serial wire debug port, one transfer at a time (Arm IHI 0031, parts B2 and B4): posted reads, sticky errors, power-up.

use super::DebugState;
use super::access_port::Chip;

/// How a target answers the header of a transfer, where it is not OK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    /// Not now.
    Wait,
    /// A sticky error is pending.
    Fault,
    /// Nobody drives the line; the pull-up reads as ones.
    Silent,
    /// The line is held low.
    Low,
}

const ORUNDETECT: u32 = 1;
const STICKYORUN: u32 = 1 << 1;
const STICKYERR: u32 = 1 << 5;
const WDATAERR: u32 = 1 << 7;
const CDBGPWRUPREQ: u32 = 1 << 28;
const CSYSPWRUPREQ: u32 = 1 << 30;
const STICKY: u32 = STICKYORUN | STICKYERR | WDATAERR;
/// Bits of CTRL/STAT that can be written: power-up requests, mask lane, overrun detection.
const WRITABLE: u32 = CSYSPWRUPREQ | CDBGPWRUPREQ | 0x0f00 | ORUNDETECT;
const DPIDR: u32 = 0x2BA0_1477;

/// The port.
pub(super) struct DebugPort {
    pub(super) chip: Chip,
    pub(super) transfers: u64,
    control: u32,
    select: u32,
    /// The result of the last posted read.
    buffer: u32,
    /// After a line reset only DPIDR may be read.
    line_reset: bool,
}

impl DebugPort {
    pub(super) const fn new(chip: Chip) -> Self {
        Self { chip, transfers: 0, control: 0, select: 0, buffer: 0, line_reset: false }
    }

    pub(super) fn line_reset(&mut self) {
        self.chip.memory.look_for_machine();
        self.line_reset = true;
        self.select &= !0xf;
    }

    /// Whether WAIT and FAULT are followed by a data phase.
    pub(super) const fn overrun_detect(&self) -> bool {
        self.control & ORUNDETECT != 0
    }

    fn status(&self) -> u32 {
        let acknowledged =
            if self.chip.state.grants_power_up() { (self.control & (CSYSPWRUPREQ | CDBGPWRUPREQ)) << 1 } else { 0 };
        self.control | acknowledged
    }

    /// What the wire does before the target has a say.
    fn wire(&self, ap: bool) -> Result<(), Ack> {
        if self.chip.memory.is_dead() {
            return Err(Ack::Silent);
        }
        match self.chip.state {
            DebugState::WireOpen | DebugState::PinsDead => Err(Ack::Silent),
            DebugState::SwdioStuckLow => Err(Ack::Low),
            DebugState::WaitForever if ap => Err(Ack::Wait),
            DebugState::CableLost { after } if self.transfers >= u64::from(after) => Err(Ack::Silent),
            _ => Ok(()),
        }
    }

    /// The acknowledge of a header alone: what a bit-level front end sends before the data phase of a write.
    pub(super) fn acknowledge(&self, ap: bool, read: bool, address: u8) -> Result<(), Ack> {
        self.wire(ap)?;
        if self.line_reset && (ap || !read || address != 0) {
            return Err(Ack::Silent);
        }
        // DPIDR, CTRL/STAT and ABORT stay reachable, or no error could ever be cleared.
        let always = !ap && (address == 0 || (read && address == 4 && self.select & 0xf == 0));
        if self.control & STICKY != 0 && !always { Err(Ack::Fault) } else { Ok(()) }
    }

    /// One transfer; `address` is A[3:2] as a byte address (0, 4, 8, 0xC), `data` what a write carries.
    pub(super) fn transfer(&mut self, ap: bool, read: bool, address: u8, data: u32) -> Result<u32, Ack> {
        let acknowledged = self.acknowledge(ap, read, address);
        self.transfers += 1;
        acknowledged?;
        self.line_reset = false;
        Ok(match (ap, read) {
            (true, true) => self.ap_read(address),
            (true, false) => self.ap_write(address, data),
            (false, true) => self.dp_read(address),
            (false, false) => self.dp_write(address, data),
        })
    }

    /// Access port and register that SELECT points at.
    fn selected(&self, address: u8) -> (u8, u8) {
        let [low, .., port] = self.select.to_le_bytes();
        (port, low & 0xf0 | address)
    }

    fn powered(&mut self) -> bool {
        let up = self.status() & (CDBGPWRUPREQ << 1) != 0;
        if !up {
            self.control |= STICKYERR;
        }
        up
    }

    /// Posted: the access happens now, its data come with the next read.
    fn ap_read(&mut self, address: u8) -> u32 {
        let posted = self.buffer;
        if self.powered() {
            let (port, register) = self.selected(address);
            self.buffer = self.chip.read(port, register).unwrap_or_else(|_| {
                self.control |= STICKYERR;
                0
            });
        }
        posted
    }

    fn ap_write(&mut self, address: u8, data: u32) -> u32 {
        let (port, register) = self.selected(address);
        if self.powered() && self.chip.write(port, register, data).is_err() {
            self.control |= STICKYERR;
        }
        0
    }

    fn dp_read(&self, address: u8) -> u32 {
        match (address, self.select & 0xf) {
            (0, _) => DPIDR,
            (4, 0) => self.status(),
            (4, 1) => 0x40, // DLCR
            (4, _) => 0,
            _ => self.buffer, // RESEND, RDBUFF
        }
    }

    fn dp_write(&mut self, address: u8, data: u32) -> u32 {
        match address {
            0 => {
                for (bit, flag) in [(2, STICKYERR), (3, WDATAERR), (4, STICKYORUN)] {
                    if data & (1 << bit) != 0 {
                        self.control &= !flag;
                    }
                }
            }
            4 if self.select & 0xf == 0 => self.control = (self.control & !WRITABLE) | (data & WRITABLE),
            8 => self.select = data,
            _ => {}
        }
        0
    }
}
