//! The system bus below the private peripherals: flash, SRAM, factory data, the flash controller.

use std::io::Write as _;

use super::gdb::{GdbAddress, GdbStub};
use super::image::plant;
use super::{DebugState, Family, Image};

/// A bus error, which a debugger sees as a FAULT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BusFault;

struct Region {
    base: u32,
    bytes: Vec<u8>,
    writable: bool,
}

/// STM32F4 FLASH_CR and FLASH_OPTCR; nRF52 NVMC ERASEPAGE to ERASEUICR.
const STM_FLASH_CR: u32 = 0x4002_3C10;
const STM_FLASH_OPTCR: u32 = 0x4002_3C14;
const NVMC_ERASE: std::ops::RangeInclusive<u32> = 0x4001_E508..=0x4001_E518;

/// Places among the regions.
const FLASH: usize = 0;
const SRAM: usize = 1;

/// Memory by address.
pub(super) struct Memory {
    family: Family,
    regions: Vec<Region>,
    /// Whose memory it is in place of flash and SRAM here.
    machine: Option<GdbStub>,
    /// Orders to erase that arrived by any way.
    pub(super) erase_count: u32,
    /// Somebody said beforehand that there will be such orders.
    pub(super) may_be_erased: bool,
}

impl Memory {
    pub(super) fn new(family: Family, state: DebugState, image: Image) -> Self {
        let mut regions = vec![
            Region { base: family.flash_base(), bytes: image.flash, writable: false }, // FLASH
            Region { base: family.ram_base(), bytes: image.ram, writable: true },      // SRAM
        ];
        match family {
            Family::Nrf52840 => {
                let mut ficr = vec![0xff; 0x1000];
                put(&mut ficr, 0x60, 0x1bad_cafe); // DEVICEID[0]
                put(&mut ficr, 0x64, 0x0ddb_a115);
                put(&mut ficr, 0x100, 0x0005_2840); // INFO.PART
                put(&mut ficr, 0x104, 0x4141_4430); // INFO.VARIANT: AAD0
                let mut uicr = vec![0xff; 0x1000];
                let protected = state == DebugState::NrfApprotect;
                put(&mut uicr, 0x208, if protected { 0xffff_ff00 } else { 0x0000_005a });
                regions.push(Region { base: 0x1000_0000, bytes: ficr, writable: false });
                regions.push(Region { base: 0x1000_1000, bytes: uicr, writable: false });
            }
            Family::Stm32f407 => {
                let mut unique = vec![0; 0x20];
                for (at, word) in [(0x10, 0x0032_0041), (0x14, 0x3438_5119), (0x18, 0x3033_3930)] {
                    put(&mut unique, at, word);
                }
                regions.push(Region { base: 0x1FFF_7A00, bytes: unique, writable: false });
            }
            Family::Generic => {}
        }
        Self { family, regions, machine: None, erase_count: 0, may_be_erased: false }
    }

    /// From now on flash and SRAM are those of the machine behind that gdb stub.
    pub(super) fn read_through(&mut self, address: GdbAddress) {
        self.machine = Some(GdbStub::new(address));
    }

    /// Whether the machine whose memory this is has no power.
    pub(super) fn is_dead(&self) -> bool {
        self.machine.as_ref().is_some_and(GdbStub::is_gone)
    }

    /// Somebody knocks at the port: asks whether the machine has power now.
    pub(super) fn look_for_machine(&mut self) {
        if let Some(machine) = &mut self.machine {
            machine.look();
        }
    }

    /// Whether an address is in flash or SRAM.
    fn is_contents(&self, address: u32) -> bool {
        let within = |base: u32, len: usize| address.checked_sub(base).is_some_and(|at| (at as usize) < len);
        within(self.family.flash_base(), self.family.flash_len())
            || within(self.family.ram_base(), self.family.ram_len())
    }

    fn find(&mut self, address: u32, len: usize) -> Result<(&mut Region, usize), BusFault> {
        self.regions
            .iter_mut()
            .find_map(|region| {
                let at = address.checked_sub(region.base)? as usize;
                (at + len <= region.bytes.len()).then_some((region, at))
            })
            .ok_or(BusFault)
    }

    /// Reads 1, 2 or 4 bytes.
    pub(super) fn read(&mut self, state: DebugState, address: u32, len: usize) -> Result<u32, BusFault> {
        let flash = self.family.flash_base()..self.family.flash_base() + 0x10_0000;
        if state == DebugState::StmRdp1 && flash.contains(&address) {
            return Err(BusFault);
        }
        if self.family == Family::Stm32f407 && (0x4002_3C00..=0x4002_3C18).contains(&address) {
            let level = if state == DebugState::StmRdp1 { 0x55 } else { 0xAA };
            return Ok(if address == STM_FLASH_OPTCR { 0x0FFF_00ED | (level << 8) } else { 0 });
        }
        let contents = self.is_contents(address);
        let mut word = [0; 4];
        if let Some(machine) = self.machine.as_mut().filter(|_| contents) {
            word[..len].copy_from_slice(machine.read(address, len).ok_or(BusFault)?);
            return Ok(u32::from_le_bytes(word));
        }
        let (region, at) = self.find(address, len)?;
        word[..len].copy_from_slice(&region.bytes[at..at + len]);
        Ok(u32::from_le_bytes(word))
    }

    /// Writes 1, 2 or 4 bytes. Flash takes no plain bus write.
    pub(super) fn write(&mut self, address: u32, len: usize, value: u32) -> Result<(), BusFault> {
        let erases = match self.family {
            // MER or SER with STRT; any change of the option bytes, since lowering RDP erases all.
            Family::Stm32f407 => (address == STM_FLASH_CR && value & 0x1_0006 > 0x1_0000) || address == STM_FLASH_OPTCR,
            Family::Nrf52840 => NVMC_ERASE.contains(&address),
            Family::Generic => false,
        };
        if erases {
            self.erase_all();
            return Ok(());
        }
        if self.machine.is_some() && self.is_contents(address) {
            return Err(BusFault); // nobody writes into a machine through this port
        }
        let (region, at) = self.find(address, len)?;
        if !region.writable {
            return Err(BusFault);
        }
        region.bytes[at..at + len].copy_from_slice(&value.to_le_bytes()[..len]);
        Ok(())
    }

    /// What the firmware writes to flash: no debugger's doing.
    pub(super) fn store_flash(&mut self, offset: usize, bytes: &[u8]) {
        plant(&mut self.regions[FLASH].bytes, offset, bytes);
    }

    /// What the firmware writes to SRAM.
    pub(super) fn store_ram(&mut self, offset: usize, bytes: &[u8]) {
        plant(&mut self.regions[SRAM].bytes, offset, bytes);
    }

    /// Loses everything, and counts it. In a build for tests an order that nobody announced ends the whole process, and not
    /// only this task: so no test of any crate, and no run of the command line in one, can be green over an erased chip.
    pub(super) fn erase_all(&mut self) {
        self.erase_count += 1;
        if cfg!(debug_assertions) && !self.may_be_erased {
            // Written, not printed: what a test prints is kept back, and would end with the process.
            let text = format!(
                "somebody erased a virtual chip ({:?}): nothing may, unless a test announces it\n",
                self.family
            );
            let _ = std::io::stderr().write_all(text.as_bytes());
            std::process::abort();
        }
        for region in &mut self.regions {
            region.bytes.fill(if region.writable { 0 } else { 0xff });
        }
    }
}

fn put(bytes: &mut [u8], at: usize, word: u32) {
    bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
}
