//! # `power.cycle_resilience`
//! **Question.** Does the DUT come up again after its power is cut in the middle of a boot?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.9-1 and 5.9-2; TS 103 701 V1.1.1 cases 5.9-1-2, 5.9-2-2 (functional).
//! **Procedure.** One undisturbed restart first: without it a DUT that never comes up would look resilient or broken by chance.
//! Then, per cut: restart, cut at a point of the boot, restart, wait for the sign. Points are given, or drawn from the seed
//! over the time of the undisturbed boot, so a run can be repeated. Where `settings` is given, state, logon and settings are
//! looked at before the first cut and after each.
//! **Observation.** Per cut: when, whether it came up, after how long, what was lost. The first cut that it does not survive
//! is the last.
//! **Effect.** Disruptive: two power cuts for each point.
//! **Does not show.** Cuts shorter than the switch can make, or in the middle of a write that no boot makes.

use std::time::Duration;

use assay_model::{CheckContext, CheckKind, Deadline, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    recovery::RecoveredBy,
    settings::{Kept, Look, Settings},
};
use crate::console::listen::{Listener, half_a_second};

pub(crate) struct CycleResilience;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// By what the DUT counts as up: `host` and `port`, or `console`.
    recovered_by: RecoveredBy,
    /// How many cuts are drawn; 1 to 1000.
    #[serde(default = "five")]
    cuts: u32,
    /// Where the drawing starts: the same seed and boot time give the same points.
    #[serde(default)]
    seed: u64,
    /// Points of the boot in milliseconds after power-on, instead of drawn ones.
    #[serde(default)]
    at_ms: Vec<u64>,
    /// How long a boot may take, in milliseconds.
    #[serde(default = "a_minute")]
    within_ms: u64,
    /// How long the power stays off, in milliseconds.
    #[serde(default = "half_a_second")]
    off_ms: u32,
    /// What must still be there after each cut; nothing is looked at where absent.
    #[serde(default)]
    settings: Option<Settings>,
}

const fn five() -> u32 {
    5
}

pub(super) const fn a_minute() -> u64 {
    60_000
}

/// One cut.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Cut {
    /// Milliseconds from power-on to the cut.
    at_ms: u64,
    /// Whether the DUT came up afterwards.
    recovered: bool,
    /// After so many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    after_ms: Option<u64>,
    /// What was not as before: `state`, `logon`, `settings`.
    lost: Vec<&'static str>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether it came up after an undisturbed restart; without that nothing was cut.
    baseline_recovered: bool,
    /// After so many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_ms: Option<u64>,
    /// The cuts that were made.
    cuts: Vec<Cut>,
    /// How many were asked for.
    asked: u32,
    /// Whether all that were asked for were made, or those up to a loss of settings, and it came up after each.
    all_recovered: bool,
    /// Whether state, logon and settings were the same after every cut as before the first. Null where nothing was looked
    /// at, or something did not answer.
    settings_kept: Option<bool>,
}

