//! # `console.login`
//! **Question.** Does the serial console ask for a logon, and which of the given credentials does it accept?
//! **Evidence for.** PSTI Schedule 1 paragraph 1(2); EN 303 645 V2.1.1 provision 5.1-1; TS 103 701 V1.1.1 case 5.1-1-2.
//! **Procedure.** A newline, a look at the prompt, then one logon after the other with a pause between two.
//! **Observation.** The prompt, what let in (by entry name), why the tries stopped.
//! **Effect.** Active: at most the bench's tries; may leave the console locked for a while.
//! **Does not show.** What a shell on the console could do, or access through the boot loader (`console.interrupt_boot`).

use std::time::Duration;

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::{
    candidates::{self, Accepted, Preset, Sources, Wordlist},
    logon::{Mechanism, Place, Service, console},
    series::{Stopped, budget},
    try_credentials,
};

pub(crate) struct Login;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The tty, as the bench names it; the DUT's own console where absent. Must be that console.
    #[serde(default)]
    port: Option<String>,
    /// The user.
    #[serde(default)]
    user: Option<String>,
    /// One password, reported as `given`.
    #[serde(default)]
    password: Option<String>,
    /// A list by name, or entries as `user:password`.
    #[serde(default)]
    wordlist: Option<Wordlist>,
    /// The supplier's preset values.
    #[serde(default)]
    preset: Vec<Preset>,
    /// Tries at most; never more than the bench permits.
    #[serde(default)]
    tries: Option<u32>,
    /// Pause between two tries in milliseconds; never less than the bench's.
    #[serde(default)]
    pause_ms: Option<u32>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// The line that asks; empty where none does.
    prompt: String,
    /// Whether it asks for a logon.
    asks: bool,
    /// Whether a shell stands open without one.
    shell_without_logon: bool,
    /// What let in.
    accepted: Vec<Accepted>,
    /// Candidates that were tried.
    tried: u32,
    /// Whether every candidate was tried.
    exhausted: bool,
    /// Why not: `lockout`, `delay`, `budget`, `gone`, `unusable`, `deadline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Stopped>,
    /// Whether the console said anything at all.
    answered: bool,
}

#[async_trait]
impl TypedCheck for Login {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "console.login";
    const QUESTION: &'static str =
        "Does the serial console ask for a logon, and which of the given credentials does it accept?";
    const EVIDENCE_FOR: &'static str = "PSTI Sch. 1 para. 1(2); EN 303 645 V2.1.1 5.1-1; TS 103 701 V1.1.1 5.1-1-2";
    const DOES_NOT_SHOW: &'static str = "what a shell on the console could do, or access through the boot loader";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["console"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        if let (Some(asked), Some(own)) = (&p.port, &cx.dut.console)
            && asked != own
        {
            return Err(Fault::plan(
                "foreign-console",
                format!("`{asked}` is not the console of {} ({own})", cx.dut.id),
            )
            .with_help("leave `port` out, or name that tty in the bench file"));
        }
        let (prompt, line) = console::prompt(cx, cx.deadline.capped(Duration::from_secs(15))).await?;
        let asks = matches!(prompt, console::Prompt::Login | console::Prompt::Password);
        let mut seen = Observation {
            prompt: if asks { line } else { String::new() },
            asks,
            shell_without_logon: prompt == console::Prompt::Shell,
            accepted: Vec::new(),
            tried: 0,
            exhausted: false,
            stopped: None,
            answered: prompt != console::Prompt::Nothing,
        };
        if !asks {
            seen.stopped = (!seen.answered).then_some(Stopped::Gone);
            return Ok(seen);
        }
        let given = Credentials {
            user: p.user,
            password: p.password,
            wordlist: p.wordlist,
            preset: p.preset,
            tries: p.tries,
            pause_ms: p.pause_ms,
        };
        let tried = given.try_all(cx).await?;
        seen.accepted = tried.accepted;
        seen.tried = tried.tried;
        seen.exhausted = tried.exhausted;
        seen.stopped = tried.stopped;
        Ok(seen)
    }
}

/// Credentials to try on a console, and how hard.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Credentials {
    /// The user.
    pub user: Option<String>,
    /// One password, reported as `given`.
    pub password: Option<String>,
    /// A list by name, or entries as `user:password`.
    pub wordlist: Option<Wordlist>,
    /// The supplier's preset values.
    pub preset: Vec<Preset>,
    /// Tries at most; never more than the bench permits.
    pub tries: Option<u32>,
    /// Pause between two tries in milliseconds; never less than the bench's.
    pub pause_ms: Option<u32>,
}

impl Credentials {
    /// Tries them, the single password first.
    pub(super) async fn try_all(self, cx: &CheckContext) -> Result<try_credentials::Observation, Fault> {
        let users: Vec<String> = self.user.iter().cloned().collect();
        let preset = |q: Preset| Preset { user: q.user.or_else(|| self.user.clone()), ..q };
        let presets: Vec<Preset> = self.preset.into_iter().map(preset).collect();
        let mut all = candidates::all(&Sources {
            sample: &cx.dut.id,
            users: &users,
            presets: &presets,
            wordlist: self.wordlist.as_ref(),
            ..Sources::default()
        })?;
        if let Some(password) = self.password {
            let user = self.user.unwrap_or_else(|| "root".into());
            all.insert(0, candidates::Candidate { name: "given".into(), user, password });
        }
        let mechanism = Mechanism::at(cx, "", &Place::of(Service::Console, None)).await?;
        try_credentials::try_all(cx, &mechanism, &all, budget(cx, self.tries), self.pause_ms).await
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let list = json!({"user": "service", "wordlist": ["service:service", "service:1234"]});
        vec![
            Case::good(Dut::good(), list.clone()).shows(json!({
                "prompt": "cam login:", "asks": true, "shell_without_logon": false, "accepted": [], "tried": 2, "exhausted": true
            })),
            Case::good(Dut::good(), json!({"user": "service", "password": "label-s1"}))
                .shows(json!({"accepted": [{"user": "service", "credential": "given"}]})),
            Case::weak(Dut::weak(), list.clone())
                .shows(json!({"accepted": [{"user": "service", "credential": "inline#1"}]})),
            Case::dead(Dut::silent(), list)
                .shows(json!({"answered": false, "asks": false, "accepted": [], "stopped": "gone", "exhausted": false})),
        ]
    }
}
