//! A Shelly relay, of either generation of its interface; which one, it says itself.

use assay_model::{Deadline, Fault};
use async_trait::async_trait;
use serde_json::Value;

use super::{
    Switch,
    relay_http::{RelayUrl, unexpected},
};

/// One output of a Shelly relay.
#[derive(Debug, Clone)]
pub struct ShellySwitch {
    url: RelayUrl,
    /// From 0, as Shelly counts.
    output: u8,
}

impl ShellySwitch {
    /// Output `output`, from 0.
    #[must_use]
    pub const fn new(url: RelayUrl, output: u8) -> Self {
        Self { url, output }
    }

    /// Whether it speaks RPC (generation 2 and later).
    async fn is_rpc(&self, until: Deadline) -> Result<bool, Fault> {
        let about = self.url.get_json("/shelly", until).await?;
        Ok(about.get("gen").and_then(Value::as_u64).is_some_and(|generation| generation >= 2))
    }

    async fn ask(&self, path: &str, key: &str, until: Deadline) -> Result<bool, Fault> {
        let answer = self.url.get_json(path, until).await?;
        answer.get(key).and_then(Value::as_bool).ok_or_else(|| unexpected(&self.url, &answer.to_string()))
    }
}

#[async_trait]
impl Switch for ShellySwitch {
    async fn set(&self, on: bool, until: Deadline) -> Result<(), Fault> {
        let output = self.output;
        if self.is_rpc(until).await? {
            // The answer tells what was.
            return self.ask(&format!("/rpc/Switch.Set?id={output}&on={on}"), "was_on", until).await.map(drop);
        }
        let word = if on { "on" } else { "off" };
        let is = self.ask(&format!("/relay/{output}?turn={word}"), "ison", until).await?;
        if is == on {
            return Ok(());
        }
        Err(Fault::bench("relay", format!("the relay at {:?} was told {word} and did not turn", self.url))
            .with_help("check its interlock and timer settings"))
    }

    async fn state(&self, until: Deadline) -> Result<Option<bool>, Fault> {
        let output = self.output;
        let is = if self.is_rpc(until).await? {
            self.ask(&format!("/rpc/Switch.GetStatus?id={output}"), "output", until).await?
        } else {
            self.ask(&format!("/relay/{output}"), "ison", until).await?
        };
        Ok(Some(is))
    }
}
