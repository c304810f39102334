//! # `console.single_user`
//! **Question.** Does an open boot loader start the product with a root shell, by an argument to its kernel?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.6-4 and 5.4-1; TS 103 701 V1.1.1 case 5.6-4-2 (functional).
//! **Procedure.** For each argument: restarts, stops the boot loader as `console.interrupt_boot` does, appends the argument
//! to U-Boot's variable of kernel arguments (in memory, never saved), boots, and asks a prompt that comes to compute something
//! that no boot loader computes, and for its user. At the end the DUT is restarted undisturbed.
//! **Observation.** Whether the loader could be stopped, and per argument whether a shell came and whose.
//! **Effect.** Disruptive: two power cuts for each argument.
//! **Does not show.** Loaders with another command language (GRUB, RedBoot, CFE), and systems that take their arguments from a
//! file of their own.

use std::time::{Duration, Instant};

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    boot_log::{LOGIN, a_minute},
    interrupt_boot::{Attempt, keys_of, ten_seconds, wait_until_up},
    keys,
    listen::{Heard, Listener, half_a_second},
    shell_access::{self, IDENTITY_ANSWER},
};

/// Whoever waits so long presses Enter: a prompt may stand in the middle of what the kernel says, or wait for a key.
const KNOCK: Duration = Duration::from_secs(5);
/// A shell answers at once; a busy device within seconds.
const ANSWER: Duration = Duration::from_secs(3);

pub(crate) struct SingleUser;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// Arguments to append, one boot each; at most 8.
    #[serde(default = "usual")]
    arguments: Vec<String>,
    /// The loader's variable of kernel arguments.
    #[serde(default = "bootargs")]
    variable: String,
    /// The loader's command that boots.
    #[serde(default = "boot")]
    boot: String,
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

fn usual() -> Vec<String> {
    ["init=/bin/sh", "single"].map(str::to_owned).to_vec()
}

fn bootargs() -> String {
    "bootargs".into()
}

fn boot() -> String {
    "boot".into()
}

/// One boot.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Trick {
    /// What was appended.
    argument: String,
    /// Whether the boot was seen to end: at a logon, at a shell, or back at the loader. Otherwise it is not known what came.
    ended: bool,
    /// Whether a shell came that computed something.
    shell: bool,
    /// Its user, where `id` told.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// Whether it is the superuser's, where `id` told.
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<bool>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether the console said anything after the restart.
    seen: bool,
    /// Whether the loader was stopped at a prompt; otherwise nothing was tried.
    loader_open: bool,
    /// Per argument that was tried.
    tricks: Vec<Trick>,
    /// Whether any of them gave a shell.
    shell: bool,
    /// Whether the DUT was seen up at the end.
    up: bool,
}

#[async_trait]
impl TypedCheck for SingleUser {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "console.single_user";
    const QUESTION: &'static str =
        "Does an open boot loader start the product with a root shell, by an argument to its kernel?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 V2.1.1 5.6-4, 5.4-1; TS 103 701 V1.1.1 5.6-4-2 (functional)";
    const DOES_NOT_SHOW: &'static str = "loaders with another command language than U-Boot's, and systems that take their \
        arguments from a file of their own";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["console", "power"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        plain(&p)?;
        let own = keys_of(&p.keys)?;
        let boot_for = Duration::from_millis(p.boot_ms);
        let mut seen = Observation::default();
        for argument in &p.arguments {
            let mut attempt = Attempt::new(cx, own.clone());
            attempt.stop(Some(p.off_ms), Duration::from_millis(p.within_ms)).await?;
            seen.loader_open = attempt.seen.prompt.is_some();
            if seen.loader_open {
                seen.tricks.push(try_one(cx, &mut attempt, &p, argument, boot_for).await?);
            }
            let heard = attempt.line.all().await?.total > 0;
            seen.seen |= heard || seen.loader_open;
            if !seen.loader_open {
                break;
            }
        }
        seen.shell = seen.tricks.iter().any(|t| t.shell);
        if seen.seen {
            seen.up = wait_until_up(cx, seen.loader_open.then_some(p.off_ms), None, boot_for).await?;
        }
        Ok(seen)
    }
}

