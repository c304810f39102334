//! # `debug.jtag_scan`
//! **Question.** Which devices answer on the JTAG chain?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.6-3, 5.6-4; TS 103 701 V1.1.1 case 5.6-4-2 (functional).
//! **Procedure.** Resets the chain and shifts identification and bypass registers. Nothing else is selected or written.
//! **Observation.** The devices with IDCODE and length of their instruction registers; or that this probe cannot speak JTAG.
//! **Effect.** Disruptive: JTAG pins that the firmware uses for something else are driven.
//! **Does not show.** Devices that are behind a locked router, or that a reset line holds.

use assay_model::touch::probe::{JtagDevice, ProbeAsk, ProbeResponse, Stage};
use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::through::{Through, misfit};

/// See the module.
pub struct DebugJtagScan;

/// Parameters of `debug.jtag_scan`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Selector of another USB probe than the bench's own: `VID:PID:SERIAL`.
    #[serde(default)]
    probe: Option<String>,
}

/// What was observed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Observation {
    /// Whether the probe can speak JTAG; if not, nothing was asked and `devices` says nothing.
    supported: bool,
    /// The devices, in the order of the chain.
    devices: Vec<JtagDevice>,
    /// What kept the scan from its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Stage>,
}

#[async_trait]
impl TypedCheck for DebugJtagScan {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "debug.jtag_scan";
    const QUESTION: &'static str = "Which devices answer on the JTAG chain?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 5.6-3, 5.6-4; TS 103 701 5.6-4-2";
    const DOES_NOT_SHOW: &'static str = "Devices that are behind a locked router, or that a reset line holds.";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["probe"];

    async fn run(&self, cx: &CheckContext, params: Params) -> Result<Observation, Fault> {
        let through = Through { probe: params.probe, chip: None };
        let ProbeResponse::JtagScan(scan) = through.ask(cx, ProbeAsk::JtagScan).await? else {
            return Err(misfit(Self::NAME));
        };
        Ok(Observation { supported: scan.supported, devices: scan.devices, stopped: scan.stopped })
    }
}
