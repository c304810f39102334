//! The access ports: a memory access port (AHB-AP) in front of the bus, Nordic's CTRL-AP beside it, and what a lock does
//! to them.

use super::core_debug::CoreDebug;
use super::memory::{BusFault, Memory};
use super::{DebugState, Family, Image, rom_table};

const CSW: u8 = 0x00;
const TAR: u8 = 0x04;
const DRW: u8 = 0x0C;
const BASE: u8 = 0xF8;
const IDR: u8 = 0xFC;
const DEVICE_EN: u32 = 1 << 6;
const AHB_AP: u32 = 0x2477_0011;
const CTRL_AP: u32 = 0x0288_0000;

/// A chip behind its debug port.
pub(super) struct Chip {
    family: Family,
    pub(super) state: DebugState,
    pub(super) memory: Memory,
    core: CoreDebug,
    csw: u32,
    tar: u32,
    ctrl_reset: u32,
    in_reset: bool,
    second_port: bool,
    /// The port that was addressed last.
    port: u8,
}

impl Chip {
    pub(super) fn new(family: Family, state: DebugState, image: Image) -> Self {
        let word = |at: usize| image.flash.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let second_port = image.second_port;
        Self {
            family,
            state,
            core: CoreDebug::new(family, (word(0), word(4))),
            memory: Memory::new(family, state, image),
            csw: 0x2300_0012,
            tar: 0,
            ctrl_reset: 0,
            in_reset: false,
            second_port,
            port: 0,
        }
    }

    /// Drives nRESET; the core restarts when the line goes up again.
    pub(super) fn reset_line(&mut self, low: bool) {
        if self.in_reset && !low {
            self.core.reset();
        }
        self.in_reset = low;
    }

    /// Reads register `address` of access port `port`.
    pub(super) fn read(&mut self, port: u8, address: u8) -> Result<u32, BusFault> {
        self.port = port;
        match (self.state, port, self.family) {
            (DebugState::ApOff, ..) => Ok(0),
            (DebugState::ApFaults, ..) => Err(BusFault),
            (_, 0, _) => self.ahb_read(address),
            (_, 2, _) if self.second_port => self.ahb_read(address),
            (_, 1, Family::Nrf52840) => Ok(match address {
                0x00 => self.ctrl_reset,
                0x0C => u32::from(self.state != DebugState::NrfApprotect), // APPROTECTSTATUS: 1 = not protected
                IDR => CTRL_AP,
                _ => 0,
            }),
            _ => Ok(0), // no such port
        }
    }

    /// Writes register `address` of access port `port`.
    pub(super) fn write(&mut self, port: u8, address: u8, value: u32) -> Result<(), BusFault> {
        self.port = port;
        match (self.state, port, self.family) {
            (DebugState::ApOff, ..) => Ok(()),
            (DebugState::ApFaults, ..) => Err(BusFault),
            (_, 0, _) => self.ahb_write(address, value),
            (_, 2, _) if self.second_port => self.ahb_write(address, value),
            (_, 1, Family::Nrf52840) => {
                match address {
                    0x00 => self.ctrl_reset = value & 1,
                    0x04 if value & 1 == 1 => {
                        self.memory.erase_all(); // ERASEALL unlocks, at the price of everything
                        self.state = DebugState::Open;
                    }
                    _ => {}
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn ahb_read(&mut self, address: u8) -> Result<u32, BusFault> {
        Ok(match address {
            CSW if self.enabled().is_ok() => self.csw | DEVICE_EN,
            CSW => self.csw,
            TAR => self.tar,
            DRW => {
                let (len, at) = self.next_transfer()?;
                let value = self.bus_read(at, len)?;
                self.advance(len);
                value << (8 * (at & 3)) // byte lanes
            }
            0x10 | 0x14 | 0x18 | 0x1C => {
                self.enabled()?;
                return self.bus_read(self.tar & !0xf | u32::from(address & 0xc), 4);
            }
            BASE => rom_table::BASE | 3,
            IDR => AHB_AP,
            _ => 0,
        })
    }

    fn ahb_write(&mut self, address: u8, value: u32) -> Result<(), BusFault> {
        match address {
            CSW => self.csw = value & !DEVICE_EN,
            TAR => self.tar = value,
            DRW => {
                let (len, at) = self.next_transfer()?;
                self.bus_write(at, len, value >> (8 * (at & 3)))?;
                self.advance(len);
            }
            0x10 | 0x14 | 0x18 | 0x1C => {
                self.enabled()?;
                return self.bus_write(self.tar & !0xf | u32::from(address & 0xc), 4, value);
            }
            _ => {}
        }
        Ok(())
    }

    fn enabled(&self) -> Result<(), BusFault> {
        if self.port == 2 || self.state.ahb_enabled() { Ok(()) } else { Err(BusFault) }
    }

    /// Size and aligned address of the next data transfer.
    fn next_transfer(&self) -> Result<(usize, u32), BusFault> {
        self.enabled()?;
        let len = match self.csw & 7 {
            0 => 1,
            1 => 2,
            _ => 4,
        };
        Ok((len, self.tar & !(len as u32 - 1)))
    }

    /// Auto-increment, which wraps inside 1 KiB.
    fn advance(&mut self, len: usize) {
        if self.csw & 0x30 == 0x10 {
            self.tar = (self.tar & !0x3ff) | ((self.tar + len as u32) & 0x3ff);
        }
    }

    fn bus_read(&mut self, address: u32, len: usize) -> Result<u32, BusFault> {
        if address < 0xE000_0000 {
            return self.memory.read(self.state, address, len);
        }
        let word = self.core.read(address & !3) >> (8 * (address & 3));
        Ok(if len == 4 { word } else { word & ((1 << (8 * len)) - 1) })
    }

    fn bus_write(&mut self, address: u32, len: usize, value: u32) -> Result<(), BusFault> {
        if address < 0xE000_0000 {
            return self.memory.write(address, len, value);
        }
        self.core.write(self.state, address & !3, value);
        Ok(())
    }
}
