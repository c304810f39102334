//! # `console.boot_log`
//! **Question.** What does the serial console tell while the DUT boots?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.6-2, 5.6-4 and 5.4-1; TS 103 701 V1.1.1 cases 5.6-2-2, 5.6-4-2.
//! **Procedure.** Cuts the power and listens from power-on, without a key pressed, until a prompt, a given pattern, or the time.
//! **Observation.** Versions, kinds and places of what looks like a secret (never values), debug output, the prompt at the end.
//! **Effect.** Disruptive: one power cut.
//! **Does not show.** What is printed later, or by an update or a fault.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    keys, leaks,
    listen::{All, Heard, Listener, half_a_second, yes},
    versions,
};

/// A prompt for a user or a password, at the end of what arrived.
pub(super) const LOGIN: &str = r"(?i)(?:login|user ?name|password) ?: *$";
/// Lines that say `debug` until the log counts as one for developers.
const DEBUG_LINES: usize = 3;

static DEBUG: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)\b(?:debug|dbg|trace|verbose)\b\s*[\]:>)=]|\b(?:initcall_debug|ignore_loglevel|earlyprintk)\b|\bcalling  \w+\+0x|\bloglevel=[78]\b";
    Regex::new(pattern).expect("a constant that the tests compile")
});
static KERNEL_ARGUMENTS: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)command line:.*\b(?:debug|initcall_debug|ignore_loglevel|earlyprintk|loglevel=[78])\b";
    Regex::new(pattern).expect("a constant that the tests compile")
});

pub(crate) struct BootLog;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// A byte regex that ends the boot; a prompt ends it too.
    #[serde(default)]
    until: Option<String>,
    /// How long to listen at most, in milliseconds.
    #[serde(default = "a_minute")]
    within_ms: u64,
    /// Whether the check restarts the DUT by its power switch; otherwise something else must.
    #[serde(default = "yes")]
    power_cycle: bool,
    /// How long the power stays off, in milliseconds.
    #[serde(default = "half_a_second")]
    off_ms: u32,
}

pub(crate) const fn a_minute() -> u64 {
    60_000
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether the console said anything.
    seen: bool,
    /// Bytes that were heard.
    text_bytes: u64,
    /// Bytes of them that were not searched: a boot log longer than 512 KiB is not kept whole.
    not_searched_bytes: u64,
    /// The boot loader and version.
    #[serde(skip_serializing_if = "Option::is_none")]
    bootloader: Option<String>,
    /// The kernel and version.
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel: Option<String>,
    /// All that named itself.
    versions: Vec<versions::Version>,
    /// Whether output for developers is on: kernel arguments that ask for it, or several lines marked as such.
    verbose_debug: bool,
    /// What looks like a secret; values are registered and not shown.
    secrets_like: Vec<leaks::Leak>,
    /// Whether it ended at a prompt for a logon.
    login_prompt: bool,
    /// Whether it ended at a command prompt.
    shell_prompt: bool,
    /// Whether the end was seen (a prompt or `until`) and all before it was searched. Otherwise the time ran out and the log may
    /// go on, or `not_searched_bytes` says how much is unknown.
    complete: bool,
    /// Milliseconds from the start to the end.
    duration_ms: u64,
}

#[async_trait]
impl TypedCheck for BootLog {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "console.boot_log";
    const QUESTION: &'static str = "What does the serial console tell while the DUT boots?";
    const EVIDENCE_FOR: &'static str =
        "EN 303 645 V2.1.1 5.6-2, 5.6-4, 5.4-1; TS 103 701 V1.1.1 5.6-2-2, 5.6-4-2 (functional)";
    const DOES_NOT_SHOW: &'static str = "what is printed later, or by an update or a fault";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["console", "power"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let started = Instant::now();
        let mut line = Listener::new(cx);
        line.forget().await?;
        let mut patterns = vec![LOGIN, keys::PROMPT];
        patterns.extend(p.until.as_deref());
        let mut within = Duration::from_millis(p.within_ms);
        let ended = if p.power_cycle {
            within += Duration::from_millis(p.off_ms.into());
            tokio::try_join!(Listener::restart(cx, p.off_ms), line.expect(&patterns, within))?.1
        } else {
            line.expect(&patterns, within).await?
        };
        let All { text, total: text_bytes, not_kept: not_searched_bytes } = line.all().await?;
        let versions::Components { versions, bootloader, kernel } = versions::of(&text);
        Ok(Observation {
            seen: text_bytes > 0,
            text_bytes,
            not_searched_bytes,
            bootloader,
            kernel,
            versions,
            verbose_debug: KERNEL_ARGUMENTS.is_match(&text)
                || DEBUG.find_iter(&text).take(DEBUG_LINES).count() == DEBUG_LINES,
            secrets_like: leaks::find(&text, &*cx.secrets)?,
            login_prompt: matches!(ended, Heard::Match(0, ..)),
            shell_prompt: matches!(ended, Heard::Match(1, ..)),
            complete: matches!(ended, Heard::Match(..)) && not_searched_bytes == 0,
            duration_ms: started.elapsed().as_millis() as u64,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let quick = json!({"within_ms": 2_000, "off_ms": 0});
        vec![
            Case::good(Dut::good(), quick.clone()).shows(json!({
                "seen": true, "bootloader": "U-Boot 2024.01", "kernel": "Linux 6.6.1", "verbose_debug": false,
                "secrets_like": [], "login_prompt": true, "shell_prompt": false, "complete": true,
            })),
            Case::good(Dut::good(), json!({"within_ms": 2_000, "off_ms": 0, "until": "Linux version"}))
                .shows(json!({"complete": true, "login_prompt": false})),
            Case::weak(Dut::weak(), quick.clone()).shows(json!({
                "secrets_like": [{"kind": "wifi-psk", "length": 13}],
                "verbose_debug": true, "login_prompt": true, "shell_prompt": false,
            })),
            Case::weak(Dut::weak().without_logon(), quick).shows(json!({"login_prompt": false, "shell_prompt": true})),
            Case::weak(Dut::weak().with_lost_start(70_000), json!({"within_ms": 2_000, "off_ms": 0})).shows(json!({
                "not_searched_bytes": 70_000, "login_prompt": true, "complete": false,
            })),
            Case::dead(Dut::silent(), json!({"within_ms": 50, "off_ms": 0})).shows(json!({
                "seen": false, "text_bytes": 0, "versions": [], "secrets_like": [], "login_prompt": false, "complete": false,
            })),
        ]
    }

    #[test]
    fn output_for_developers_is_told_from_a_word() {
        let noisy = |text: &str| KERNEL_ARGUMENTS.is_match(text) || DEBUG.find_iter(text).count() >= DEBUG_LINES;
        assert!(noisy("[0.0] Kernel command line: console=ttyS0 debug rw"));
        assert!(noisy("[DEBUG] a\n[DEBUG] b\nD: x\n<dbg> c\n"));
        assert!(!noisy("debugfs mounted\nKernel command line: console=ttyS0 quiet\n[DEBUG] once"));
    }
}
