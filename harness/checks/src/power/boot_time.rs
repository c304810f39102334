//! # `power.boot_time`
//! **Question.** How long does the DUT take from power-on until it is up?
//! **Evidence for.** EN 303 645 V2.1.1 provision 5.9-2; a figure that other units' waits are set by.
//! **Procedure.** Restarts it by its power switch, and waits for the sign; as often as asked.
//! **Observation.** Per boot the time; the middle one of all.
//! **Effect.** Disruptive: one power cut for each boot.
//! **Does not show.** Whether every function is there at that time.

use std::time::Duration;

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{cycle_resilience::a_minute, recovery::RecoveredBy};
use crate::console::listen::half_a_second;

pub(crate) struct BootTime;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// By what the DUT counts as up: `host` and `port`, or `console`.
    recovered_by: RecoveredBy,
    /// How many boots; 1 to 100.
    #[serde(default = "one")]
    boots: u32,
    /// How long a boot may take, in milliseconds.
    #[serde(default = "a_minute")]
    within_ms: u64,
    /// How long the power stays off, in milliseconds.
    #[serde(default = "half_a_second")]
    off_ms: u32,
}

const fn one() -> u32 {
    1
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether it came up every time.
    all_up: bool,
    /// Milliseconds from power-on, for each boot that came up; the first that does not is the last.
    boots_ms: Vec<u64>,
    /// The middle one.
    #[serde(skip_serializing_if = "Option::is_none")]
    median_ms: Option<u64>,
}

#[async_trait]
impl TypedCheck for BootTime {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "power.boot_time";
    const QUESTION: &'static str = "How long does the DUT take from power-on until it is up?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 V2.1.1 5.9-2";
    const DOES_NOT_SHOW: &'static str = "whether every function is there at that time";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["power"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        if !(1..=100).contains(&p.boots) {
            return Err(Fault::plan(
                "bad-parameter",
                format!("{} boots were asked for; 1 to 100 can be timed", p.boots),
            ));
        }
        let sign = p.recovered_by.sign(cx)?;
        let mut boots_ms = Vec::new();
        for done in 0..p.boots {
            cx.progress.step(done.into(), p.boots.into(), "timing a boot");
            match sign.restart(cx, p.off_ms, Duration::from_millis(p.within_ms)).await? {
                Some(after) => boots_ms.push(after.as_millis() as u64),
                None => break,
            }
        }
        let mut sorted = boots_ms.clone();
        sorted.sort_unstable();
        let median_ms = sorted.get(sorted.len() / 2).copied();
        Ok(Observation { all_up: boots_ms.len() == p.boots as usize, boots_ms, median_ms })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let port = |port: u16| json!({"recovered_by": {"host": "dut", "port": port}, "off_ms": 0, "within_ms": 100});
        vec![
            Case::good(Dut::good(), port(8443)).shows(json!({"all_up": true})),
            Case::weak(Dut::weak(), port(4)).shows(json!({"all_up": false, "boots_ms": []})),
            Case::dead(Dut::absent(), port(8443)).shows(json!({"all_up": false, "boots_ms": []})),
        ]
    }
}
