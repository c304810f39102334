//! A bench: one station with its DUTs, what it permits, and where its resources come from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{AddressBook, Diagnostic, Effect, Fault, Recorder, SampleId, Touches};

/// How hard a bench may press a DUT. Defaults suit a small embedded device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// New connections a second, at most.
    pub connects_per_s: u32,
    /// Handshakes under way at once, at most.
    pub half_open: u32,
    /// Wrong logons per mechanism and unit, at most.
    pub tries_per_mechanism: u32,
    /// Pause between two logons, in milliseconds.
    pub pause_ms: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connects_per_s: 2_000, half_open: 64, tries_per_mechanism: 10, pause_ms: 200 }
    }
}

/// An item of the equipment register (ISO/IEC 17025 6.4.13).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Equipment {
    /// The lab's id for it.
    pub id: String,
    /// `power-supply`, `debug-probe`, `serial-adapter`.
    pub kind: String,
    /// The maker's serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Firmware, where it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// ISO date when calibration is next due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration_due: Option<String>,
    /// ISO date when the check between calibrations is next due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_due: Option<String>,
}

/// One device under test, as the bench and the dossier know it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Dut {
    /// `s1`.
    pub id: String,
    /// Address or name, as plans use it in `${dut.host}`; absent where the DUT has no network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The tty of its console, as `${dut.console}`; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<String>,
    /// The debug probe on its port, as `${dut.probe}`; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<DutProbe>,
    /// Label data and custody from the dossier's `samples`: serial, mac, ssid, batch; a secret stands as its tag.
    #[serde(default)]
    pub label: BTreeMap<String, Value>,
    /// `network`, `console`, `power`, `labels`, `documents`, `probe`: what a unit's `needs` is held against.
    #[serde(default)]
    pub provides: Vec<String>,
    /// Ports that accepted on the DUT's address before the DUT was started: listed, never judged.
    #[serde(default)]
    pub foreign_ports: Vec<u16>,
    /// The same over UDP: other programs' ports that datagrams to the DUT's address reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_datagrams: Vec<u16>,
}

/// The debug probe on a DUT's port, as expressions see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutProbe {
    /// `VID:PID:SERIAL`, or a place on the network.
    pub selector: String,
    /// The chip behind it, as probe-rs knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip: Option<String>,
    /// A unit whose port is known to be open, on the same fixture; absent where the bench has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub golden: Option<GoldenUnit>,
}

/// A unit that is known to answer: what it shows proves probe, fixture and wires.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoldenUnit {
    /// Selector of the probe that its port hangs on.
    pub selector: String,
    /// Its chip, where it is not the DUT's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip: Option<String>,
}

/// The provider's part of a bench file: key and value of `provider:`, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchRequest {
    /// The bench's name.
    pub bench: String,
    /// `virtual`, `local`, `qemu`, `labgrid`.
    pub provider: String,
    /// The whole mapping under `provider:`, as JSON.
    pub settings: Value,
    /// The `duts:` list, as JSON objects.
    pub duts: Vec<Value>,
    /// Samples of the dossier (id and label data, secrets in clear), as JSON objects.
    pub samples: Vec<Value>,
    /// Defects to seed (virtual benches only).
    pub defects: Vec<String>,
    /// How many samples were asked for on the command line.
    pub sample_count: Option<u32>,
    /// The folder of the bench file, for its own relative paths.
    pub folder: PathBuf,
    /// The folder of the dossier, for documents that it names; `None` where there is no dossier.
    pub dossier: Option<PathBuf>,
    /// What the bench permits.
    pub permits: Vec<Effect>,
    /// Limits on rate and tries.
    pub limits: Limits,
}

/// Where a DUT came from, for the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutOrigin {
    /// `virtual camera`, `local`, `qemu virt`.
    pub kind: String,
    /// Seeded defects.
    #[serde(default)]
    pub defects: Vec<String>,
}

/// Kinds of bench. The visible list of them stands in `adapters`.
#[async_trait]
pub trait BenchProvider: Send + Sync {
    /// The word under `provider:`.
    fn name(&self) -> &'static str;

    /// Looks at the settings without opening anything; every mistake at once. Spans are filled in by the loader, which
    /// points at the `provider:` key where a diagnostic has none.
    fn lint(&self, request: &BenchRequest) -> Vec<Diagnostic>;

    /// What each of its DUTs will have, in the words of a unit's `needs`, as far as the settings tell without opening
    /// anything. `None`: what the DUTs of the bench file have keys for.
    fn provides(&self, _request: &BenchRequest) -> Option<Vec<&'static str>> {
        None
    }

    /// Starts or leases what the bench needs. Called after the whole plan has resolved.
    ///
    /// # Errors
    /// Port taken, permission missing, host unknown: always with help.
    async fn open(&self, request: &BenchRequest) -> Result<Box<dyn OpenBench>, Fault>;
}

/// A DUT with the ways of touching it.
pub struct OpenDut {
    /// The DUT.
    pub dut: Arc<Dut>,
    /// Where it came from.
    pub origin: DutOrigin,
    /// Label data that the provider knows and the dossier may not (virtual samples): secrets in clear, as
    /// `{"secret": {"label": "..."}}`.
    pub label: BTreeMap<String, Value>,
}

/// A bench in use.
#[async_trait]
pub trait OpenBench: Send + Sync {
    /// Its DUTs, in the order of the bench file.
    fn duts(&self) -> Vec<OpenDut>;

    /// Addresses that it owns, over all DUTs.
    fn addresses(&self) -> Arc<AddressBook>;

    /// A known-bad target that the harness runs itself, for positive controls: `bench.reference` in plans, as `{host, ports,
    /// ...}`. `Null` where there is none.
    fn reference(&self) -> Value {
        Value::Null
    }

    /// Defects that were seeded into what the bench has beside its DUTs: the maker's website.
    fn seeded(&self) -> Vec<String> {
        Vec::new()
    }

    /// The ways of touching one DUT, unrecorded. `run` is the run-long recorder of that DUT: streams that live longer than
    /// a step (a console from before power-on) go there.
    ///
    /// # Errors
    /// A port that cannot be opened, with the reason and the next thing to do.
    async fn touches(&self, dut: &SampleId, run: Arc<dyn Recorder>) -> Result<Touches, Fault>;

    /// The same touches behind the recording seam: each exchange goes to `step`.
    fn recorded(&self, touches: &Touches, step: Arc<dyn Recorder>) -> Touches;

    /// Gives everything back: powers off where the bench says so, stops what was started. Safe to call twice.
    async fn close(&self);
}
