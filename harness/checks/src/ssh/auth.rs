//! # `ssh.auth`
//! **Question.** Which ways of logging on does the SSH server offer to each user?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-1 and 5.1-3; TS 103 701 V1.1.1 case 5.1-1-2, unit a.
//! **Procedure.** A handshake for the banner, then per user the `none` method, whose refusal lists the others.
//! **Observation.** Methods per user, users that were let in without a credential.
//! **Effect.** Active: one connection a user and one more.
//! **Does not show.** Whether a password is accepted (`auth.try_credentials`).

use std::{collections::BTreeMap, time::Duration};

use assay_model::{
    CheckContext, CheckKind, Effect, Fault, TypedCheck,
    touch::ssh::{SshRequest, SshResponse},
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) struct Auth;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The host.
    host: String,
    /// The TCP port.
    #[serde(default = "port")]
    port: u16,
    /// Users to ask for.
    #[serde(default = "users")]
    users: Vec<String>,
}

const fn port() -> u16 {
    22
}

fn users() -> Vec<String> {
    vec!["root".into(), "admin".into()]
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether the server completed a handshake.
    answered: bool,
    /// Its version line; empty without a handshake.
    banner: String,
    /// Methods per user; users that nothing was learnt of are left out.
    methods: BTreeMap<String, Vec<String>>,
    /// Whether any user was let in without a credential.
    none_accepted: bool,
    /// Those users.
    open_users: Vec<String>,
    /// Whether a password could be used by any user.
    password_offered: bool,
    /// Why something is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

const ONE: Duration = Duration::from_secs(10);

#[async_trait]
impl TypedCheck for Auth {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "ssh.auth";
    const QUESTION: &'static str = "Which ways of logging on does the SSH server offer to each user?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 V2.1.1 5.1-1, 5.1-3; TS 103 701 V1.1.1 5.1-1-2 a";
    const DOES_NOT_SHOW: &'static str = "whether a password is accepted";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["network"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let endpoint = cx.endpoint(&p.host, p.port)?;
        let ssh = cx.touches.ssh()?;
        let mut seen = Observation::default();
        match ssh.call(SshRequest::Hello { endpoint: endpoint.clone() }, cx.deadline.capped(ONE)).await? {
            SshResponse::Hello(hello) => {
                seen.answered = true;
                seen.banner = hello.banner;
            }
            other => {
                seen.note = Some(trouble(&other));
                return Ok(seen);
            }
        }
        for user in p.users {
            let request = SshRequest::Methods { endpoint: endpoint.clone(), user: user.clone() };
            match ssh.call(request, cx.deadline.capped(ONE)).await? {
                SshResponse::Methods { methods, none_accepted } => {
                    seen.password_offered |= methods.iter().any(|m| m == "password" || m == "keyboard-interactive");
                    if none_accepted {
                        seen.open_users.push(user.clone());
                    }
                    seen.methods.insert(user, methods);
                }
                other => seen.note = Some(format!("{user}: {}", trouble(&other))),
            }
        }
        seen.none_accepted = !seen.open_users.is_empty();
        Ok(seen)
    }
}

fn trouble(response: &SshResponse) -> String {
    match response {
        SshResponse::Refused => "connection refused".into(),
        SshResponse::NoAnswer { stage } => format!("no answer at stage {stage}"),
        SshResponse::Dropped { stage } => format!("closed at stage {stage}"),
        SshResponse::NoCommonAlgorithm { text } => format!("no common algorithm: {text}"),
        _ => "an answer that does not fit".into(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let params = json!({"host": "dut", "port": 2222, "users": ["admin", "guest"]});
        vec![
            Case::good(Dut::good(), params.clone()).shows(json!({
                "answered": true, "banner": "SSH-2.0-fake_1.0", "none_accepted": false, "open_users": [],
                "methods": {"admin": ["publickey", "password"], "guest": ["publickey", "password"]}, "password_offered": true
            })),
            Case::weak(Dut::weak(), params.clone()).shows(json!({"none_accepted": true, "open_users": ["guest"]})),
            Case::dead(Dut::silent(), params.clone())
                .shows(json!({"answered": false, "methods": {}, "none_accepted": false, "password_offered": false})),
            Case::dead(Dut::absent(), params).shows(json!({"answered": false, "note": "connection refused"})),
        ]
    }
}
