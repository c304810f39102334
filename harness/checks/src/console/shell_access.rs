//! # `console.shell_access`
//! **Question.** Does the serial console give a command shell without a logon, or with default credentials, and whose is it?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.6-4 and 5.1-1; TS 103 701 V1.1.1 case 5.6-4-2 (functional).
//! **Procedure.** A newline (twice, for consoles that wait to be activated) and a look at the prompt. A prompt without a logon
//! is believed when it computes `$?`; then `id` is asked. Where a logon is asked for, the given credentials are tried.
//! **Observation.** Whether a shell stands open, its user, what let in (by entry name).
//! **Effect.** Active: commands that change nothing; at most the bench's tries.
//! **Does not show.** A shell behind an undisclosed password, key sequence or jumper.

use std::sync::LazyLock;
use std::time::Duration;

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    listen::{Heard, Listener},
    login::Credentials,
};
use crate::auth::{candidates::Accepted, logon::console, series::Stopped};

/// A shell answers at once; a busy device within seconds.
const ANSWER: Duration = Duration::from_secs(3);

/// What `id` answers, with the end of its first word.
pub(super) const IDENTITY_ANSWER: &str = r"uid=\d+(?:\([^)\s]{1,64}\))?[ \r\n]";

static IDENTITY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"uid=(\d+)(?:\(([^)\s]{1,64})\))?").expect("a constant that the tests compile"));

pub(crate) struct ShellAccess;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// What to try where a logon is asked for; nothing is tried where absent.
    #[serde(default)]
    credentials: Option<Credentials>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether the console said anything at all.
    answered: bool,
    /// Whether it asks for a logon.
    asks: bool,
    /// The line that stood there.
    prompt: String,
    /// Whether a shell stands open without a logon.
    shell_without_logon: bool,
    /// Whether that shell computed something; otherwise it only looks like one.
    confirmed: bool,
    /// Its user, where `id` told.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// Whether it is the superuser's, where `id` told.
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<bool>,
    /// What let in.
    accepted: Vec<Accepted>,
    /// Credentials that were tried.
    tried: u32,
    /// Whether every one of them was tried; false where none was given.
    exhausted: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Stopped>,
}

#[async_trait]
impl TypedCheck for ShellAccess {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "console.shell_access";
    const QUESTION: &'static str =
        "Does the serial console give a command shell without a logon, or with default credentials, and whose is it?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 V2.1.1 5.6-4, 5.1-1; TS 103 701 V1.1.1 5.6-4-2 (functional)";
    const DOES_NOT_SHOW: &'static str = "a shell behind an undisclosed password, key sequence or jumper";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["console"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let (prompt, line) = console::prompt(cx, cx.deadline.capped(Duration::from_secs(15))).await?;
        let mut seen = Observation {
            answered: prompt != console::Prompt::Nothing,
            asks: matches!(prompt, console::Prompt::Login | console::Prompt::Password),
            shell_without_logon: prompt == console::Prompt::Shell,
            prompt: line,
            ..Observation::default()
        };
        if seen.shell_without_logon {
            whose(cx, &mut seen).await?;
        } else if let Some(credentials) = p.credentials.filter(|_| seen.asks) {
            let tried = credentials.try_all(cx).await?;
            (seen.accepted, seen.tried) = (tried.accepted, tried.tried);
            (seen.exhausted, seen.stopped) = (tried.exhausted, tried.stopped);
        } else if !seen.answered {
            seen.stopped = Some(Stopped::Gone);
        }
        Ok(seen)
    }
}

/// Asks a shell for something that an echo cannot say, and for its user.
async fn whose(cx: &CheckContext, seen: &mut Observation) -> Result<(), Fault> {
    let mut line = Listener::new(cx);
    line.forget().await?;
    line.write(b"echo assay-$?\r").await?;
    seen.confirmed = matches!(line.expect(&[r"assay-\d"], ANSWER).await?, Heard::Match(..));
    if !seen.confirmed {
        return Ok(());
    }
    line.write(b"id\r").await?;
    if let Heard::Match(_, _, text) = line.expect(&[IDENTITY_ANSWER], ANSWER).await? {
        (seen.user, seen.root) = identity(&text);
    }
    Ok(())
}

/// The user that `id` names, and whether it is the superuser.
pub(super) fn identity(answer: &str) -> (Option<String>, Option<bool>) {
    let Some(captures) = IDENTITY.captures(answer) else { return (None, None) };
    let name = captures.get(2).unwrap_or_else(|| captures.get_match()).as_str().to_owned();
    (Some(name), Some(&captures[1] == "0"))
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let list = json!({"credentials": {"user": "service", "wordlist": ["service:service"]}});
        vec![
            Case::good(Dut::good(), list.clone())
                .shows(json!({"asks": true, "shell_without_logon": false, "accepted": [], "tried": 1, "exhausted": true})),
            Case::good(Dut::good(), json!({})).shows(json!({"asks": true, "tried": 0, "exhausted": false})),
            Case::weak(Dut::weak(), list.clone())
                .shows(json!({"accepted": [{"user": "service", "credential": "inline#1"}]})),
            Case::weak(Dut::weak().without_logon(), list.clone())
                .shows(json!({"shell_without_logon": true, "confirmed": true, "user": "root", "root": true, "tried": 0})),
            Case::dead(Dut::silent(), list).shows(
                json!({"answered": false, "asks": false, "shell_without_logon": false, "stopped": "gone", "exhausted": false}),
            ),
        ]
    }
}
