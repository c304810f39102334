//! The staged look: one small step at a time, each kept, none that halts the core or runs a vendor's code.

use assay_model::Fault;
use assay_model::touch::probe::{AccessPort, Look, Stage, StageOutcome};
use probe_rs::architecture::arm::FullyQualifiedApAddress;
use probe_rs::architecture::arm::dp::DpAddress;

use super::chips::Chip;
use super::classify::{Facts, classify};
use super::link::{Link, Trying, hex};

const CSW: u64 = 0x00;
const APPROTECTSTATUS: u64 = 0x0C;
const IDR: u64 = 0xFC;
const NORDIC_CTRL_AP: u32 = 0x0288_0000;
const CPUID: u64 = 0xE000_ED00;
const DHCSR: u64 = 0xE000_EDF0;
const DBGKEY: u32 = 0xA05F_0000;
const C_DEBUGEN: u32 = 1;

/// Access ports that fault before the scan gives up: each costs a new connection.
const MAX_FAULTING: usize = 2;

/// In place of an IDR where ports have addresses, not numbers.
const ADIV6: &str = "(ADIv6)";

/// Looks at the lock of the DUT behind the probe.
pub(super) fn look(selector: &str, chip: Option<&str>, trying: Trying<'_>) -> Result<Look, Fault> {
    let chip = Chip::named(chip)?;
    let mut link = Link::open(selector, trying)?;
    let mut facts = Facts::default();
    if link.is_up() {
        let ports = access_ports(&mut link, &mut facts);
        ctrl_ap(&mut link, &ports, &mut facts);
        // Every one of them: the port in front of a second core or bus may be open where the first is not.
        for port in memory_ports(&mut link, &ports) {
            reads(&mut link, &port, &chip, &mut facts);
        }
    }
    let (state, basis) = classify(&link.stages, &facts);
    Ok(Look { state, basis: basis.into(), stages: link.stages, target_mv: link.target_mv })
}

/// Every access port that exists, by its IDR; a port whose IDR is zero does not.
pub(super) fn access_ports(link: &mut Link<'_>, facts: &mut Facts) -> Vec<AccessPort> {
    const STAGE: &str = "access-ports";
    let mut ports = Vec::new();
    if link.dpidr.is_some_and(|id| id >> 12 & 0xf >= 3) {
        // ADIv6: ports stand in an address space, found through its own ROM table.
        match link.ask(STAGE, |i| i.access_ports(DpAddress::Default)) {
            Ok(found) => ports.extend((0..found.len().min(255)).map(|n| AccessPort {
                index: n as u8,
                idr: ADIV6.into(),
                kind: "memory".into(),
                enabled: None,
            })),
            Err(stage) => {
                facts.ports_faulted = true;
                link.stages.push(stage);
                return ports;
            }
        }
    } else {
        let mut faulting = 0;
        for index in 0..=u8::MAX {
            match link.ap_register(STAGE, index, IDR) {
                Ok(0) => {}
                Ok(idr) => ports.push(describe(link, index, idr)),
                Err(stage) => {
                    facts.ports_faulted = true;
                    faulting += 1;
                    let gone = stage.outcome != StageOutcome::Refused;
                    link.stages.push(Stage { text: stage.text.map(|t| format!("port {index}: {t}")), ..stage });
                    if gone || faulting == MAX_FAULTING {
                        return ports;
                    }
                }
            }
        }
    }
    let list: Vec<String> = ports.iter().map(|p| format!("{}: {} {}", p.index, p.kind, p.idr)).collect();
    facts.no_ports = ports.is_empty() && !facts.ports_faulted;
    facts.ports_disabled = all_disabled(&ports);
    let text = if list.is_empty() { "none exists".into() } else { list.join(", ") };
    link.passed(STAGE, None, Some(text));
    ports
}

fn describe(link: &mut Link<'_>, index: u8, idr: u32) -> AccessPort {
    // Class 8 in bits 16:13 is a memory access port.
    let memory = idr >> 13 & 0xf == 8;
    let kind = match idr {
        NORDIC_CTRL_AP => "nordic-ctrl",
        _ if memory => "memory",
        _ => "other",
    };
    let csw = if memory { link.ap_register("access-ports", index, CSW).ok() } else { None };
    AccessPort { index, idr: hex(idr), kind: kind.into(), enabled: csw.map(|csw| csw & 0x40 != 0) }
}

fn ctrl_ap(link: &mut Link<'_>, ports: &[AccessPort], facts: &mut Facts) {
    const STAGE: &str = "ctrl-ap";
    let Some(port) = ports.iter().find(|p| p.kind == "nordic-ctrl") else { return };
    match link.ap_register(STAGE, port.index, APPROTECTSTATUS) {
        Ok(status) => {
            facts.ctrl_ap_locked = status & 1 == 0;
            let text = if facts.ctrl_ap_locked { "protected" } else { "not protected" };
            link.passed(STAGE, Some(status), Some(format!("APPROTECTSTATUS: {text}")));
        }
        Err(stage) => link.stages.push(stage),
    }
}

