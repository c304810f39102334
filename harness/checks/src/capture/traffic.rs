//! # `capture.traffic`
//! **Question.** What does the DUT send over its link, to whom, and can others read it?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.5-1, 5.5-7, 5.8-1, 5.8-2; TS 103 701 V1.1.1 cases 5.5-7-2, 5.8-1-2 (functional).
//! **Procedure.** Captures what the DUT sends and is sent, for a while from now on: on the `interface` that the bench file
//! names, which needs the capability `CAP_NET_RAW`. The capture is kept as pcapng, with counters of what was lost; it is then
//! read as by `capture.import`.
//! **Observation.** As of `capture.import`.
//! **Effect.** Passive: nothing is sent.
//! **Does not show.** What the DUT sends at other times or in other states; what stands inside encryption.

use std::collections::BTreeMap;

use assay_model::touch::capture::CaptureRequest;
use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::observation::{self, Asked, Observation, Peers};

pub(crate) struct Traffic;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The DUT, as `${dut.host}`.
    host: String,
    /// For how long, in milliseconds.
    #[serde(default = "ten_seconds")]
    within_ms: u32,
    /// Destinations that the dossier declares, one by one or as the `peers` of its mechanisms.
    #[serde(default)]
    peers: Vec<Peers>,
    /// Values that must not travel in clear, by name.
    #[serde(default)]
    canaries: BTreeMap<String, String>,
}

const fn ten_seconds() -> u32 {
    10_000
}

#[async_trait]
impl TypedCheck for Traffic {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "capture.traffic";
    const QUESTION: &'static str = "What does the DUT send over its link, to whom, and can others read it?";
    const EVIDENCE_FOR: &'static str =
        "EN 303 645 V2.1.1 5.5-1, 5.5-7, 5.8-1, 5.8-2; TS 103 701 V1.1.1 5.5-7-2, 5.8-1-2 (functional)";
    const DOES_NOT_SHOW: &'static str =
        "what the DUT sends at other times or in other states; what stands inside encryption";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["capture"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let host = cx.host(&p.host)?;
        let device = vec![host.address()];
        cx.progress.step(0, u64::from(p.within_ms), "capturing packets");
        let request = CaptureRequest { host, within_ms: p.within_ms };
        let captured = cx.touches.capture()?.call(request, cx.deadline).await?;
        let asked = Asked { device, peers: Peers::all(p.peers), canaries: p.canaries };
        let secrets = std::sync::Arc::clone(&cx.secrets);
        let work = move || {
            let sha256 = hex::encode(Sha256::digest(captured.file.as_slice()));
            observation::of(captured.file.as_slice(), sha256, &asked, &*secrets)
        };
        let read = tokio::task::spawn_blocking(work).await;
        read.map_err(|e| Fault::adapter("capture-unread", format!("reading the capture broke off: {e}")))?
            .map_err(|e| Fault::plan("bad-parameter", e.to_string()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let of = json!({
            "host": "dut", "within_ms": 1,
            "peers": [{"host": "reports.maker.test", "proto": "tcp", "port": 443}], "canaries": {"serial": "C1-000042"},
        });
        vec![
            Case::good(Dut::good(), of.clone()).shows(json!({
                "found": true, "complete": true, "by_device": 2, "undeclared": [], "clear": [], "findings": [],
            })),
            Case::weak(Dut::weak(), of.clone()).shows(json!({
                "complete": false, "dropped": 1, "clear": ["http telemetry.example:80"],
                "findings": [{"rule": "canary:serial"}],
            })),
            // Nothing came: a plan must not conclude from what is absent.
            Case::dead(Dut::silent(), of).shows(json!({"found": true, "by_device": 0, "packets": 0, "flows": []})),
        ]
    }
}
