//! # `capture.boot`
//! **Question.** What does the DUT send over its link when its power comes back, and can others read it?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.5-5, 5.5-7, 5.8-1, 5.9-3; TS 103 701 V1.1.1 cases 5.5-5-2, 5.5-7-2, 5.8-1-2.
//! **Procedure.** As `capture.traffic`, with the power cut once the capture has begun: what a device sends only while it boots
//! (addresses, names, time, updates) is in it.
//! **Observation.** As of `capture.import`.
//! **Effect.** Disruptive: one power cut.
//! **Does not show.** What is sent later; what stands inside encryption.

use std::collections::BTreeMap;

use assay_model::touch::power::PowerRequest;
use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::live::{self, Wanted};
use super::observation::{Observation, Peers};

pub(crate) struct Boot;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The DUT, as `${dut.host}`.
    host: String,
    /// For how long, in milliseconds, the time without power included.
    #[serde(default = "a_minute")]
    within_ms: u32,
    /// How long the power stays off, in milliseconds.
    #[serde(default = "half_a_second")]
    off_ms: u32,
    /// Destinations that the dossier declares, one by one or as the `peers` of its mechanisms.
    #[serde(default)]
    peers: Vec<Peers>,
    /// Values that must not travel in clear, by name; empty ones are passed over.
    #[serde(default)]
    canaries: BTreeMap<String, String>,
}

const fn a_minute() -> u32 {
    60_000
}

const fn half_a_second() -> u32 {
    500
}

#[async_trait]
impl TypedCheck for Boot {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "capture.boot";
    const QUESTION: &'static str =
        "What does the DUT send over its link when its power comes back, and can others read it?";
    const EVIDENCE_FOR: &'static str =
        "EN 303 645 V2.1.1 5.5-5, 5.5-7, 5.8-1, 5.9-3; TS 103 701 V1.1.1 5.5-5-2, 5.5-7-2, 5.8-1-2 (functional)";
    const DOES_NOT_SHOW: &'static str = "what is sent later; what stands inside encryption";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["capture", "power"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let cut = async { cx.touches.power()?.call(PowerRequest::Cycle { off_ms: p.off_ms }, cx.deadline).await };
        let wanted = Wanted { host: &p.host, within_ms: p.within_ms, peers: p.peers, canaries: p.canaries };
        Ok(live::captured(cx, wanted, cut).await?.0)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let of = json!({
            "host": "dut", "within_ms": 1, "off_ms": 0,
            "peers": [{"host": "reports.maker.test", "proto": "tcp", "port": 443}], "canaries": {"serial": "C1-000042"},
        });
        vec![
            Case::good(Dut::good(), of.clone()).shows(json!({"complete": true, "by_device": 2, "clear": []})),
            Case::weak(Dut::weak(), of.clone())
                .shows(json!({"complete": false, "clear": ["http telemetry.example:80"]})),
            Case::dead(Dut::silent(), of).shows(json!({"by_device": 0, "packets": 0})),
        ]
    }
}
