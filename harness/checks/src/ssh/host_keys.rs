//! # `ssh.host_keys`
//! **Question.** Which host keys does an SSH server have, and of what size?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-3, 5.4-4, 5.5-1; TS 103 701 V1.1.1 cases 5.1-3-2, 5.4-4-1, 5.5-1-2.
//! **Procedure.** One connection per type of key on offer: our KEXINIT names that type alone, then any public value makes
//! the server show the key in clear. The exchange is given up there. Three more connections where the server lets a client
//! choose the size of the Diffie-Hellman group: for one that wants little, nothing but little, and much.
//! **Observation.** Type, size and fingerprint of each key; each group asked for, and the smallest. The plan decides what is
//! acceptable.
//! **Effect.** Active: a connection and a server signature per type of key, at most three more; nobody logs on.
//! **Does not show.** Keys of algorithms that are not offered.

use std::time::Duration;

use assay_model::{CheckContext, CheckKind, Deadline, Effect, Endpoint, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hello::{Greeted, Greeting, close, greet};
use super::kex::{Answer, Exchange, is_group_exchange, method};
use super::key::{HostKey, host_key};

/// Types of key that are asked about, at most: a hostile list would be asked through for ever.
const MOST_TYPES: usize = 16;

/// See the module.
pub struct SshHostKeys;

/// Parameters of `ssh.host_keys`.
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
    /// The host keys, in the server's order.
    keys: Vec<HostKey>,
    /// Algorithms whose key was not shown, and what came instead.
    not_shown: Vec<NotShown>,
    /// Bits of the smallest prime that the server gave; absent where it has no group exchange, or gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_exchange_bits: Option<u32>,
    /// What the server gave for each size asked for; empty where it has no group exchange.
    group_exchange: Vec<Group>,
    /// What was wrong with the answer, where it was no SSH.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Connections made.
    connections: u32,
}

/// Least, wanted and largest bits that a group is asked for with (RFC 4419): old servers give what is asked for; OpenSSH
/// from 7 no less than 2,048, and nothing to who takes nothing as large.
const SIZES: [[u32; 3]; 3] = [[1_024, 1_024, 8_192], [512, 512, 1_024], [2_048, 4_096, 8_192]];

/// A group that was asked for.
#[derive(Debug, Serialize, JsonSchema)]
struct Group {
    /// The fewest bits that would do.
    least: u32,
    /// Bits wanted.
    wanted: u32,
    /// The most bits that would do.
    most: u32,
    /// Bits of the prime that came.
    #[serde(skip_serializing_if = "Option::is_none")]
    bits: Option<u32>,
    /// What came instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// An algorithm whose key was not shown.
#[derive(Debug, Serialize, JsonSchema)]
struct NotShown {
    /// The algorithm.
    algorithm: String,
    /// What came instead.
    text: String,
}

/// The type of key that an algorithm signs with: three algorithms share an RSA key.
fn key_type(algorithm: &str) -> &str {
    match algorithm {
        "rsa-sha2-256" | "rsa-sha2-512" => "ssh-rsa",
        "rsa-sha2-256-cert-v01@openssh.com" | "rsa-sha2-512-cert-v01@openssh.com" => "ssh-rsa-cert-v01@openssh.com",
        other => other,
    }
}

struct Asker<'a> {
    cx: &'a CheckContext,
    endpoint: Endpoint,
    silence: Duration,
    seen: Observation,
}

