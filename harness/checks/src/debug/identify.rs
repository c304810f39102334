//! # `debug.identify`
//! **Question.** Which chip stands behind the debug port?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.4-2, 5.6-4; TS 103 701 V1.1.1 case 5.6-4-2 (functional).
//! **Procedure.** DPIDR, the access ports' identification registers, CPUID, the ROM table, the maker's unique id.
//! **Observation.** What each of them said. Absent fields could not be read.
//! **Effect.** Disruptive, as `debug.lock_state`.
//! **Does not show.** That the chip is what it says: identity registers can be imitated.

use assay_model::touch::probe::{AccessPort, ProbeAsk, ProbeResponse, Stage};
use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::through::{Through, misfit};

/// See the module.
pub struct DebugIdentify;

/// Parameters of `debug.identify`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Selector of another USB probe than the bench's own: `VID:PID:SERIAL`.
    #[serde(default)]
    probe: Option<String>,
    /// Chip name as probe-rs knows it, where it is not the bench's.
    #[serde(default)]
    chip: Option<String>,
}

/// What was observed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Observation {
    /// Whether a debug port answered.
    answered: bool,
    /// DPIDR (IDCODE).
    debug_port: Option<String>,
    /// Access ports that exist.
    access_ports: Vec<AccessPort>,
    /// CPUID.
    cpuid: Option<String>,
    /// The core that CPUID stands for.
    core: Option<String>,
    /// Maker by the ROM table.
    maker: Option<String>,
    /// Part number by the ROM table.
    part: Option<String>,
    /// The chip's unique id.
    unique_id: Option<String>,
    /// Each stage.
    stages: Vec<Stage>,
}

#[async_trait]
impl TypedCheck for DebugIdentify {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "debug.identify";
    const QUESTION: &'static str = "Which chip stands behind the debug port?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 5.4-2, 5.6-4; TS 103 701 5.6-4-2";
    const DOES_NOT_SHOW: &'static str = "That the chip is what it says: identity registers can be imitated.";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["probe"];

    async fn run(&self, cx: &CheckContext, params: Params) -> Result<Observation, Fault> {
        let through = Through { probe: params.probe, chip: params.chip };
        let ProbeResponse::Identity(id) = through.ask(cx, ProbeAsk::Identify).await? else {
            return Err(misfit(Self::NAME));
        };
        Ok(Observation {
            answered: id.debug_port.is_some(),
            debug_port: id.debug_port,
            access_ports: id.access_ports,
            cpuid: id.cpuid,
            core: id.core,
            maker: id.maker,
            part: id.part,
            unique_id: id.unique_id,
            stages: id.stages,
        })
    }
}
