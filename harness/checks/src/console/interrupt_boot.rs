//! # `console.interrupt_boot`
//! **Question.** Can whoever reaches the serial console stop the boot loader and get its command prompt?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.6-4 and 5.4-1; TS 103 701 V1.1.1 cases 5.6-4-2 and 5.4-1-2 (functional).
//! **Procedure.** Cuts the power; from power-on presses the usual keys of U-Boot, Barebox, GRUB, RedBoot and CFE in turn, and
//! at a countdown the key that it names, until a prompt comes, the kernel starts, or the time is up. A prompt is believed
//! when `help` is answered and the prompt comes again.
//! **Observation.** The countdown, the keys that were sent, the prompt, whether the boot went on. A silent console is
//! `seen: false`: it shows nothing about the boot loader.
//! **Effect.** Disruptive: power cuts; a DUT that was stopped is restarted at the end.
//! **Does not show.** Passwords or long key sequences that a loader may take, other interfaces (USB, network boot).

use std::time::{Duration, Instant};

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    boot_log::{LOGIN, a_minute},
    keys::{self, Key},
    listen::{Heard, Listener, half_a_second, yes},
    versions,
};

/// Pause between two keys that nobody asked for: a loader with a countdown of zero looks once, and keys must be waiting.
const EVERY: Duration = Duration::from_millis(100);
/// A loader answers a command at once.
const ANSWER: Duration = Duration::from_secs(5);
/// A prompt that is late comes within this time of the last.
const LATE: Duration = Duration::from_millis(400);
/// Prompts that are waited for, at most.
const PROMPTS: usize = 32;
/// A slow line needs a while for all of `help`: so many times [`ANSWER`], for as long as bytes come.
const HELP_WAITS: u32 = 24;

pub(crate) struct InterruptBoot;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// Keys to press before the usual ones: `space`, `esc`, `enter`, `ctrl-c`, `f12`, or a text such as `tpl`.
    #[serde(default)]
    keys: Vec<String>,
    /// How long to try from power-on, in milliseconds.
    #[serde(default = "ten_seconds")]
    within_ms: u64,
    /// Whether the check restarts the DUT by its power switch; otherwise something else must, within the time.
    #[serde(default = "yes")]
    power_cycle: bool,
    /// How long the power stays off, in milliseconds.
    #[serde(default = "half_a_second")]
    off_ms: u32,
    /// A byte regex that says that the DUT is up again; a prompt says so too.
    #[serde(default)]
    until: Option<String>,
    /// How long to wait for it at the end, in milliseconds: whoever comes next finds a DUT that is up. Zero: not at all.
    #[serde(default = "a_minute")]
    boot_ms: u64,
}

pub(crate) const fn ten_seconds() -> u64 {
    10_000
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether the console said anything after the restart.
    pub(crate) seen: bool,
    /// Whether a boot loader's command prompt was reached and answered `help`.
    shell: bool,
    /// The prompt, also where it did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<String>,
    /// Whether a countdown or an invitation to press a key was shown.
    countdown_seen: bool,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    countdown: Option<String>,
    /// Keys that were sent, each once, in the order of their first time.
    sent: Vec<String>,
    /// How many keys were sent in all.
    keys_sent: u32,
    /// The boot loader and version, where it named itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    bootloader: Option<String>,
    /// Whether the loader was seen to hand over to a kernel or firmware.
    boot_went_on: bool,
    /// Whether the DUT was seen up at the end.
    up: bool,
    /// Bytes that were heard.
    text_bytes: u64,
}

