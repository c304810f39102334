//! # `ssh.algorithms`
//! **Question.** Which algorithms does an SSH server offer?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-3, 5.5-1; TS 103 701 V1.1.1 cases 5.1-3-2, 5.5-1-2 (functional).
//! **Procedure.** One connection: our identification line, then the server's KEXINIT (RFC 4253 sections 4.2 and 7.1).
//! **Observation.** The server's whole lists, in its order. The plan decides what is acceptable.
//! **Effect.** Active: one connection, given up before any key exchange.
//! **Does not show.** Sizes of host keys and of group-exchange moduli; what is agreed on with a given client.

use std::time::Duration;

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hello::{Greeting, close, greet};
use super::wire::KexInit;

/// See the module.
pub struct SshAlgorithms;

/// Parameters of `ssh.algorithms`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The host, usually `${dut.host}`.
    host: String,
    /// The port.
    #[serde(default = "ssh_port")]
    port: u16,
    /// How long the server may stay silent, in milliseconds.
    #[serde(default = "silence")]
    silence_ms: u32,
}

const fn ssh_port() -> u16 {
    22
}

const fn silence() -> u32 {
    5_000
}

/// What was observed.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Observation {
    /// Whether anything answered.
    answered: bool,
    /// Whether it was SSH, up to and including its lists.
    ssh: bool,
    /// The identification line.
    banner: String,
    /// Protocol version of the identification line: `2.0`, `1.99` (which also speaks SSH 1), `1.5`.
    protocol: String,
    /// Key exchange methods.
    kex: Vec<String>,
    /// Host key algorithms.
    host_keys: Vec<String>,
    /// Ciphers, both directions, without repetition.
    ciphers: Vec<String>,
    /// MACs, both directions, without repetition.
    macs: Vec<String>,
    /// Compression, both directions, without repetition.
    compression: Vec<String>,
    /// Whether the server supports strict key exchange, the counter-measure to prefix truncation (Terrapin).
    strict_kex: bool,
    /// What was wrong with the answer, where it was no SSH.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

#[async_trait]
impl TypedCheck for SshAlgorithms {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "ssh.algorithms";
    const QUESTION: &'static str = "Which algorithms does an SSH server offer?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 5.1-3, 5.5-1; TS 103 701 5.1-3-2, 5.5-1-2";
    const DOES_NOT_SHOW: &'static str =
        "Sizes of host keys and group-exchange moduli; what is agreed on with a given client.";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["network"];

    async fn run(&self, cx: &CheckContext, params: Params) -> Result<Observation, Fault> {
        let tcp = cx.touches.tcp()?;
        let endpoint = cx.endpoint(&params.host, params.port)?;
        let silence = Duration::from_millis(params.silence_ms.into());
        let until = cx.deadline.capped(silence);
        Ok(match greet(tcp, endpoint, silence, until).await? {
            Greeting::NoConnection => Observation { text: Some("no connection".into()), ..Observation::default() },
            Greeting::Whole(greeted) => {
                close(tcp, greeted.connection, until).await;
                whole(greeted.banner, greeted.lists)
            }
            Greeting::Partial { answered, banner, why } => Observation {
                answered,
                protocol: protocol(&banner),
                banner,
                text: Some(why.to_owned()),
                ..Observation::default()
            },
        })
    }
}

fn protocol(banner: &str) -> String {
    banner.split('-').nth(1).unwrap_or_default().to_owned()
}

fn whole(banner: String, lists: KexInit) -> Observation {
    Observation {
        answered: true,
        ssh: true,
        protocol: protocol(&banner),
        banner,
        strict_kex: lists.kex.iter().any(|k| k == "kex-strict-s-v00@openssh.com"),
        kex: lists.kex,
        host_keys: lists.host_keys,
        ciphers: both(lists.ciphers_to_client, lists.ciphers_to_server),
        macs: both(lists.macs_to_client, lists.macs_to_server),
        compression: both(lists.compression_to_client, lists.compression_to_server),
        text: None,
    }
}

fn both(mut one: Vec<String>, other: Vec<String>) -> Vec<String> {
    for name in other {
        if !one.contains(&name) {
            one.push(name);
        }
    }
    one
}
