//! From the stages of a look to one word. `locked` needs a statement of the DUT; a fault or silence alone proves nothing.

use assay_model::touch::probe::{PortState, Stage, StageOutcome};

/// What the look found, beside its stages.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Facts {
    /// Every access port's IDR reads zero, without a fault.
    pub(super) no_ports: bool,
    /// Reading an IDR faulted.
    pub(super) ports_faulted: bool,
    /// Every memory access port says DeviceEn = 0.
    pub(super) ports_disabled: bool,
    /// The CTRL-AP says protected.
    pub(super) ctrl_ap_locked: bool,
    /// CPUID was read.
    pub(super) cpuid: bool,
    /// SRAM was read.
    pub(super) sram: bool,
    /// Flash was read.
    pub(super) flash: bool,
    /// The option byte's level.
    pub(super) protection_level: Option<u8>,
    /// The core takes halting debug.
    pub(super) core_debug: Option<bool>,
}

/// The word, and what it rests on.
pub(super) fn classify(stages: &[Stage], facts: &Facts) -> (PortState, &'static str) {
    let outcome = |name: &str| stages.iter().rev().find(|s| s.name == name).map(|s| s.outcome);
    match outcome("probe") {
        Some(StageOutcome::Ok) => {}
        Some(StageOutcome::Missing) => return (PortState::ProbeMissing, "probe-not-found"),
        _ => return (PortState::ProbeMissing, "probe-not-usable"),
    }
    match outcome("debug-port") {
        Some(StageOutcome::Ok) => {}
        Some(StageOutcome::Silent) => return (PortState::Silent, "no-acknowledge"),
        Some(StageOutcome::Garbled) => return (PortState::WiringFault, "garbled-answer"),
        _ => return (PortState::Unknown, "no-debug-port"),
    }
    // Who has answered once and then falls silent has lost a wire, or took the pins away meanwhile.
    if stages.iter().any(|s| matches!(s.outcome, StageOutcome::Silent | StageOutcome::Garbled | StageOutcome::Missing))
    {
        return (PortState::WiringFault, "contact-lost");
    }
    if outcome("power-up") != Some(StageOutcome::Ok) {
        return (PortState::Unknown, "power-up-denied");
    }
    if facts.flash {
        return match facts.core_debug {
            Some(true) => (PortState::Open, "flash-read"),
            _ => (PortState::PartlyOpen, "flash-read-core-debug-refused"),
        };
    }
    if facts.sram || facts.cpuid {
        return match facts.protection_level {
            Some(1..) => (PortState::PartlyOpen, "read-protection-stated"),
            _ if facts.sram => (PortState::PartlyOpen, "sram-read"),
            _ => (PortState::PartlyOpen, "core-reached"),
        };
    }
    if facts.ctrl_ap_locked {
        (PortState::Locked, "ctrl-ap")
    } else if facts.ports_disabled {
        (PortState::Locked, "access-port-disabled")
    } else if facts.no_ports {
        (PortState::Locked, "no-access-port")
    } else if stages.iter().any(|s| s.outcome == StageOutcome::Busy) {
        (PortState::Unknown, "busy")
    } else {
        (PortState::Unknown, "access-refused")
    }
}