#[async_trait]
impl TypedCheck for CycleResilience {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "power.cycle_resilience";
    const QUESTION: &'static str = "Does the DUT come up again after its power is cut in the middle of a boot?";
    const EVIDENCE_FOR: &'static str =
        "EN 303 645 V2.1.1 5.9-1, 5.9-2; TS 103 701 V1.1.1 5.9-1-2, 5.9-2-2 (functional)";
    const DOES_NOT_SHOW: &'static str =
        "cuts shorter than the switch can make, or in the middle of a write that no boot makes";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["power"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        if !(1..=1000).contains(&p.cuts) || p.at_ms.len() > 1000 {
            return Err(Fault::plan("bad-parameter", format!("{} cuts were asked for; 1 to 1000 can be made", p.cuts)));
        }
        let sign = p.recovered_by.sign(cx)?;
        let within = Duration::from_millis(p.within_ms);
        let Some(baseline) = sign.restart(cx, p.off_ms, within).await? else {
            return Ok(Observation { asked: p.cuts, ..Observation::default() });
        };
        let points = if p.at_ms.is_empty() { drawn(p.seed, p.cuts, baseline.as_millis() as u64) } else { p.at_ms };
        let asked = u32::try_from(points.len()).unwrap_or(u32::MAX);
        let mut seen = Observation {
            baseline_recovered: true,
            baseline_ms: Some(baseline.as_millis() as u64),
            asked,
            ..Observation::default()
        };
        let before = match &p.settings {
            Some(settings) => settings.look(cx).await?,
            None => Look::default(),
        };
        let watched = p.settings.as_ref().filter(|_| before.shows());
        seen.settings_kept = watched.map(|_| true);
        for (done, at_ms) in (0..).zip(points) {
            cx.progress.step(done, asked.into(), &format!("cutting the power {at_ms} ms into the boot"));
            let after = Duration::from_millis(at_ms);
            if Deadline::after(after + within) > cx.deadline {
                break; // a cut whose recovery could not be watched shows nothing
            }
            Listener::restart(cx, p.off_ms).await?;
            tokio::time::sleep(after).await;
            let up = sign.restart(cx, p.off_ms, within).await?;
            let after_ms = up.map(|after| after.as_millis() as u64);
            seen.cuts.push(Cut { at_ms, recovered: up.is_some(), after_ms, lost: Vec::new() });
            if up.is_none() {
                break;
            }
            if let (Some(settings), Some(cut)) = (watched, seen.cuts.last_mut()) {
                match settings.kept(cx, &before).await? {
                    Kept::All => {}
                    Kept::Lost(parts) => {
                        cut.lost = parts;
                        seen.settings_kept = Some(false);
                        break; // what is lost once cannot be lost again
                    }
                    Kept::Unknown => seen.settings_kept = None,
                }
            }
        }
        let ended_by_loss = seen.settings_kept == Some(false);
        seen.all_recovered =
            (seen.cuts.len() == asked as usize || ended_by_loss) && seen.cuts.iter().all(|cut| cut.recovered);
        Ok(seen)
    }
}

/// `count` points of `0..=boot_ms`, by SplitMix64.
fn drawn(seed: u64, count: u32, boot_ms: u64) -> Vec<u64> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % (boot_ms.saturating_add(1))
    };
    (0..count).map(next).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let by_port = json!({"recovered_by": {"host": "dut", "port": 8443}, "cuts": 3, "off_ms": 0, "within_ms": 100});
        let by_console =
            json!({"recovered_by": {"console": "login: "}, "at_ms": [0, 1], "off_ms": 0, "within_ms": 2_000});
        vec![
            Case::good(Dut::good(), by_port.clone()).shows(json!({
                "baseline_recovered": true, "asked": 3, "all_recovered": true,
                "cuts": [{"recovered": true}, {"recovered": true}, {"recovered": true}],
            })),
            Case::good(Dut::good(), by_console.clone())
                .shows(json!({"cuts": [{"at_ms": 0, "recovered": true}, {"at_ms": 1, "recovered": true}]})),
            Case::weak(Dut::weak(), by_port.clone()).shows(
                json!({"baseline_recovered": true, "asked": 3, "cuts": [{"recovered": false}], "all_recovered": false}),
            ),
            Case::weak(Dut::weak(), by_console.clone())
                .shows(json!({"cuts": [{"at_ms": 0, "recovered": false}], "all_recovered": false})),
            Case::dead(Dut::absent(), by_port)
                .shows(json!({"baseline_recovered": false, "cuts": [], "all_recovered": false})),
            Case::dead(Dut::silent(), by_console)
                .shows(json!({"baseline_recovered": false, "cuts": [], "all_recovered": false})),
        ]
    }

    #[test]
    fn points_are_spread_over_the_boot_and_repeat_with_the_seed() {
        let points = drawn(7, 100, 2_000);
        assert_eq!(points, drawn(7, 100, 2_000));
        assert_ne!(points, drawn(8, 100, 2_000));
        assert!(points.iter().all(|p| *p <= 2_000));
        assert!(points.iter().any(|p| *p < 300) && points.iter().any(|p| *p > 1_700));
        assert_eq!(drawn(1, 3, 0), [0, 0, 0]);
    }
}
