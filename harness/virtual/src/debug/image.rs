//! What flash and SRAM hold: a vector table, and whatever the caller plants.

use super::Family;

/// Where the RTT control block, its channel name and its ring buffer stand in SRAM.
const RTT_BLOCK: usize = 0x100;
const RTT_NAME: usize = 0x180;
const RTT_BUFFER: usize = 0x400;
/// Ring buffer size in bytes.
const RTT_LEN: usize = 0x1000;

/// The contents of flash and SRAM at power-on.
#[derive(Clone)]
pub struct Image {
    family: Family,
    pub(super) flash: Vec<u8>,
    pub(super) ram: Vec<u8>,
    pub(super) second_port: bool,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Image({:?}, {} B flash, {} B RAM)", self.family, self.flash.len(), self.ram.len())
    }
}

impl Image {
    /// Blank flash (0xff) with a vector table and an endless loop, blank SRAM (0).
    #[must_use]
    pub fn blank(family: Family) -> Self {
        let mut image =
            Self { family, flash: vec![0xff; family.flash_len()], ram: vec![0; family.ram_len()], second_port: false };
        let code = family.flash_base() + 0x200;
        let stack = family.ram_base() + u32::try_from(family.ram_len()).unwrap_or(0);
        image.word(0, stack);
        for vector in 1..16 {
            image.word(4 * vector, code | 1);
        }
        image.word(0x200, 0xbf00_bf00); // nop; nop
        image.word(0x204, 0xe7fe_bf00); // nop; b .
        image
    }

    fn word(&mut self, offset: usize, value: u32) {
        self.flash[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// A second memory access port, number 2, in front of the same memory, that no lock closes.
    #[must_use]
    pub const fn with_open_second_port(mut self) -> Self {
        self.second_port = true;
        self
    }

    /// Writes `bytes` at a byte offset into flash; what does not fit is cut off.
    #[must_use]
    pub fn flash_at(mut self, offset: usize, bytes: &[u8]) -> Self {
        plant(&mut self.flash, offset, bytes);
        self
    }

    /// Writes `bytes` at a byte offset into SRAM; what does not fit is cut off.
    #[must_use]
    pub fn ram_at(mut self, offset: usize, bytes: &[u8]) -> Self {
        plant(&mut self.ram, offset, bytes);
        self
    }

    /// Puts a SEGGER RTT control block into SRAM whose up channel 0, `Terminal`, holds the end of `log`.
    #[must_use]
    pub fn rtt_log(self, log: &[u8]) -> Self {
        // One byte of a ring always stays free: write = read means empty.
        let log = &log[log.len().saturating_sub(RTT_LEN - 1)..];
        let base = self.family.ram_base() as usize;
        let fields = [base + RTT_NAME, base + RTT_BUFFER, RTT_LEN, log.len(), 0, 0];
        let mut block = b"SEGGER RTT\0\0\0\0\0\0".to_vec();
        for word in [1, 0].iter().chain(&fields) {
            block.extend_from_slice(&u32::try_from(*word).unwrap_or(0).to_le_bytes());
        }
        self.ram_at(RTT_BLOCK, &block).ram_at(RTT_NAME, b"Terminal\0").ram_at(RTT_BUFFER, log)
    }
}

pub(super) fn plant(memory: &mut [u8], offset: usize, bytes: &[u8]) {
    let Some(room) = memory.get_mut(offset..) else { return };
    let len = bytes.len().min(room.len());
    room[..len].copy_from_slice(&bytes[..len]);
}