/// Whether there are memory access ports and each of them says that it transfers nothing.
fn all_disabled(ports: &[AccessPort]) -> bool {
    let mut memory = ports.iter().filter(|p| p.kind == "memory").peekable();
    memory.peek().is_some() && memory.all(|p| p.enabled == Some(false))
}

/// The memory access ports; the first is, on a Cortex-M, the one in front of the core.
pub(super) fn memory_ports(link: &mut Link<'_>, ports: &[AccessPort]) -> Vec<FullyQualifiedApAddress> {
    if ports.iter().any(|p| p.idr == ADIV6) {
        let found = link.ask("access-ports", |i| i.access_ports(DpAddress::Default));
        return found.map(|ports| ports.into_iter().collect()).unwrap_or_default();
    }
    let memory = ports.iter().filter(|p| p.kind == "memory");
    memory.map(|p| FullyQualifiedApAddress::v1_with_default_dp(p.index)).collect()
}

fn reads(link: &mut Link<'_>, port: &FullyQualifiedApAddress, chip: &Chip, facts: &mut Facts) {
    let cpuid = read(link, port, "cpuid", CPUID, None);
    facts.cpuid |= cpuid;
    facts.sram |= read(link, port, "sram", chip.sram.start, None);
    let assumed = (!chip.known).then(|| "no chip is named: address 0 is assumed to be flash".to_owned());
    facts.flash |= read(link, port, "flash", chip.flash.start, assumed);
    if let Some(protection) = chip.protection {
        match link.word("read-protection", port, protection.register) {
            Ok(value) => {
                let rdp = value >> protection.shift & 0xff;
                let level = match rdp {
                    0xAA => 0,
                    0xCC => 2,
                    _ => 1,
                };
                facts.protection_level = Some(level);
                let text = format!("RDP byte {rdp:#04x}: level {level}");
                link.passed("read-protection", Some(value), Some(text));
            }
            Err(stage) => link.stages.push(stage),
        }
    }
    if cpuid {
        core_debug(link, port, facts);
    }
}

fn read(link: &mut Link<'_>, port: &FullyQualifiedApAddress, stage: &str, address: u64, text: Option<String>) -> bool {
    match link.word(stage, port, address) {
        Ok(word) => {
            let at = format!("at {address:#010x}");
            link.passed(stage, Some(word), Some(text.map_or(at.clone(), |t| format!("{at}; {t}"))));
            true
        }
        Err(failed) => {
            link.stages.push(failed);
            false
        }
    }
}

/// Whether the core takes halting debug: sets C_DEBUGEN, looks, and puts it back. The core goes on running.
fn core_debug(link: &mut Link<'_>, port: &FullyQualifiedApAddress, facts: &mut Facts) {
    const STAGE: &str = "core-debug";
    let seen = link.ask(STAGE, |i| {
        let mut memory = i.memory_interface(port)?;
        let before = memory.read_word_32(DHCSR)?;
        if before & C_DEBUGEN != 0 {
            return Ok(before);
        }
        memory.write_word_32(DHCSR, DBGKEY | C_DEBUGEN)?;
        let seen = memory.read_word_32(DHCSR)?;
        memory.write_word_32(DHCSR, DBGKEY)?;
        memory.flush()?;
        Ok(seen)
    });
    match seen {
        Ok(value) if value & C_DEBUGEN != 0 => {
            facts.core_debug = Some(true);
            link.passed(STAGE, Some(value), Some("C_DEBUGEN can be set".into()));
        }
        Ok(value) => {
            facts.core_debug = facts.core_debug.or(Some(false));
            link.stages.push(Stage {
                name: STAGE.into(),
                outcome: StageOutcome::Refused,
                value: Some(hex(value)),
                text: Some("C_DEBUGEN stays clear: the core refuses halting debug".into()),
            });
        }
        Err(stage) => link.stages.push(stage),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_disabled_port_of_two_is_no_lock() {
        let port = |index, kind: &str, enabled| AccessPort { index, idr: String::new(), kind: kind.into(), enabled };
        assert!(!all_disabled(&[]));
        assert!(!all_disabled(&[port(1, "nordic-ctrl", None)]));
        assert!(all_disabled(&[port(0, "memory", Some(false)), port(1, "nordic-ctrl", None)]));
        assert!(!all_disabled(&[port(0, "memory", Some(false)), port(1, "memory", Some(true))]));
        assert!(!all_disabled(&[port(0, "memory", Some(false)), port(1, "memory", None)]));
    }
}
