//! A check asks one question through adapters and returns a typed observation. It holds no pass or fail policy.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{AddressBook, Deadline, Dut, Effect, Endpoint, Fault, Host, Limits, Schema, Touches};

/// Whether a check asks about something being there, or being absent.
///
/// An absence question needs a liveness probe, a positive control and undropped captures before its PASS counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckKind {
    /// Reports what is there.
    Presence,
    /// Its plans usually conclude from what was *not* found.
    Absence,
    /// Pure computation over its parameters: touches nothing.
    Pure,
}

/// What a check says of itself; `assay checks NAME` prints it.
#[derive(Debug, Clone, Serialize)]
pub struct CheckInfo {
    /// `group.question`: `ports.scan`.
    pub name: &'static str,
    /// The question, as a sentence.
    pub question: &'static str,
    /// Clauses that the observation can be evidence for.
    pub evidence_for: &'static str,
    /// What it does not show: the honest limit.
    pub does_not_show: &'static str,
    /// How deep it reaches.
    pub effect: Effect,
    /// Presence, absence or pure.
    pub kind: CheckKind,
    /// What the bench must provide, as in a unit's `needs`: `network`, `console`, `documents`, `power`, `probe`,
    /// `capture`, `operator`.
    pub needs: &'static [&'static str],
    /// Of its parameters.
    pub params: Schema,
    /// Of its observation.
    pub observation: Schema,
}

/// Receives secrets that a check or adapter comes to know, before they reach any sink.
pub trait SecretSink: Send + Sync {
    /// From now on every sink replaces `value` in all derived forms. `kind` is a word such as `password`.
    fn register(&self, kind: &str, value: &str);
}

/// Receives one line of progress for the live view.
pub trait Progress: Send + Sync {
    /// `done` of `total` (0 where unknown), and what is being done, as a short fragment.
    fn step(&self, done: u64, total: u64, text: &str);
}

/// What a check gets to work with: the DUT, the ways of touching it, a shared deadline.
#[derive(Clone)]
pub struct CheckContext {
    /// The sample at hand. A pure check over samples gets its values through parameters instead.
    pub dut: Arc<Dut>,
    /// The ways of touching it, each behind the recording seam.
    pub touches: Touches,
    /// Addresses that the bench owns.
    pub addresses: Arc<AddressBook>,
    /// The bench's limits on rate, half-open handshakes, tries.
    pub limits: Limits,
    /// For the whole call.
    pub deadline: Deadline,
    /// Where new secrets go, before they are used.
    pub secrets: Arc<dyn SecretSink>,
    /// The live view.
    pub progress: Arc<dyn Progress>,
}

impl CheckContext {
    /// The host that a plan names by `${dut.host}`.
    ///
    /// # Errors
    /// `foreign-address`: the bench does not own it; nothing was sent.
    pub fn host(&self, name: &str) -> Result<Host, Fault> {
        self.addresses.host(name).map_err(|e| {
            Fault::plan("foreign-address", e.to_string())
                .with_help("name the host in the bench file, or use `${dut.host}`")
        })
    }

    /// One port of such a host.
    ///
    /// # Errors
    /// As [`CheckContext::host`].
    pub fn endpoint(&self, host: &str, port: u16) -> Result<Endpoint, Fault> {
        Ok(self.host(host)?.port(port))
    }
}

/// A check as the engine sees it: parameters and observation as JSON.
#[async_trait]
pub trait Check: Send + Sync {
    /// What it says of itself.
    fn info(&self) -> &CheckInfo;

    /// Asks its question once.
    ///
    /// # Errors
    /// A [`Fault`] is the lab's trouble or a parameter that does not fit; what the DUT did is in the observation.
    async fn run(&self, cx: &CheckContext, params: Value) -> Result<Value, Fault>;
}

/// A check as its author writes it. [`erase`] makes a [`Check`] of it.
#[async_trait]
pub trait TypedCheck: Send + Sync + 'static {
    /// Parameters; `#[serde(deny_unknown_fields)]`, defaults by `#[serde(default)]`. Doc comments become documentation.
    type Params: DeserializeOwned + JsonSchema + Send;
    /// What was observed; doc comments become documentation, field names are public.
    type Observation: Serialize + JsonSchema + Send;

    /// `group.question`.
    const NAME: &'static str;
    /// The question.
    const QUESTION: &'static str;
    /// Clauses it can be evidence for.
    const EVIDENCE_FOR: &'static str;
    /// Its honest limit.
    const DOES_NOT_SHOW: &'static str;
    /// How deep it reaches.
    const EFFECT: Effect;
    /// Presence, absence or pure.
    const KIND: CheckKind;
    /// What the bench must provide.
    const NEEDS: &'static [&'static str];

    /// Asks the question once.
    async fn run(&self, cx: &CheckContext, params: Self::Params) -> Result<Self::Observation, Fault>;
}

struct Erased<C> {
    check: C,
    info: CheckInfo,
}

/// A typed check as the engine sees it.
pub fn erase<C: TypedCheck>(check: C) -> Arc<dyn Check> {
    let info = CheckInfo {
        name: C::NAME,
        question: C::QUESTION,
        evidence_for: C::EVIDENCE_FOR,
        does_not_show: C::DOES_NOT_SHOW,
        effect: C::EFFECT,
        kind: C::KIND,
        needs: C::NEEDS,
        params: Schema::of_input::<C::Params>(),
        observation: Schema::of_output::<C::Observation>(),
    };
    Arc::new(Erased { check, info })
}

#[async_trait]
impl<C: TypedCheck> Check for Erased<C> {
    fn info(&self) -> &CheckInfo {
        &self.info
    }

    async fn run(&self, cx: &CheckContext, params: Value) -> Result<Value, Fault> {
        let params = serde_json::from_value(params)
            .map_err(|e| Fault::plan("bad-parameter", format!("parameters of `{}`: {e}", C::NAME)))?;
        let observation = self.check.run(cx, params).await?;
        serde_json::to_value(observation)
            .map_err(|e| Fault::adapter("bad-observation", format!("observation of `{}` is no JSON: {e}", C::NAME)))
    }
}
