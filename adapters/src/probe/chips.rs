//! What is known of a chip by its name: memory map from probe-rs's own list, and where its maker keeps the unique id and the
//! state of read-out protection.

use std::ops::Range;

use assay_model::Fault;
use assay_model::touch::probe::{MemoryMap, MemoryRange};
use probe_rs::config::{MemoryRegion, Registry};

/// Where a family keeps its read-out protection level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Protection {
    /// Byte address of the register that mirrors the option byte.
    pub(super) register: u64,
    /// Lowest bit of the RDP byte in it.
    pub(super) shift: u32,
}

/// A chip, as far as a look needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chip {
    /// Whether a name was given, so that the addresses are known to be mapped.
    pub(super) known: bool,
    pub(super) flash: Range<u64>,
    pub(super) sram: Range<u64>,
    /// Byte address and number of words of the unique id.
    pub(super) unique_id: Option<(u64, usize)>,
    pub(super) protection: Option<Protection>,
}

/// Start of the chip's name, unique id, protection register. From the makers' reference manuals; the STM32F4 and nRF52 rows
/// are the ones that the virtual target exercises.
type Row = (&'static str, (u64, usize), Option<Protection>);
const FAMILIES: [Row; 9] = [
    ("nRF52", (0x1000_0060, 2), None),
    ("STM32F2", (0x1FFF_7A10, 3), Some(Protection { register: 0x4002_3C14, shift: 8 })),
    ("STM32F4", (0x1FFF_7A10, 3), Some(Protection { register: 0x4002_3C14, shift: 8 })),
    ("STM32F7", (0x1FF0_F420, 3), Some(Protection { register: 0x4002_3C14, shift: 8 })),
    ("STM32L4", (0x1FFF_7590, 3), Some(Protection { register: 0x4002_2020, shift: 0 })),
    ("STM32G0", (0x1FFF_7590, 3), Some(Protection { register: 0x4002_2020, shift: 0 })),
    ("STM32G4", (0x1FFF_7590, 3), Some(Protection { register: 0x4002_2020, shift: 0 })),
    ("STM32F1", (0x1FFF_F7E8, 3), None),
    ("STM32F3", (0x1FFF_F7AC, 3), None),
];

/// SRAM that is searched at most where a chip is not known: 64 KiB at the place that the architecture gives it.
const ASSUMED_SRAM: Range<u64> = 0x2000_0000..0x2001_0000;
/// The same of flash: 64 KiB at address 0.
const ASSUMED_FLASH: Range<u64> = 0..0x1_0000;

impl Chip {
    /// The chip of that name; without a name, what the Cortex-M architecture lets one assume.
    pub(super) fn named(name: Option<&str>) -> Result<Self, Fault> {
        let Some(name) = name else {
            return Ok(Self {
                known: false,
                flash: ASSUMED_FLASH,
                sram: ASSUMED_SRAM,
                unique_id: None,
                protection: None,
            });
        };
        let registry = Registry::from_builtin_families();
        let target = registry.get_target_by_name(name).map_err(|e| {
            let near = registry.search_chips(&name.chars().take(7).collect::<String>());
            let fault = Fault::plan("unknown-chip", format!("probe-rs knows no chip `{name}`: {e}"));
            match near.first() {
                Some(first) => fault.with_help(format!("it knows {} of that family, such as `{first}`", near.len())),
                None => fault.with_help("name the chip as `probe-rs chip list` does"),
            }
        })?;
        let largest = |ranges: Vec<Range<u64>>| ranges.into_iter().max_by_key(|r| r.end - r.start);
        let rams: Vec<_> = target.memory_map.iter().filter_map(ram).collect();
        let flash = largest(target.memory_map.iter().filter_map(nvm).collect()).unwrap_or(ASSUMED_FLASH);
        // Debuggers' SRAM starts at 0x2000_0000 where the chip has any there; others lie behind a bus the port may not see.
        let sram = rams.iter().find(|r| r.contains(&ASSUMED_SRAM.start)).cloned().or_else(|| largest(rams.clone()));
        let row = FAMILIES.iter().find(|(prefix, ..)| name.to_lowercase().starts_with(&prefix.to_lowercase()));
        Ok(Self {
            known: true,
            flash,
            sram: sram.unwrap_or(ASSUMED_SRAM),
            unique_id: row.map(|(_, id, _)| *id),
            protection: row.and_then(|(.., protection)| *protection),
        })
    }

    /// Its flash and SRAM, for who wants to read them whole.
    pub(super) const fn map(&self) -> MemoryMap {
        const fn range(range: &Range<u64>) -> MemoryRange {
            MemoryRange { address: range.start, length: range.end - range.start }
        }
        MemoryMap { known: self.known, flash: range(&self.flash), sram: range(&self.sram) }
    }
}

fn ram(region: &MemoryRegion) -> Option<Range<u64>> {
    match region {
        MemoryRegion::Ram(ram) => Some(ram.range.clone()),
        _ => None,
    }
}

fn nvm(region: &MemoryRegion) -> Option<Range<u64>> {
    match region {
        MemoryRegion::Nvm(nvm) => Some(nvm.range.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_comes_with_the_name() {
        let st = Chip::named(Some("STM32F407VG")).expect("known");
        assert_eq!((st.flash.start, st.sram.start), (0x0800_0000, 0x2000_0000));
        assert_eq!(st.protection, Some(Protection { register: 0x4002_3C14, shift: 8 }));
        let nordic = Chip::named(Some("nRF52840_xxAA")).expect("known");
        assert_eq!((nordic.flash.clone(), nordic.unique_id), (0..0x10_0000, Some((0x1000_0060, 2))));
        assert!(!Chip::named(None).expect("assumed").known);
    }

    #[test]
    fn a_name_that_is_none_is_the_plans_fault_with_a_hint() {
        let fault = Chip::named(Some("STM32F499")).expect_err("unknown");
        assert_eq!(fault.code, "unknown-chip");
        assert!(fault.help.contains("STM32F4"), "{}", fault.help);
    }
}
