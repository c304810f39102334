//! The states a debug port can be found in, as one word each, and what each means to the layers of the model.

use serde::{Deserialize, Serialize};

/// How the port defends itself, or what is wrong with the wire or the probe in front of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DebugState {
    /// Everything can be read.
    #[default]
    Open,
    /// nRF52 APPROTECT: the memory access port is disabled and the CTRL-AP says so.
    NrfApprotect,
    /// STM32 read-out protection level 1: the core and SRAM answer, flash faults.
    StmRdp1,
    /// STM32 level 2, a blown fuse, pins given to the firmware: nobody answers.
    PinsDead,
    /// The debug port answers and has no access port: every IDR reads zero.
    ApOff,
    /// The memory access port is there with CSW.DeviceEn = 0.
    ApDisabled,
    /// Every access to an access port faults.
    ApFaults,
    /// DBGEN low: memory can be read, the core refuses halting debug.
    DbgenOff,
    /// The power controller never acknowledges the debug power-up request.
    PowerUpDenied,
    /// No wire, or no power on the target.
    WireOpen,
    /// SWDIO shorted to ground.
    SwdioStuckLow,
    /// Read data arrive with a wrong parity bit.
    ParityErrors,
    /// Access ports answer WAIT for ever.
    WaitForever,
    /// Good for so many transfers, then the cable drops out.
    CableLost {
        /// Transfers until then.
        after: u32,
    },
    /// Nothing listens where the probe should be.
    ProbeMissing,
    /// The probe accepts commands and stops answering.
    ProbeStalled {
        /// Commands answered until then.
        after: u32,
    },
}

impl DebugState {
    /// Every state, with numbers that strike in the middle of a staged look.
    pub const ALL: [Self; 16] = [
        Self::Open,
        Self::NrfApprotect,
        Self::StmRdp1,
        Self::PinsDead,
        Self::ApOff,
        Self::ApDisabled,
        Self::ApFaults,
        Self::DbgenOff,
        Self::PowerUpDenied,
        Self::WireOpen,
        Self::SwdioStuckLow,
        Self::ParityErrors,
        Self::WaitForever,
        Self::CableLost { after: 60 },
        Self::ProbeMissing,
        Self::ProbeStalled { after: 40 },
    ];

    /// Whether the memory access port transfers anything.
    pub(super) const fn ahb_enabled(self) -> bool {
        !matches!(self, Self::NrfApprotect | Self::ApDisabled)
    }

    /// Whether the core takes halting debug.
    pub(super) const fn core_debug(self) -> bool {
        !matches!(self, Self::DbgenOff)
    }

    /// Whether the debug power domain comes up on request.
    pub(super) const fn grants_power_up(self) -> bool {
        !matches!(self, Self::PowerUpDenied)
    }

    /// Whether read data are corrupted on their way: for the front ends, since the debug port itself does not notice.
    #[must_use]
    pub const fn corrupts_reads(self) -> bool {
        matches!(self, Self::ParityErrors)
    }
}
