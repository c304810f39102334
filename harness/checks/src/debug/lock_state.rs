//! # `debug.lock_state`
//! **Question.** How far does a debugger get on the DUT's debug port?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.6-4, 5.6-3; TS 103 701 V1.1.1 case 5.6-4-2 (functional).
//! **Procedure.** A staged look: probe, debug port, power-up, access ports, Nordic's CTRL-AP, then one word each of core, SRAM,
//! flash and read-out protection, last whether the core accepts halting debug. No halt, no vendor's code, nothing erased.
//! **Observation.** One word for the state, what it rests on, and each stage. `silent` is no statement of the DUT: with a
//! `witness` the check also says whether a service of the DUT answered before and after.
//! **Effect.** Disruptive: powers up the debug domain and sets and clears C_DEBUGEN. A part with read-out protection may stop
//! its firmware until it is power-cycled.
//! **Does not show.** Glitching and other attacks on the lock itself; ports that only answer under reset; JTAG behind SWD.

use std::time::Duration;

use assay_model::touch::probe::{PortState, ProbeAsk, ProbeResponse, Stage};
use assay_model::touch::tcp::{ReadUntil, TcpRequest, TcpResponse};
use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::through::{Through, misfit};

/// See the module.
pub struct DebugLockState;

/// Parameters of `debug.lock_state`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Selector of another USB probe than the bench's own: `VID:PID:SERIAL`.
    #[serde(default)]
    probe: Option<String>,
    /// Chip name as probe-rs knows it, where it is not the bench's.
    #[serde(default)]
    chip: Option<String>,
    /// A TCP service of the DUT that shows that it runs.
    #[serde(default)]
    witness: Option<WitnessParams>,
}

/// A service that answers while the DUT runs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WitnessParams {
    /// The host, usually `${dut.host}`.
    host: String,
    /// The port.
    port: u16,
}

/// What was observed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Observation {
    /// The word.
    state: PortState,
    /// What the word rests on: `flash-read`, `ctrl-ap`, `access-port-disabled`, `no-acknowledge`, ...
    basis: String,
    /// Each stage, up to where no further one made sense.
    stages: Vec<Stage>,
    /// Voltage on the probe's reference pin, in millivolts, where the probe measures it.
    #[serde(skip_serializing_if = "Option::is_none")]
    target_mv: Option<u32>,
    /// Whether the DUT was seen to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<Witness>,
}

/// Whether the witness answered.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Witness {
    /// It accepted a connection before the look.
    before: bool,
    /// It accepted a connection after the look.
    after: bool,
}

/// Whether the service accepts a connection.
async fn answers(cx: &CheckContext, witness: &WitnessParams) -> Result<bool, Fault> {
    const PATIENCE: Duration = Duration::from_secs(3);
    let endpoint = cx.endpoint(&witness.host, witness.port)?;
    let ask = TcpRequest::Ask { endpoint, send: "".into(), read: ReadUntil::idle(1, 1) };
    let answer = cx.touches.tcp()?.call(ask, cx.deadline.capped(PATIENCE)).await?;
    Ok(!matches!(answer, TcpResponse::Refused | TcpResponse::NoAnswer { .. }))
}

#[async_trait]
impl TypedCheck for DebugLockState {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "debug.lock_state";
    const QUESTION: &'static str = "How far does a debugger get on the DUT's debug port?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 5.6-4, 5.6-3; TS 103 701 5.6-4-2";
    const DOES_NOT_SHOW: &'static str =
        "Glitching and other attacks on the lock itself; ports that only answer under reset; JTAG behind SWD.";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["probe"];

    async fn run(&self, cx: &CheckContext, params: Params) -> Result<Observation, Fault> {
        let before = match &params.witness {
            Some(witness) => Some(answers(cx, witness).await?),
            None => None,
        };
        cx.progress.step(0, 1, "looking at the debug port");
        let through = Through { probe: params.probe, chip: params.chip };
        let ProbeResponse::Look(look) = through.ask(cx, ProbeAsk::LockState).await? else {
            return Err(misfit(Self::NAME));
        };
        let witness = match (before, &params.witness) {
            (Some(before), Some(witness)) => Some(Witness { before, after: answers(cx, witness).await? }),
            _ => None,
        };
        Ok(Observation {
            state: look.state,
            basis: look.basis,
            stages: look.stages,
            target_mv: look.target_mv,
            witness,
        })
    }
}