impl Asker<'_> {
    fn until(&self) -> Deadline {
        self.cx.deadline.capped(self.silence)
    }

    /// Another connection up to the lists; what is wrong with it goes into the observation.
    async fn greet(&mut self) -> Result<Option<Greeted>, Fault> {
        if self.cx.deadline.passed() {
            return Err(Fault::timeout(format!("SSH questions to {} were not finished in time", self.endpoint)));
        }
        self.seen.connections += 1;
        let tcp = self.cx.touches.tcp()?;
        match greet(tcp, self.endpoint.clone(), self.silence, self.until()).await? {
            Greeting::Whole(greeted) => {
                (self.seen.answered, self.seen.ssh) = (true, true);
                Ok(Some(*greeted))
            }
            Greeting::Partial { answered, why, .. } => {
                self.seen.answered |= answered;
                self.seen.text = Some(why.to_owned());
                Ok(None)
            }
            Greeting::NoConnection => {
                self.seen.text = Some("no connection".to_owned());
                Ok(None)
            }
        }
    }

    async fn run(mut self) -> Result<Observation, Fault> {
        let Some(first) = self.greet().await? else { return Ok(self.seen) };
        let mut algorithms: Vec<String> = Vec::new();
        for algorithm in &first.lists.host_keys {
            if !algorithms.iter().any(|a| key_type(a) == key_type(algorithm)) && algorithms.len() < MOST_TYPES {
                algorithms.push(algorithm.clone());
            }
        }
        let kex = first.lists.kex.clone();
        let begin = method(&kex);
        let mut greeted = Some(first);
        for algorithm in algorithms {
            let Some(line) = (match greeted.take() {
                Some(line) => Some(line),
                None => self.greet().await?,
            }) else {
                // The server answered before; that it does not now is about this question, not about the service.
                let text = self.seen.text.take().unwrap_or_default();
                self.seen.not_shown.push(NotShown { algorithm, text });
                continue;
            };
            let tcp = self.cx.touches.tcp()?;
            let Some(begin) = begin else {
                close(tcp, line.connection, self.until()).await;
                self.seen.not_shown.push(NotShown { algorithm, text: "no key exchange in common".into() });
                greeted = None;
                continue;
            };
            let exchange = Exchange { tcp, silence: self.silence, until: self.until() };
            match exchange.host_key(line, begin, &algorithm).await? {
                Answer::HostKey(blob) => match host_key(&blob) {
                    Some(key) if !self.seen.keys.contains(&key) => self.seen.keys.push(key),
                    Some(_) => {}
                    None => self.seen.not_shown.push(NotShown { algorithm, text: "no key can be read".into() }),
                },
                Answer::Not(text) => self.seen.not_shown.push(NotShown { algorithm, text }),
            }
        }
        if let Some(line) = greeted {
            close(self.cx.touches.tcp()?, line.connection, self.until()).await;
        }
        if let Some(group) = kex.iter().find(|k| is_group_exchange(k)) {
            for sizes in SIZES {
                self.group(group, sizes).await?;
            }
        }
        Ok(self.seen)
    }

    /// Asks for a group of one size.
    async fn group(&mut self, method: &str, sizes: [u32; 3]) -> Result<(), Fault> {
        let outcome = match self.greet().await? {
            Some(line) => {
                let exchange = Exchange { tcp: self.cx.touches.tcp()?, silence: self.silence, until: self.until() };
                exchange.prime_bits(line, method, sizes).await?
            }
            None => Err(self.seen.text.take().unwrap_or_default()),
        };
        let [least, wanted, most] = sizes;
        let smallest = &mut self.seen.group_exchange_bits;
        *smallest = smallest.iter().chain(outcome.as_ref().ok()).min().copied();
        let (bits, text) = (outcome.as_ref().ok().copied(), outcome.err());
        self.seen.group_exchange.push(Group { least, wanted, most, bits, text });
        Ok(())
    }
}

#[async_trait]
impl TypedCheck for SshHostKeys {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "ssh.host_keys";
    const QUESTION: &'static str = "Which host keys does an SSH server have, and of what size?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 5.1-3, 5.4-4, 5.5-1; TS 103 701 5.1-3-2, 5.4-4-1, 5.5-1-2";
    const DOES_NOT_SHOW: &'static str = "Keys of algorithms that are not offered.";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["network"];

    async fn run(&self, cx: &CheckContext, params: Params) -> Result<Observation, Fault> {
        let endpoint = cx.endpoint(&params.host, params.port)?;
        let silence = Duration::from_millis(params.silence_ms.into());
        Asker { cx, endpoint, silence, seen: Observation::default() }.run().await
    }
}
