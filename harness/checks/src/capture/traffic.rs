//! # `capture.traffic`
//! **Question.** What does the DUT send over its link, to whom, and can others read it?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.5-1, 5.5-5, 5.5-7, 5.8-1, 5.8-2; TS 103 701 V1.1.1 cases 5.5-5-2, 5.5-7-2,
//! 5.8-1-2, 5.8-2-2 (functional).
//! **Procedure.** Captures what the DUT sends and is sent, for a while from now on: on the `interface` that the bench file
//! names, which needs the capability `CAP_NET_RAW`, or on the link of a virtual one. Meanwhile the DUT is asked whether it
//! lives, at the places of `witness`: a capture that does not show that is no capture of its link. It is kept as pcapng, with
//! counters of what was lost, and read as by `capture.import`.
//! **Observation.** As of `capture.import`.
//! **Effect.** Active: a few connections to the places of `witness`; without any, nothing is sent.
//! **Does not show.** What the DUT sends at other times or in other states; what stands inside encryption.

use std::collections::BTreeMap;

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::live::{self, Wanted};
use super::observation::{Observation, Peers};
use crate::net::alive::{self, Service};

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
    /// Values that must not travel in clear, by name; empty ones are passed over.
    #[serde(default)]
    canaries: BTreeMap<String, String>,
    /// Places where the DUT is asked, while it is captured, whether it lives.
    #[serde(default)]
    witness: Vec<Service>,
}

pub(super) const fn ten_seconds() -> u32 {
    10_000
}

#[async_trait]
impl TypedCheck for Traffic {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "capture.traffic";
    const QUESTION: &'static str = "What does the DUT send over its link, to whom, and can others read it?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 V2.1.1 5.5-1, 5.5-5, 5.5-7, 5.8-1, 5.8-2; TS 103 701 V1.1.1 5.5-5-2, 5.5-7-2, 5.8-1-2, 5.8-2-2 (functional)";
    const DOES_NOT_SHOW: &'static str =
        "what the DUT sends at other times or in other states; what stands inside encryption";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["capture"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let ports: Vec<u16> = p.witness.iter().filter_map(Service::tcp_port).collect();
        let ask = async {
            if ports.is_empty() {
                return Ok(None);
            }
            alive::lives(cx, &p.host, &p.witness).await.map(Some)
        };
        let wanted = Wanted { host: &p.host, within_ms: p.within_ms, peers: p.peers, canaries: p.canaries };
        let (mut seen, lives, device) = live::captured(cx, wanted, ask).await?;
        seen.lives = lives;
        seen.witnessed = lives.map(|_| seen.has_flow_to(&device, &ports));
        Ok(seen)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let of = json!({
            "host": "dut", "within_ms": 1, "witness": [{"proto": "tcp", "port": 8443, "service": "https"}],
            "peers": [{"host": "reports.maker.test", "proto": "tcp", "port": 443}], "canaries": {"serial": "C1-000042"},
        });
        vec![
            Case::good(Dut::good(), of.clone()).shows(json!({
                "found": true, "complete": true, "by_device": 2, "undeclared": [], "clear": [], "findings": [],
                "lives": true, "witnessed": true,
            })),
            // The wire is another's: nothing that is asked of it meanwhile shows.
            Case::weak(Dut::weak(), of.clone()).shows(json!({
                "complete": false, "dropped": 1, "clear": ["http telemetry.example:80"],
                "findings": [{"rule": "canary:serial"}], "lives": true, "witnessed": false,
            })),
            // Nothing came: a plan must not conclude from what is absent.
            Case::dead(Dut::silent(), of).shows(json!({
                "found": true, "by_device": 0, "packets": 0, "flows": [], "lives": false, "witnessed": false,
            })),
        ]
    }
}
