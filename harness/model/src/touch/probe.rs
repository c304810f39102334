//! The debug probe on a DUT's SWD or JTAG port: looks and reads. There is no request that erases, halts or writes flash.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Payload;

/// The debug probe.
pub struct Probe;

impl super::Protocol for Probe {
    const NAME: &'static str = "probe";
    type Request = ProbeRequest;
    type Response = ProbeResponse;
}

/// What can be asked, and through which probe.
#[derive(Debug, Clone, Serialize)]
pub struct ProbeRequest {
    /// Selector of another probe than the bench's own, `VID:PID:SERIAL`; never one on the network that the bench does not
    /// name.
    pub probe: Option<String>,
    /// Another chip name than the bench's own, as probe-rs knows it.
    pub chip: Option<String>,
    /// The question.
    pub ask: ProbeAsk,
}

impl ProbeRequest {
    /// Asks through the bench's own probe.
    #[must_use]
    pub const fn new(ask: ProbeAsk) -> Self {
        Self { probe: None, chip: None, ask }
    }
}

/// The questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeAsk {
    /// The probes that this host can see.
    List,
    /// Who is there: debug port, access ports, core, maker, part, unique id.
    Identify,
    /// The staged look: how far a debugger gets.
    LockState,
    /// Where the named chip has flash and SRAM: known of the chip, nothing is asked of the DUT.
    MemoryMap,
    /// The devices on the JTAG chain.
    JtagScan,
    /// Reads memory, until the DUT refuses.
    ReadMemory {
        /// Byte address.
        address: u64,
        /// How many bytes; at most [`MAX_READ`].
        length: u32,
    },
    /// Reads the SEGGER RTT log out of SRAM without moving its read pointer, so that the firmware notices nothing.
    RttLog {
        /// Goes on reading what is written for so long, in milliseconds; 0 takes what stands there.
        within_ms: u32,
        /// Bytes per channel, at most.
        max_bytes: u32,
    },
}

/// Bytes that one [`ProbeAsk::ReadMemory`] returns at most: more goes by several requests, each an exchange of its own.
pub const MAX_READ: u32 = 256 * 1024;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeResponse {
    /// Answer to `List`.
    Probes {
        /// In the order of the drivers.
        probes: Vec<FoundProbe>,
    },
    /// Answer to `Identify`.
    Identity(Identity),
    /// Answer to `LockState`.
    Look(Look),
    /// Answer to `MemoryMap`.
    MemoryMap(MemoryMap),
    /// Answer to `JtagScan`.
    JtagScan(JtagScan),
    /// Answer to `ReadMemory`.
    Memory {
        /// What was read, from the first byte on.
        bytes: Payload,
        /// Why not all: the stage that failed.
        stopped: Option<Stage>,
    },
    /// Answer to `RttLog`.
    Rtt(RttLog),
}

/// What a debugger gets to see of a debug port, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PortState {
    /// The DUT states that access is off, and nothing could be read.
    Locked,
    /// Flash can be read and the core can be debugged.
    Open,
    /// Some of core, SRAM and flash can be reached.
    PartlyOpen,
    /// Nothing answers: dead pins, no power or no wire. Says nothing without a second witness.
    Silent,
    /// Something answers, but not cleanly.
    WiringFault,
    /// The probe is not there.
    ProbeMissing,
    /// The port answers, refuses, and states no reason.
    Unknown,
}

impl PortState {
    /// The word in observations.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Open => "open",
            Self::PartlyOpen => "partly-open",
            Self::Silent => "silent",
            Self::WiringFault => "wiring-fault",
            Self::ProbeMissing => "probe-missing",
            Self::Unknown => "unknown",
        }
    }
}

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StageOutcome {
    /// As asked.
    Ok,
    /// The DUT answered FAULT, or what it answered means no.
    Refused,
    /// Nobody acknowledged.
    Silent,
    /// An answer with broken parity or no known acknowledge.
    Garbled,
    /// WAIT, for ever.
    Busy,
    /// A status that should have changed did not.
    TimedOut,
    /// The probe is not there.
    Missing,
    /// Anything else: see the text.
    Failed,
}

/// One step of a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stage {
    /// `probe`, `debug-port`, `power-up`, `access-ports`, `ctrl-ap`, `cpuid`, `sram`, `flash`, `read-protection`,
    /// `core-debug`.
    pub name: String,
    /// How it ended.
    pub outcome: StageOutcome,
    /// What was read, usually in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What it means, or what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The staged look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// The word.
    pub state: PortState,
    /// What the word rests on: `flash-read`, `ctrl-ap`, `access-port-disabled`, ...
    pub basis: String,
    /// The steps, in order, up to where no further one made sense.
    pub stages: Vec<Stage>,
    /// Voltage on the probe's reference pin, in millivolts, where the probe can measure it.
    pub target_mv: Option<u32>,
}

/// Who is there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// DPIDR (IDCODE), `0x2ba01477`.
    pub debug_port: Option<String>,
    /// Access ports that exist.
    pub access_ports: Vec<AccessPort>,
    /// CPUID register.
    pub cpuid: Option<String>,
    /// The core it stands for: `Cortex-M4 r0p1`.
    pub core: Option<String>,
    /// Maker, from the ROM table (JEP106).
    pub maker: Option<String>,
    /// Part number, from the ROM table.
    pub part: Option<String>,
    /// The chip's unique id, where the chip was named and has one at a known place.
    pub unique_id: Option<String>,
    /// The steps.
    pub stages: Vec<Stage>,
}

/// An access port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccessPort {
    /// Its number.
    pub index: u8,
    /// Its identification register.
    pub idr: String,
    /// `memory`, `nordic-ctrl` or `other`.
    pub kind: String,
    /// Whether a memory access port says that it transfers (CSW.DeviceEn).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Flash and SRAM of a chip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryMap {
    /// False where no chip was named, and the ranges are what the architecture lets one assume.
    pub known: bool,
    /// Flash.
    pub flash: MemoryRange,
    /// SRAM.
    pub sram: MemoryRange,
}

/// A range of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryRange {
    /// Byte address of its first byte.
    pub address: u64,
    /// Its bytes.
    pub length: u64,
}

/// The JTAG chain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct JtagScan {
    /// Whether the probe can speak JTAG at all; if not, nothing was asked.
    pub supported: bool,
    /// The devices, in the order of the chain.
    pub devices: Vec<JtagDevice>,
    /// What kept the scan from its end.
    pub stopped: Option<Stage>,
}

/// A device on a JTAG chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JtagDevice {
    /// Its IDCODE with what that says; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idcode: Option<String>,
    /// Bits of its instruction register.
    pub ir_bits: u8,
}

/// The SEGGER RTT log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RttLog {
    /// Byte address of the control block; `None`: there is none in SRAM.
    pub control_block: Option<u64>,
    /// Its up channels.
    pub channels: Vec<RttChannel>,
    /// Bytes of SRAM that were searched.
    pub searched: u64,
    /// What kept the search or the reading from its end.
    pub stopped: Option<Stage>,
}

/// One channel from firmware to host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RttChannel {
    /// Its name: `Terminal`.
    pub name: String,
    /// What its ring held, oldest first, and what came afterwards.
    pub bytes: Payload,
}

/// A probe that this host can see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FoundProbe {
    /// `VID:PID:SERIAL`, ready for a bench file.
    pub selector: String,
    /// What it calls itself.
    pub name: String,
    /// The driver's name.
    pub driver: String,
    /// Whether this user may open it.
    pub accessible: bool,
    /// The next thing to do, where something is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}
