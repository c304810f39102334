//! The sign by which a DUT counts as up again.

use std::time::{Duration, Instant};

use assay_model::{
    CheckContext, Endpoint, Fault,
    touch::tcp::{TcpRequest, TcpResponse},
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::console::listen::{Heard, Listener};

/// Pause between two looks at a port.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// One connection may take so long: a booting DUT drops packets without a word.
const CONNECT: Duration = Duration::from_secs(1);

/// How a plan says it: a TCP port that accepts, or a console pattern.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecoveredBy {
    /// A host of the bench, with `port`.
    #[serde(default)]
    host: Option<String>,
    /// A TCP port of `host` that accepts once the DUT is up. A forwarder in between must not accept in its place.
    #[serde(default)]
    port: Option<u16>,
    /// A byte regex that the console shows once the DUT is up.
    #[serde(default)]
    console: Option<String>,
}

/// The same, resolved.
pub(super) enum Sign {
    Port(Endpoint),
    Console(String),
}

impl RecoveredBy {
    /// # Errors
    /// Neither or both are given, or the host is not the bench's.
    pub(super) fn sign(self, cx: &CheckContext) -> Result<Sign, Fault> {
        match (self.host, self.port, self.console) {
            (Some(host), Some(port), None) => Ok(Sign::Port(cx.endpoint(&host, port)?)),
            (None, None, Some(pattern)) => Ok(Sign::Console(pattern)),
            _ => Err(Fault::plan("bad-parameter", "`recovered_by` needs `host` and `port`, or `console`")
                .with_help("write `recovered_by: { host: ${dut.host}, port: 443 }` or `{ console: \"login: \" }`")),
        }
    }
}

impl Sign {
    /// Turns the power off and on, and waits for the sign. The time runs from power-on, and is `None` where it does not come.
    pub(super) async fn restart(
        &self,
        cx: &CheckContext,
        off_ms: u32,
        within: Duration,
    ) -> Result<Option<Duration>, Fault> {
        let mut line = Listener::new(cx);
        if matches!(self, Self::Console(_)) {
            line.forget().await?;
        }
        Listener::restart(cx, off_ms).await?;
        let started = Instant::now();
        let there = match self {
            Self::Console(pattern) => matches!(line.expect(&[pattern.as_str()], within).await?, Heard::Match(..)),
            Self::Port(endpoint) => accepts(cx, endpoint, started + within).await?,
        };
        Ok(there.then(|| started.elapsed()))
    }
}

async fn accepts(cx: &CheckContext, endpoint: &Endpoint, until: Instant) -> Result<bool, Fault> {
    loop {
        let request = TcpRequest::Open { endpoint: endpoint.clone() };
        if let TcpResponse::Opened { connection } = cx.touches.tcp()?.call(request, cx.deadline.capped(CONNECT)).await?
        {
            cx.touches.tcp()?.call(TcpRequest::Close { connection }, cx.deadline).await?;
            return Ok(true);
        }
        if Instant::now() >= until || cx.deadline.passed() {
            return Ok(false);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