#[async_trait]
impl TypedCheck for InterruptBoot {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "console.interrupt_boot";
    const QUESTION: &'static str =
        "Can whoever reaches the serial console stop the boot loader and get its command prompt?";
    const EVIDENCE_FOR: &'static str =
        "EN 303 645 V2.1.1 5.6-4, 5.4-1; TS 103 701 V1.1.1 5.6-4-2, 5.4-1-2 (functional)";
    const DOES_NOT_SHOW: &'static str =
        "passwords or long key sequences that a boot loader may take, and other ways into it (USB, network boot)";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["console", "power"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let mut attempt = Attempt::new(cx, keys_of(&p.keys)?);
        attempt.stop(p.power_cycle.then_some(p.off_ms), Duration::from_millis(p.within_ms)).await?;
        let stopped = attempt.seen.prompt.is_some();
        if stopped {
            attempt.ask_for_help().await?;
        }
        let mut seen = attempt.finish().await?;
        if seen.seen && p.power_cycle && p.boot_ms > 0 {
            let restart = stopped.then_some(p.off_ms);
            seen.up = wait_until_up(cx, restart, p.until.as_deref(), Duration::from_millis(p.boot_ms)).await?;
        }
        Ok(seen)
    }
}

/// Waits until the DUT is up, after a restart where it was stopped: what comes next must find it as it was.
pub(crate) async fn wait_until_up(
    cx: &CheckContext,
    restart_off_ms: Option<u32>,
    until: Option<&str>,
    within: Duration,
) -> Result<bool, Fault> {
    let mut line = Listener::new(cx);
    if let Some(off_ms) = restart_off_ms {
        line.forget().await?;
        Listener::restart(cx, off_ms).await?;
    }
    let patterns: Vec<&str> = until.into_iter().chain([LOGIN, keys::PROMPT]).collect();
    Ok(matches!(line.expect(&patterns, within).await?, Heard::Match(..)))
}

/// Keys as a plan names them.
///
/// # Errors
/// One is empty or far too long.
pub(crate) fn keys_of(names: &[String]) -> Result<Vec<Key>, Fault> {
    names.iter().map(|k| keys::by_name(k).ok_or_else(|| bad_key(k))).collect()
}

fn bad_key(written: &str) -> Fault {
    Fault::plan("bad-parameter", format!("`keys` has {written:?}, which is empty or longer than 64 bytes"))
}

/// One attempt to stop a boot loader.
pub(crate) struct Attempt<'a> {
    cx: &'a CheckContext,
    pub(crate) line: Listener<'a>,
    /// Pressed in turn.
    keys: Vec<Key>,
    pub(crate) seen: Observation,
}

impl<'a> Attempt<'a> {
    /// `own`: keys to press before the usual ones.
    pub(crate) fn new(cx: &'a CheckContext, mut own: Vec<Key>) -> Self {
        own.extend(keys::usual());
        Self { cx, line: Listener::new(cx), keys: own, seen: Observation::default() }
    }

    /// Restarts the DUT where the power is to stay off for `off_ms`, and presses keys until a prompt stands there, the loader
    /// hands over, or the time is up.
    pub(crate) async fn stop(&mut self, off_ms: Option<u32>, within: Duration) -> Result<(), Fault> {
        self.line.forget().await?;
        let Some(off_ms) = off_ms else { return self.press(Instant::now() + within).await };
        // Together: a loader may count down before a slow switch has answered.
        let until = Instant::now() + Duration::from_millis(off_ms.into()) + within;
        tokio::try_join!(Listener::restart(self.cx, off_ms), self.press(until)).map(drop)
    }

    /// Runs one command at the loader's prompt: what it says until the prompt comes again; `None` where it does not.
    pub(crate) async fn command(&mut self, command: &str) -> Result<Option<String>, Fault> {
        self.line.forget().await?;
        self.line.write(format!("{command}\r").as_bytes()).await?;
        Ok(match self.line.expect(&[keys::PROMPT], ANSWER).await? {
            Heard::Match(_, answer, _) => Some(answer),
            Heard::Nothing(_) => None,
        })
    }

