//! # `debug.lock_state`
//! **Question.** How far does a debugger get on the DUT's debug port?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.6-4, 5.6-3; TS 103 701 V1.1.1 case 5.6-4-2 (functional).
//! **Procedure.** A staged look: probe, debug port, power-up, access ports, Nordic's CTRL-AP, then one word each of core, SRAM,
//! flash and read-out protection, last whether the core accepts halting debug. No halt, no vendor's code, nothing erased.
//! **Observation.** One word for the state, what it rests on, and each stage. `silent` is no statement of the DUT: with a
//! `witness` the check also says whether the DUT was seen to live before and after, with a `golden` unit whether a port that
//! is known to be open was found so on the same fixture, before and after.
//! **Effect.** Disruptive: powers up the debug domain and sets and clears C_DEBUGEN. A part with read-out protection may stop
//! its firmware until it is power-cycled.
//! **Does not show.** Glitching and other attacks on the lock itself; ports that only answer under reset; JTAG behind SWD.

use assay_model::touch::probe::{Look, PortState, ProbeAsk, ProbeResponse, Stage};
use assay_model::{CheckContext, CheckKind, Effect, Fault, GoldenUnit, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::through::{Through, misfit};
use crate::net::alive::{self, Service};

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
    /// Where the DUT shows that it runs: a service, or its console.
    #[serde(default)]
    witness: Option<WitnessParams>,
    /// A unit whose port is known to be open, on the same fixture.
    #[serde(default)]
    golden: Option<GoldenUnit>,
    /// Whether a missing probe, a bad wire and a golden unit that is not open are the bench's fault and end the check as one,
    /// in place of being reported.
    #[serde(default)]
    needs_port: bool,
}

/// Places that answer in their own protocol while the DUT runs; one of them is enough.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WitnessParams {
    /// The host, usually `${dut.host}`; the console needs none.
    #[serde(default)]
    host: String,
    /// Rows with `port` and `service`, or `service: console`.
    endpoints: Vec<Service>,
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
    /// Whether the DUT was seen to live.
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<Witness>,
    /// What the golden unit showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    golden: Option<Golden>,
}

/// Whether the witness answered.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Witness {
    /// In its own protocol, before the look.
    before: bool,
    /// In its own protocol, after the look.
    after: bool,
}

/// The golden unit's words.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Golden {
    /// Before the look.
    before: PortState,
    /// After the look.
    after: PortState,
}

impl Params {
    async fn witness(&self, cx: &CheckContext) -> Result<Option<bool>, Fault> {
        let Some(witness) = &self.witness else { return Ok(None) };
        alive::lives(cx, &witness.host, &witness.endpoints).await.map(Some)
    }

    async fn golden(&self, cx: &CheckContext) -> Result<Option<PortState>, Fault> {
        let Some(golden) = &self.golden else { return Ok(None) };
        let chip = golden.chip.clone().or_else(|| self.chip.clone());
        let seen = look(cx, Through { probe: Some(golden.selector.clone()), chip }).await?;
        if self.needs_port && seen.state != PortState::Open {
            let text = format!(
                "the golden unit at {} is {}, and its port is known to be open",
                golden.selector,
                seen.state.word()
            );
            return Err(
                Fault::bench("golden-unit", text).with_help("look at fixture, cable and the golden unit's power")
            );
        }
        Ok(Some(seen.state))
    }
}

async fn look(cx: &CheckContext, through: Through) -> Result<Look, Fault> {
    match through.ask(cx, ProbeAsk::LockState).await? {
        ProbeResponse::Look(look) => Ok(look),
        _ => Err(misfit(DebugLockState::NAME)),
    }
}

/// The bench's trouble, where the state says no more than that.
fn trouble(look: &Look) -> Option<Fault> {
    let last = look.stages.iter().rev().find_map(|s| s.text.as_deref()).unwrap_or_default();
    let (code, text, help) = match look.state {
        PortState::ProbeMissing => {
            ("probe-missing", "the debug probe is not there", "run `assay doctor` to see the probes of this host")
        }
        PortState::WiringFault => {
            ("debug-wiring", "the wire to the debug port is bad", "look at cable, contacts and ground")
        }
        _ => return None,
    };
    Some(Fault::bench(code, format!("{text} ({}): {last}", look.basis)).with_help(help))
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
        let alive_before = params.witness(cx).await?;
        let golden_before = params.golden(cx).await?;
        cx.progress.step(0, 1, "looking at the debug port");
        let through = Through { probe: params.probe.clone(), chip: params.chip.clone() };
        let seen = look(cx, through).await?;
        if let Some(fault) = trouble(&seen).filter(|_| params.needs_port) {
            return Err(fault);
        }
        let golden_after = params.golden(cx).await?;
        let alive_after = params.witness(cx).await?;
        let golden = golden_before.zip(golden_after).map(|(before, after)| Golden { before, after });
        let witness = alive_before.zip(alive_after).map(|(before, after)| Witness { before, after });
        let Look { state, basis, stages, target_mv } = seen;
        Ok(Observation { state, basis, stages, target_mv, witness, golden })
    }
}
