//! A relay with Tasmota firmware: `/cm?cmnd=Power1 On`, answered with the state.

use assay_model::{Deadline, Fault};
use async_trait::async_trait;
use serde_json::Value;

use super::{
    Switch,
    relay_http::{RelayUrl, unexpected},
};

/// One output of a Tasmota relay.
#[derive(Debug, Clone)]
pub struct TasmotaSwitch {
    url: RelayUrl,
    /// From 1, as Tasmota counts.
    output: u8,
}

impl TasmotaSwitch {
    /// Output `output`, from 1.
    #[must_use]
    pub const fn new(url: RelayUrl, output: u8) -> Self {
        Self { url, output }
    }

    async fn command(&self, word: &str, until: Deadline) -> Result<bool, Fault> {
        let answer = self.url.get_json(&format!("/cm?cmnd=Power{}{word}", self.output), until).await?;
        let key = format!("POWER{}", self.output);
        // A relay with one output leaves the number out.
        let power = answer.get(&key).or_else(|| answer.get("POWER").filter(|_| self.output == 1));
        match power.and_then(Value::as_str) {
            Some("ON") => Ok(true),
            Some("OFF") => Ok(false),
            _ => Err(unexpected(&self.url, &answer.to_string())),
        }
    }
}

#[async_trait]
impl Switch for TasmotaSwitch {
    async fn set(&self, on: bool, until: Deadline) -> Result<(), Fault> {
        let is = self.command(if on { "%20On" } else { "%20Off" }, until).await?;
        if is == on {
            return Ok(());
        }
        let (is, asked) = if is { ("on", "off") } else { ("off", "on") };
        Err(Fault::bench("relay", format!("the relay at {:?} was told {asked} and stays {is}", self.url))
            .with_help("check its interlock and pulse settings"))
    }

    async fn state(&self, until: Deadline) -> Result<Option<bool>, Fault> {
        self.command("", until).await.map(Some)
    }
}
