//! # `boot.secure`
//! **Question.** Does the DUT refuse to start an image that was altered?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.7-1 and 5.7-2; TS 103 701 V1.1.1 case 5.7-1-2 (functional).
//! **Procedure.** Stops the boot loader as `console.interrupt_boot` does, and types the plan's commands: those that load the
//! image and the one that boots it. The untouched image must run, which is the control. Then the same again with the
//! commands between them that alter the image. At the end the DUT is restarted undisturbed.
//! **Observation.** Whether the untouched image ran, whether the altered one did, and how it was refused.
//! **Effect.** Destructive: what the plan's commands do is the plan's to answer for; altered software may run on the DUT.
//! **Does not show.** Stages before the boot loader, an image that was made anew with a checksum that fits (a checksum alone
//! refuses chance, not an attacker), or what an attacker writes into flash.

use std::sync::LazyLock;
use std::time::Duration;

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::console::{
    boot_log::a_minute,
    interrupt_boot::{Attempt, keys_of, ten_seconds, wait_until_up},
    keys,
    listen::{Heard, half_a_second},
};

/// How loaders refuse an image.
const REFUSED: &str = r"(?i)bad (?:data|header) crc|bad (?:data )?hash|bad magic|verification failed|signature (?:check|verif\w+)? ?(?:failed|invalid|error)|invalid signature|failed to verify|secure boot (?:fail|violation)|can't get kernel image|wrong image format";

/// How loaders say that a command did not do what it was to do.
const FAILED: &str = r"(?i)unknown command|usage:|syntax error|\berrors?\b|\bfail(?:ed|ure)?\b|no such|not found|retry count exceeded|timed? ?out|\*\* ";

static FAILS: LazyLock<Regex> = LazyLock::new(|| Regex::new(FAILED).expect("a constant that the tests compile"));

pub(crate) struct Secure;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// Commands of the loader that put the image into memory; none where it is there already.
    #[serde(default)]
    load: Vec<String>,
    /// Commands that alter it.
    alter: Vec<String>,
    /// The command that boots it.
    boot: String,
    /// A byte regex that the console shows once the image runs; the words of a starting kernel where absent.
    #[serde(default)]
    runs: Option<String>,
    /// Keys to press before the usual ones, as `console.interrupt_boot` takes them.
    #[serde(default)]
    keys: Vec<String>,
    /// How long to try to stop the loader, in milliseconds.
    #[serde(default = "ten_seconds")]
    within_ms: u64,
    /// How long a boot may take, in milliseconds.
    #[serde(default = "a_minute")]
    boot_ms: u64,
    /// How long the power stays off, in milliseconds.
    #[serde(default = "half_a_second")]
    off_ms: u32,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether the loader was stopped at a prompt; otherwise nothing was tried.
    loader_open: bool,
    /// Whether the untouched image ran, booted the same way: without that a refusal shows nothing.
    untouched_ran: bool,
    /// Whether the altered image ran. False only where the loader said that it refuses it; absent where it was not tried, a
    /// command before failed, or the loader neither started nor refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    altered_ran: Option<bool>,
    /// Whether the loader said that it refuses the altered image.
    refused: bool,
    /// In these words.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
    /// The command that gave no prompt again or answered with an error, where one did: what comes after it shows nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
    /// Whether the DUT was seen up at the end.
    up: bool,
}

