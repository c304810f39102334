//! The chips that can be imitated: memory map and identity registers.

use serde::{Deserialize, Serialize};

/// A chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Nordic nRF52840: Cortex-M4F, a CTRL-AP beside the memory access port.
    Nrf52840,
    /// ST STM32F407: Cortex-M4F, read-out protection by option byte.
    Stm32f407,
    /// A Cortex-M4 of no particular maker.
    Generic,
}

/// A designer and part number as a ROM table states them.
pub(super) struct PartId {
    /// JEP106 continuation code.
    pub(super) bank: u32,
    /// JEP106 identity code.
    pub(super) maker: u32,
    /// Part number, 12 bits.
    pub(super) part: u32,
}

impl Family {
    /// The name by which probe-rs knows the chip.
    #[must_use]
    pub const fn chip(self) -> &'static str {
        match self {
            Self::Nrf52840 => "nRF52840_xxAA",
            Self::Stm32f407 => "STM32F407VG",
            Self::Generic => "Cortex-M4",
        }
    }

    /// Byte address of the first byte of flash.
    #[must_use]
    pub const fn flash_base(self) -> u32 {
        match self {
            Self::Nrf52840 | Self::Generic => 0,
            Self::Stm32f407 => 0x0800_0000,
        }
    }

    /// Size of flash in bytes.
    #[must_use]
    pub const fn flash_len(self) -> usize {
        match self {
            Self::Nrf52840 | Self::Stm32f407 => 0x10_0000,
            Self::Generic => 0x4_0000,
        }
    }

    /// Byte address of the first byte of SRAM.
    #[must_use]
    pub const fn ram_base(self) -> u32 {
        0x2000_0000
    }

    /// Size of SRAM in bytes.
    #[must_use]
    pub const fn ram_len(self) -> usize {
        match self {
            Self::Nrf52840 => 0x4_0000,
            Self::Stm32f407 => 0x2_0000,
            Self::Generic => 0x1_0000,
        }
    }

    pub(super) const fn part_id(self) -> PartId {
        match self {
            Self::Nrf52840 => PartId { bank: 2, maker: 0x44, part: 0x008 },
            Self::Stm32f407 => PartId { bank: 0, maker: 0x20, part: 0x413 },
            Self::Generic => PartId { bank: 4, maker: 0x3b, part: 0x4c4 },
        }
    }
}
