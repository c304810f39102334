//! # `debug.rtt_log`
//! **Question.** Does the firmware keep an RTT log in SRAM, and which secrets stand in it?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.6-3, 5.6-4, 5.4-1; TS 103 701 V1.1.1 case 5.6-4-2 (functional).
//! **Procedure.** Searches SRAM for SEGGER's control block and reads its rings as plain memory; what is written meanwhile is
//! read too. The rings' read pointers are left alone.
//! **Observation.** The channels with their text, and the secrets found, masked.
//! **Effect.** Disruptive, as `debug.lock_state`; nothing is written.
//! **Does not show.** Logs of another make; what the ring had overwritten before.

use assay_model::touch::probe::{ProbeAsk, ProbeResponse, RttChannel, Stage};
use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::through::{Through, misfit};
use crate::secrets::{Canary, Finding, Search, SearchOptions, reported};

/// See the module.
pub struct DebugRttLog;

/// Parameters of `debug.rtt_log`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Selector of another USB probe than the bench's own: `VID:PID:SERIAL`.
    #[serde(default)]
    probe: Option<String>,
    /// Chip name as probe-rs knows it, where it is not the bench's.
    #[serde(default)]
    chip: Option<String>,
    /// Goes on reading for so long, in milliseconds.
    #[serde(default)]
    within_ms: u32,
    /// Bytes per channel, at most.
    #[serde(default = "max_bytes")]
    max_bytes: u32,
    /// Values that must not turn up, by name.
    #[serde(default)]
    canaries: std::collections::BTreeMap<String, String>,
}

const fn max_bytes() -> u32 {
    64 * 1024
}

/// What was observed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Observation {
    /// Whether there is a control block.
    found: bool,
    /// Its byte address.
    #[serde(skip_serializing_if = "Option::is_none")]
    control_block: Option<u64>,
    /// Bytes of SRAM that could be searched; 0 shows nothing about a log.
    searched_bytes: u64,
    /// Channels with their bytes.
    channels: Vec<RttChannel>,
    /// Secrets in them; offsets count over all channels in order.
    findings: Vec<Finding>,
    /// Further findings that were only counted.
    omitted: u64,
    /// What stopped the reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Stage>,
}

#[async_trait]
impl TypedCheck for DebugRttLog {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "debug.rtt_log";
    const QUESTION: &'static str = "Does the firmware keep an RTT log in SRAM, and which secrets stand in it?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 5.6-3, 5.6-4, 5.4-1; TS 103 701 5.6-4-2";
    const DOES_NOT_SHOW: &'static str = "Logs of another make; what the ring had overwritten before.";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["probe"];

    async fn run(&self, cx: &CheckContext, params: Params) -> Result<Observation, Fault> {
        let canaries =
            params.canaries.into_iter().map(|(name, value)| Canary { name, value: value.into_bytes() }).collect();
        let mut search = Search::new(SearchOptions { rules: Vec::new(), canaries })
            .map_err(|e| Fault::plan("bad-parameter", e.to_string()))?;
        let ask = ProbeAsk::RttLog { within_ms: params.within_ms, max_bytes: params.max_bytes.min(1 << 20) };
        let through = Through { probe: params.probe, chip: params.chip };
        let ProbeResponse::Rtt(log) = through.ask(cx, ask).await? else {
            return Err(misfit(Self::NAME));
        };
        log.channels.iter().for_each(|c| search.feed(c.bytes.as_slice()));
        let (findings, omitted) = reported(&*cx.secrets, search.finish());
        Ok(Observation {
            found: log.control_block.is_some(),
            control_block: log.control_block,
            searched_bytes: log.searched,
            channels: log.channels,
            findings,
            omitted,
            stopped: log.stopped,
        })
    }
}