#[async_trait]
impl TypedCheck for Secure {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "boot.secure";
    const QUESTION: &'static str = "Does the DUT refuse to start an image that was altered?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 V2.1.1 5.7-1, 5.7-2; TS 103 701 V1.1.1 5.7-1-2 (functional)";
    const DOES_NOT_SHOW: &'static str =
        "stages before the boot loader, an image that was made anew with a checksum that fits, or what is in flash";
    const EFFECT: Effect = Effect::Destructive;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["console", "power"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        plain(&p)?;
        let mut seen = Observation::default();
        let boot_for = Duration::from_millis(p.boot_ms);
        if let Some(ended) = booted(cx, &p, &[]).await? {
            seen.loader_open = true;
            seen.untouched_ran = ended == Ended::Ran;
            if let Ended::Failed(command) = ended {
                seen.failed = Some(command);
            }
        }
        if seen.untouched_ran
            && let Some(ended) = booted(cx, &p, &p.alter).await?
        {
            match ended {
                Ended::Ran => seen.altered_ran = Some(true),
                Ended::Refused(text) => {
                    seen.altered_ran = Some(false);
                    (seen.refused, seen.refusal) = (true, Some(text));
                }
                Ended::Failed(command) => seen.failed = Some(command),
                Ended::Neither => {}
            }
        }
        seen.up = wait_until_up(cx, Some(p.off_ms), p.runs.as_deref(), boot_for).await?;
        Ok(seen)
    }
}

/// What is typed at a loader must be one command.
fn plain(p: &Params) -> Result<(), Fault> {
    let mut texts = p.load.iter().chain(&p.alter).chain([&p.boot]);
    if let Some(bad) = texts.find(|t| t.is_empty() || t.len() > 500 || t.chars().any(char::is_control)) {
        let text = format!("{bad:?} is no command of 1 to 500 characters on one line");
        return Err(Fault::plan("bad-parameter", text));
    }
    if p.alter.is_empty() || p.load.len() + p.alter.len() > 64 {
        return Err(Fault::plan("bad-parameter", "`alter` has no command, or there are more than 64 in all"));
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Ran,
    /// Refused in these words.
    Refused(String),
    /// Not tried: this command failed before.
    Failed(String),
    /// Back at the prompt, or silent.
    Neither,
}

/// Boots once; `None` where the loader could not be stopped.
async fn booted(cx: &CheckContext, p: &Params, alter: &[String]) -> Result<Option<Ended>, Fault> {
    let mut attempt = Attempt::new(cx, keys_of(&p.keys)?);
    attempt.stop(Some(p.off_ms), Duration::from_millis(p.within_ms)).await?;
    if attempt.seen.prompt.is_none() {
        return Ok(None);
    }
    attempt.clear().await?;
    for command in p.load.iter().chain(alter) {
        let answer = attempt.command(command).await?;
        // Its echo is no answer.
        let failed = answer.is_none_or(|answer| FAILS.is_match(&answer.replacen(command.as_str(), "", 1)));
        if failed {
            return Ok(Some(Ended::Failed(command.clone())));
        }
    }
    attempt.line.forget().await?;
    attempt.line.write(format!("{}\r", p.boot).as_bytes()).await?;
    let runs = p.runs.as_deref().unwrap_or(keys::HANDED_OVER);
    let heard = attempt.line.expect(&[runs, REFUSED, keys::PROMPT], Duration::from_millis(p.boot_ms)).await?;
    Ok(Some(match heard {
        Heard::Match(0, ..) => Ended::Ran,
        Heard::Match(1, _, words) => Ended::Refused(words.trim().to_owned()),
        _ => Ended::Neither,
    }))
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let params = json!({
            "load": ["load"], "alter": ["alter"], "boot": "boot", "within_ms": 2_000, "boot_ms": 2_000, "off_ms": 0,
        });
        vec![
            Case::good(Dut::weak().verifying(), params.clone()).shows(json!({
                "loader_open": true, "untouched_ran": true, "altered_ran": false, "refused": true,
                "refusal": "Bad Data CRC", "up": true,
            })),
            Case::good(Dut::good(), params.clone()).shows(json!({"loader_open": false, "untouched_ran": false})),
            Case::weak(Dut::weak(), params.clone())
                .shows(json!({"loader_open": true, "untouched_ran": true, "altered_ran": true, "refused": false})),
            Case::weak(Dut::weak().verifying(), {
                let mut params = params.clone();
                params["alter"] = json!(["wrong"]);
                params
            })
            .shows(json!({"untouched_ran": true, "failed": "wrong", "refused": false})),
            Case::dead(Dut::silent(), params)
                .shows(json!({"loader_open": false, "untouched_ran": false, "refused": false, "up": false})),
        ]
    }
}