/// What is typed at a loader must be one command.
fn plain(p: &Params) -> Result<(), Fault> {
    let texts = p.arguments.iter().chain([&p.variable, &p.boot]);
    let bad = |t: &&String| t.is_empty() || t.len() > 200 || t.chars().any(|c| c.is_control());
    if let Some(bad) = texts.clone().find(bad) {
        return Err(Fault::plan("bad-parameter", format!("{bad:?} is no text of 1 to 200 characters on one line")));
    }
    if !(1..=8).contains(&p.arguments.len()) {
        let text = format!("{} arguments were given; 1 to 8 can be tried", p.arguments.len());
        return Err(Fault::plan("bad-parameter", text));
    }
    Ok(())
}

async fn try_one(
    cx: &CheckContext,
    attempt: &mut Attempt<'_>,
    p: &Params,
    argument: &str,
    boot_for: Duration,
) -> Result<Trick, Fault> {
    let mut trick = Trick { argument: argument.to_owned(), ..Trick::default() };
    attempt.clear().await?;
    // The loader puts the old value in by itself; an unset one is empty.
    attempt.command(&format!("setenv {0} ${{{0}}} {argument}", p.variable)).await?;
    attempt.line.forget().await?;
    attempt.line.write(format!("{}\r", p.boot).as_bytes()).await?;
    let until = Instant::now() + boot_for;
    for _ in 0..=boot_for.as_secs() / KNOCK.as_secs() + 1 {
        let left = until.saturating_duration_since(Instant::now());
        match attempt.line.expect(&[LOGIN, keys::PROMPT], left.min(KNOCK)).await? {
            Heard::Match(1, ..) => ask_prompt(cx, &mut trick).await?,
            Heard::Match(..) => trick.ended = true,
            Heard::Nothing(_) => attempt.line.write(b"\r").await?,
        }
        if trick.ended || cx.deadline.passed() {
            break;
        }
    }
    Ok(trick)
}

/// Asks what looks like a prompt to compute something, and a shell for its user.
async fn ask_prompt(cx: &CheckContext, trick: &mut Trick) -> Result<(), Fault> {
    let mut line = Listener::new(cx);
    line.forget().await?;
    // A boot loader that is back at its prompt echoes this, and computes nothing.
    line.write(b"echo assay-$((6*7))\r").await?;
    trick.shell = matches!(line.expect(&["assay-42"], ANSWER).await?, Heard::Match(..));
    if trick.shell {
        line.write(b"id\r").await?;
        if let Heard::Match(_, _, text) = line.expect(&[IDENTITY_ANSWER], ANSWER).await? {
            (trick.user, trick.root) = shell_access::identity(&text);
        }
    }
    // Words of a boot that only look like a prompt do not come again.
    trick.ended = trick.shell || matches!(line.expect(&[keys::PROMPT], ANSWER).await?, Heard::Match(..));
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let quick = json!({"arguments": ["init=/bin/sh"], "within_ms": 2_000, "boot_ms": 2_000, "off_ms": 0});
        let harmless = json!({"arguments": ["quiet"], "within_ms": 2_000, "boot_ms": 2_000, "off_ms": 0});
        vec![
            Case::good(Dut::good(), quick.clone())
                .shows(json!({"seen": true, "loader_open": false, "tricks": [], "shell": false, "up": true})),
            Case::good(Dut::weak(), harmless)
                .shows(json!({"loader_open": true, "tricks": [{"argument": "quiet", "ended": true, "shell": false}], "shell": false})),
            Case::weak(Dut::weak(), quick.clone()).shows(json!({
                "seen": true, "loader_open": true, "shell": true, "up": true,
                "tricks": [{"argument": "init=/bin/sh", "shell": true, "user": "root", "root": true}],
            })),
            Case::weak(Dut::weak().whose_kernel_talks_on(), quick.clone())
                .shows(json!({"shell": true, "tricks": [{"ended": true, "shell": true, "user": "root"}]})),
            Case::dead(Dut::silent(), quick)
                .shows(json!({"seen": false, "loader_open": false, "tricks": [], "shell": false, "up": false})),
        ]
    }
}
