//! The CoreSight ROM table and the identity registers of the components it points to.

use super::Family;

/// Where it stands.
pub(super) const BASE: u32 = 0xE00F_F000;

/// A word of the table at a byte offset below 0x1000.
pub(super) fn table(family: Family, offset: u32) -> u32 {
    let id = family.part_id();
    match offset {
        0x00 => 0xFFF0_F003, // SCS
        0x04 => 0xFFF0_2003, // DWT
        0x08 => 0xFFF0_3003, // FPB
        0x0C => 0xFFF0_1003, // ITM
        0xFCC => 1,          // MEMTYPE: system memory on this bus
        0xFD0 => id.bank,
        0xFE0 => id.part & 0xff,
        0xFE4 => (id.maker & 0xf) << 4 | id.part >> 8,
        0xFE8 => 0x8 | (id.maker >> 4 & 7),
        0xFF4 => 0x10, // class 1: ROM table
        _ => preamble(offset),
    }
}

/// Identity registers of an Arm component (SCS and its neighbours) at a byte offset into its page.
pub(super) fn component(offset: u32) -> u32 {
    match offset {
        0xFD0 => 0x04, // JEP106 bank 4, 0x3B: Arm
        0xFE0 => 0x0C,
        0xFE4 => 0xB0,
        0xFE8 => 0x0B,
        0xFF4 => 0xE0, // class 14: generic IP
        _ => preamble(offset),
    }
}

/// The component id preamble that every page ends with.
const fn preamble(offset: u32) -> u32 {
    match offset {
        0xFF0 => 0x0D,
        0xFF8 => 0x05,
        0xFFC => 0xB1,
        _ => 0,
    }
}
