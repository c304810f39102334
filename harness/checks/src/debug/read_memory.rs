//! # `debug.read_memory`
//! **Question.** Can this memory be read through the debug port, and which secrets stand in it?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.4-1, 5.6-4; TS 103 701 V1.1.1 cases 5.4-1-2, 5.6-4-2 (functional).
//! **Procedure.** Reads from the address on, until the length is reached or the DUT refuses; each 256 KiB is an exchange of
//! its own and stands in the evidence. What came is searched as by `secrets.search`.
//! **Observation.** How much could be read, its digest, and the secrets found, masked.
//! **Effect.** Disruptive, as `debug.lock_state`; nothing is written.
//! **Does not show.** Memory outside the range; secrets that `secrets.search` does not see.

use assay_model::touch::probe::{MAX_READ, MemoryRange, ProbeAsk, ProbeResponse, Stage};
use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::through::{Through, misfit};
use crate::secrets::{Canary, Finding, Search, SearchOptions, reported};

/// See the module.
pub struct DebugReadMemory;

/// Bytes that one call reads at most: the flash of a large microcontroller.
const MAX_LENGTH: u64 = 16 << 20;

/// Parameters of `debug.read_memory`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Selector of another USB probe than the bench's own: `VID:PID:SERIAL`.
    #[serde(default)]
    probe: Option<String>,
    /// Chip name as probe-rs knows it, where it is not the bench's.
    #[serde(default)]
    chip: Option<String>,
    /// The chip's whole flash or SRAM, in place of `address` and `length`.
    #[serde(default)]
    region: Option<Region>,
    /// First byte.
    #[serde(default)]
    address: Option<u64>,
    /// How many bytes; at most 16 MiB.
    #[serde(default)]
    length: Option<u64>,
    /// Values that must not turn up, by name.
    #[serde(default)]
    canaries: std::collections::BTreeMap<String, String>,
}

/// A part of the chip's memory.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Region {
    /// Flash.
    Flash,
    /// SRAM.
    Sram,
}

impl Params {
    /// Where to read from: as written, or as the chip's map has it.
    async fn range(&self, cx: &CheckContext, through: &Through) -> Result<MemoryRange, Fault> {
        let wrong = |text: String| Err(Fault::plan("bad-parameter", text));
        let range = match (self.region, self.address, self.length) {
            (None, Some(address), Some(length)) => MemoryRange { address, length },
            (Some(region), None, None) => {
                let ProbeResponse::MemoryMap(map) = through.clone().ask(cx, ProbeAsk::MemoryMap).await? else {
                    return Err(misfit(DebugReadMemory::NAME));
                };
                let range = match region {
                    Region::Flash => map.flash,
                    Region::Sram => map.sram,
                };
                // Of a chip with more, the first part is read, and `complete` is about that part.
                MemoryRange { length: range.length.min(MAX_LENGTH), ..range }
            }
            _ => return wrong("give `region`, or `address` and `length`".into()),
        };
        if range.length == 0 || range.length > MAX_LENGTH {
            return wrong(format!("`length` is {}, and must be from 1 to {MAX_LENGTH} bytes", range.length));
        }
        Ok(range)
    }
}

/// What was observed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Observation {
    /// Byte address of the first byte that was asked for.
    address: u64,
    /// Bytes read, from the address on.
    read_bytes: u64,
    /// Whether all that was asked for came.
    complete: bool,
    /// Whether all bytes are the same, as in erased flash: then nothing was shown to be readable.
    blank: bool,
    /// SHA-256 of what was read, in hexadecimal.
    sha256: String,
    /// Secrets in it, by offset from the address.
    findings: Vec<Finding>,
    /// Further findings that were only counted.
    omitted: u64,
    /// What stopped the reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Stage>,
}

#[async_trait]
impl TypedCheck for DebugReadMemory {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "debug.read_memory";
    const QUESTION: &'static str = "Can this memory be read through the debug port, and which secrets stand in it?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 5.4-1, 5.6-4; TS 103 701 5.4-1-2, 5.6-4-2";
    const DOES_NOT_SHOW: &'static str = "Memory outside the range; secrets that `secrets.search` does not see.";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["probe"];

    async fn run(&self, cx: &CheckContext, params: Params) -> Result<Observation, Fault> {
        let through = Through { probe: params.probe.clone(), chip: params.chip.clone() };
        let MemoryRange { address, length } = params.range(cx, &through).await?;
        let canaries =
            params.canaries.into_iter().map(|(name, value)| Canary { name, value: value.into_bytes() }).collect();
        let mut search = Search::new(SearchOptions { rules: Vec::new(), canaries })
            .map_err(|e| Fault::plan("bad-parameter", e.to_string()))?;
        let mut digest = Sha256::new();
        let (mut read, mut stopped) = (0u64, None);
        let mut values = std::collections::BTreeSet::new();
        while read < length && stopped.is_none() {
            cx.progress.step(read, length, "reading memory");
            let piece = u32::try_from((length - read).min(MAX_READ.into())).unwrap_or(MAX_READ);
            let ask = ProbeAsk::ReadMemory { address: address.saturating_add(read), length: piece };
            let ProbeResponse::Memory { bytes, stopped: why } = through.clone().ask(cx, ask).await? else {
                return Err(misfit(Self::NAME));
            };
            stopped = why;
            if bytes.as_slice().is_empty() && stopped.is_none() {
                return Err(misfit(Self::NAME));
            }
            digest.update(bytes.as_slice());
            search.feed(bytes.as_slice());
            values.extend(bytes.as_slice().iter().copied());
            read += bytes.as_slice().len() as u64;
        }
        let (findings, omitted) = reported(&*cx.secrets, search.finish());
        Ok(Observation {
            address,
            read_bytes: read,
            complete: read == length,
            blank: values.len() < 2,
            sha256: hex::encode(digest.finalize()),
            findings,
            omitted,
            stopped,
        })
    }
}