    /// Away with keys that are echoed and not yet entered.
    pub(crate) async fn clear(&mut self) -> Result<(), Fault> {
        // Twice: U-Boot takes what follows an Escape for a part of it.
        self.line.write(b"\x03\x03").await?;
        let mut within = ANSWER;
        // Each key of the countdown may bring a prompt of its own; one that comes late is no answer to what is typed next.
        for _ in 0..PROMPTS {
            match self.line.expect(&[keys::PROMPT], within).await? {
                Heard::Match(..) => within = LATE,
                Heard::Nothing(_) => break,
            }
        }
        Ok(())
    }

    /// Until a prompt stands there, the loader hands over, or `until`.
    async fn press(&mut self, until: Instant) -> Result<(), Fault> {
        let mut turn = 0;
        while Instant::now() < until && !self.cx.deadline.passed() {
            let patterns = [keys::HANDED_OVER, keys::COUNTDOWN, keys::PROMPT];
            match self.line.expect(&patterns, EVERY).await? {
                Heard::Match(0, ..) => {
                    self.seen.boot_went_on = true;
                    return Ok(());
                }
                Heard::Match(1, before, text) => {
                    self.seen.countdown_seen = true;
                    for key in keys::for_countdown(&last_line(&before, &text)) {
                        self.send(&key).await?;
                    }
                    self.seen.countdown.get_or_insert(text.trim().to_owned());
                }
                Heard::Match(_, _, prompt) => {
                    self.seen.prompt = Some(prompt.trim().to_owned());
                    return Ok(());
                }
                Heard::Nothing(_) => {
                    let key = self.keys[turn % self.keys.len()].clone();
                    self.send(&key).await?;
                    turn += 1;
                }
            }
        }
        Ok(())
    }

    async fn send(&mut self, key: &Key) -> Result<(), Fault> {
        self.line.write(&key.bytes).await?;
        self.seen.keys_sent += 1;
        if !self.seen.sent.contains(&key.name) {
            self.seen.sent.push(key.name.clone());
        }
        Ok(())
    }

    /// A prompt that is one answers, and comes again.
    async fn ask_for_help(&mut self) -> Result<(), Fault> {
        self.clear().await?;
        self.line.write(b"help\r").await?;
        let mut came = 0;
        let mut heard = Heard::Nothing(0);
        for _ in 0..HELP_WAITS {
            heard = self.line.expect(&[keys::PROMPT, r"(?i)-- ?more ?--|press any key to continue"], ANSWER).await?;
            match heard {
                Heard::Nothing(total) if total > came => came = total,
                _ => break,
            }
        }
        match heard {
            Heard::Match(0, answer, _) => {
                let said = |line: &&str| !line.trim().is_empty() && !line.trim_end().ends_with("help");
                self.seen.shell = answer.lines().any(|line| said(&line));
            }
            Heard::Match(..) => {
                self.seen.shell = true;
                self.line.write(b"q").await?;
            }
            Heard::Nothing(_) => {}
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Observation, Fault> {
        let all = self.line.all().await?;
        self.seen.text_bytes = all.total;
        self.seen.seen = all.total > 0;
        self.seen.bootloader = versions::of(&all.text).bootloader;
        Ok(self.seen)
    }
}

/// The line that a match stands in, as far as it has come.
fn last_line(before: &str, matched: &str) -> String {
    format!("{}{matched}", before.rsplit(['\r', '\n']).next().unwrap_or_default())
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let quick = json!({"within_ms": 2_000, "off_ms": 0});
        vec![
            Case::good(Dut::good(), quick.clone()).shows(json!({
                "seen": true, "shell": false, "countdown_seen": true, "bootloader": "U-Boot 2024.01", "boot_went_on": true,
                "up": true,
            })),
            Case::weak(Dut::weak(), quick).shows(json!({
                "seen": true, "shell": true, "prompt": "=>", "countdown_seen": true,
                "countdown": "Hit any key to stop", "bootloader": "U-Boot 2024.01", "boot_went_on": false,
                "up": true,
            })),
            Case::dead(Dut::silent(), json!({"within_ms": 50, "off_ms": 0}))
                .shows(json!({"seen": false, "shell": false, "countdown_seen": false, "text_bytes": 0})),
        ]
    }
}
