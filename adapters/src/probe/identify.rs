//! Who is there: the identity registers on the way in.

use assay_model::Fault;
use assay_model::touch::probe::{Identity, Stage};
use probe_rs::architecture::arm::FullyQualifiedApAddress;

use super::chips::Chip;
use super::classify::Facts;
use super::link::{Link, Trying, hex};
use super::look::{access_ports, memory_ports};

/// Reads all identity registers that can be reached.
pub(super) fn identify(selector: &str, chip: Option<&str>, trying: Trying<'_>) -> Result<Identity, Fault> {
    let chip = Chip::named(chip)?;
    let mut link = Link::open(selector, trying)?;
    let mut identity = Identity { debug_port: link.dpidr.map(hex), ..Identity::default() };
    if link.is_up() {
        identity.access_ports = access_ports(&mut link, &mut Facts::default());
        if let Some(port) = memory_ports(&mut link, &identity.access_ports).into_iter().next() {
            match link.word("cpuid", &port, 0xE000_ED00) {
                Ok(cpuid) => {
                    identity.cpuid = Some(hex(cpuid));
                    identity.core = core_name(cpuid);
                    link.passed("cpuid", Some(cpuid), identity.core.clone());
                }
                Err(stage) => link.stages.push(stage),
            }
            match rom_table(&mut link, &port) {
                Ok((maker, part)) => {
                    identity.maker = Some(maker);
                    identity.part = Some(part);
                }
                Err(stage) => link.stages.push(stage),
            }
            if let Some((address, words)) = chip.unique_id {
                let read: Result<Vec<String>, Stage> = (0..words)
                    .map(|n| link.word("unique-id", &port, address + 4 * n as u64).map(|w| format!("{w:08x}")))
                    .collect();
                match read {
                    Ok(words) => identity.unique_id = Some(words.join("-")),
                    Err(stage) => link.stages.push(stage),
                }
            }
        }
    }
    identity.stages = link.stages;
    Ok(identity)
}

/// Maker and part number by the peripheral id of the ROM table that the access port's BASE register points to.
fn rom_table(link: &mut Link<'_>, port: &FullyQualifiedApAddress) -> Result<(String, String), Stage> {
    const STAGE: &str = "rom-table";
    const BASE: u64 = 0xF8;
    let base = link.ask(STAGE, |i| i.read_raw_ap_register(port, BASE))?;
    let mut id = [0; 5];
    // PIDR4 stands before PIDR0.
    for (word, offset) in id.iter_mut().zip([0xFE0, 0xFE4, 0xFE8, 0xFEC, 0xFD0]) {
        *word = link.word(STAGE, port, u64::from(base & !0xfff) + offset)?;
    }
    let part = (id[1] & 0xf) << 8 | id[0] & 0xff;
    let code = (id[2] & 7) << 4 | id[1] >> 4 & 0xf;
    Ok((maker_name(id[4] & 0xf, code), format!("{part:#05x}")))
}

/// Makers of microcontrollers by JEP106 bank (continuation codes) and identity code; the numbers for any other.
fn maker_name(bank: u32, code: u32) -> String {
    let name = match (bank, code) {
        (0, 0x15) => "NXP (Philips)",
        (0, 0x17) => "Texas Instruments",
        (0, 0x1F) => "Atmel",
        (0, 0x20) => "STMicroelectronics",
        (0, 0x41) => "Infineon",
        (2, 0x44) => "Nordic VLSI ASA",
        (4, 0x3B) => "ARM Ltd",
        (7, 0x51) => "GigaDevice Semiconductor",
        (9, 0x13) => "Raspberry Pi Trading Ltd.",
        _ => return format!("JEP106 bank {bank}, code {code:#04x}"),
    };
    name.to_owned()
}

/// Arm's own cores by part number in CPUID, with revision.
fn core_name(cpuid: u32) -> Option<String> {
    if cpuid >> 24 != 0x41 {
        return None;
    }
    let core = match cpuid >> 4 & 0xfff {
        0xC20 => "Cortex-M0",
        0xC60 => "Cortex-M0+",
        0xC21 => "Cortex-M1",
        0xC23 => "Cortex-M3",
        0xC24 => "Cortex-M4",
        0xC27 => "Cortex-M7",
        0xD20 => "Cortex-M23",
        0xD21 => "Cortex-M33",
        0xD22 => "Cortex-M55",
        0xD23 => "Cortex-M85",
        _ => return None,
    };
    Some(format!("{core} r{}p{}", cpuid >> 20 & 0xf, cpuid & 0xf))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_core_is_named_by_its_part_number() {
        assert_eq!(super::core_name(0x410F_C241).as_deref(), Some("Cortex-M4 r0p1"));
        assert_eq!(super::core_name(0), None);
    }
}
