//! The private peripherals of a Cortex-M4: debug control, breakpoints, identity. The core itself only walks its program
//! counter.

use super::{DebugState, Family, rom_table};

const CPUID: u32 = 0xE000_ED00;
const AIRCR: u32 = 0xE000_ED0C;
const DFSR: u32 = 0xE000_ED30;
const DHCSR: u32 = 0xE000_EDF0;
const DCRSR: u32 = 0xE000_EDF4;
const DCRDR: u32 = 0xE000_EDF8;
const DEMCR: u32 = 0xE000_EDFC;
const FP_CTRL: u32 = 0xE000_2000;

const C_DEBUGEN: u32 = 1;
const C_HALT: u32 = 1 << 1;
const C_STEP: u32 = 1 << 2;
const C_MASKINTS: u32 = 1 << 3;
const S_REGRDY: u32 = 1 << 16;
const S_HALT: u32 = 1 << 17;
const S_RETIRE: u32 = 1 << 24;
const S_RESET: u32 = 1 << 25;
const VC_CORERESET: u32 = 1;
const DFSR_HALTED: u32 = 1;
const DFSR_VCATCH: u32 = 1 << 3;

/// Debug state of the core.
pub(super) struct CoreDebug {
    family: Family,
    /// Stack pointer and program counter after reset.
    vectors: (u32, u32),
    registers: [u32; 128],
    control: u32,
    halted: bool,
    reset_seen: bool,
    dcrdr: u32,
    demcr: u32,
    dfsr: u32,
    fp_control: u32,
    fp_compare: [u32; 8],
}

impl CoreDebug {
    pub(super) fn new(family: Family, vectors: (u32, u32)) -> Self {
        let mut core = Self {
            family,
            vectors,
            registers: [0; 128],
            control: 0,
            halted: false,
            reset_seen: true,
            dcrdr: 0,
            demcr: 0,
            dfsr: 0,
            fp_control: 0,
            fp_compare: [0; 8],
        };
        core.reset();
        core
    }

    /// A system reset. The core stays halted where vector catch is armed and halting debug enabled.
    pub(super) fn reset(&mut self) {
        self.registers = [0; 128];
        self.registers[13] = self.vectors.0;
        self.registers[15] = self.vectors.1 & !1;
        self.registers[16] = 1 << 24; // Thumb state
        self.registers[17] = self.vectors.0;
        self.halted = self.demcr & VC_CORERESET != 0 && self.control & C_DEBUGEN != 0;
        self.reset_seen = true;
        if self.halted {
            self.dfsr |= DFSR_VCATCH;
        }
    }

    /// Reads the word at `address`, which is 4-byte aligned and at or above 0xE000_0000.
    pub(super) fn read(&mut self, address: u32) -> u32 {
        match address {
            CPUID => 0x410F_C241, // Cortex-M4 r0p1
            AIRCR => 0xFA05_0000,
            DFSR => self.dfsr,
            0xE000_EF40 => 0x1011_0021, // MVFR0: single precision
            0xE000_EF44 => 0x1100_0011,
            DHCSR => {
                let mut value = self.control | S_REGRDY;
                value |= if self.halted { S_HALT } else { S_RETIRE };
                if std::mem::take(&mut self.reset_seen) {
                    value |= S_RESET;
                }
                value
            }
            DCRDR => self.dcrdr,
            DEMCR => self.demcr,
            FP_CTRL => 0x0260 | self.fp_control, // six code comparators
            0xE000_2008..=0xE000_2024 => self.fp_compare[(address as usize - 0xE000_2008) / 4],
            0xE000_1000 => 0x4000_0000,                                     // DWT_CTRL
            0xE004_2000 if self.family == Family::Stm32f407 => 0x1007_6413, // DBGMCU_IDCODE
            _ if address & !0xfff == rom_table::BASE => rom_table::table(self.family, address & 0xfff),
            _ if address & 0xfff >= 0xfd0 => rom_table::component(address & 0xfff),
            _ => 0,
        }
    }

    /// Writes the word at `address`, under the same conditions.
    pub(super) fn write(&mut self, state: DebugState, address: u32, value: u32) {
        match address {
            DFSR => self.dfsr &= !value,
            DHCSR if value >> 16 == 0xA05F && state.core_debug() => self.set_control(value),
            DCRSR => {
                let register = (value & 0x7f) as usize;
                if value & (1 << 16) != 0 {
                    self.registers[register] = self.dcrdr;
                } else {
                    self.dcrdr = self.registers[register];
                }
            }
            DCRDR => self.dcrdr = value,
            DEMCR => self.demcr = value,
            AIRCR if value >> 16 == 0x05FA && value & 4 != 0 => self.reset(),
            FP_CTRL if value & 2 != 0 => self.fp_control = value & 1,
            0xE000_2008..=0xE000_2024 => self.fp_compare[(address as usize - 0xE000_2008) / 4] = value,
            _ => {}
        }
    }

    fn set_control(&mut self, value: u32) {
        let was_halted = self.halted;
        self.control = value & (C_DEBUGEN | C_HALT | C_STEP | C_MASKINTS);
        if value & C_DEBUGEN == 0 {
            self.control = 0;
            self.halted = false;
        } else if value & C_HALT != 0 {
            self.halted = true;
            self.dfsr |= DFSR_HALTED;
        } else if value & C_STEP != 0 && was_halted {
            self.registers[15] = self.registers[15].wrapping_add(2);
            self.dfsr |= DFSR_HALTED;
        } else {
            self.halted = false;
        }
    }
}
