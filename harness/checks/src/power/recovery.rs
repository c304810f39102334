//! The sign by which a DUT counts as up again.

use std::time::{Duration, Instant};

use assay_model::{
    CheckContext, Endpoint, Fault,
    touch::{
        power::PowerRequest,
        tcp::{TcpRequest, TcpResponse},
    },
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::console::listen::{Heard, Listener};

/// Pause between two looks at a port: many within the shortest time that a power supply needs to run empty.
const LOOK_EVERY: Duration = Duration::from_millis(20);
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
    ///
    /// # Errors
    /// Besides those of the bench: the port went on accepting, so the power was never cut and nothing is shown by it.
    pub(super) async fn restart(
        &self,
        cx: &CheckContext,
        off_ms: u32,
        within: Duration,
    ) -> Result<Option<Duration>, Fault> {
        match self {
            Self::Console(pattern) => {
                let mut line = Listener::new(cx);
                // What a boot says that is being cut is no sign of the next one.
                cx.touches.power()?.call(PowerRequest::Off, cx.deadline).await?;
                line.forget().await?;
                Listener::restart(cx, off_ms).await?;
                let started = Instant::now();
                let there = matches!(line.expect(&[pattern.as_str()], within).await?, Heard::Match(..));
                Ok(there.then(|| started.elapsed()))
            }
            Self::Port(endpoint) => {
                // A switch may only queue the cut, so it is waited for.
                let down_by = Instant::now() + Duration::from_millis(off_ms.into()) + within;
                let cut = tokio::try_join!(Listener::restart(cx, off_ms), accepting(cx, endpoint, false, down_by))?.1;
                if !cut {
                    return Err(not_cut(endpoint));
                }
                let started = Instant::now();
                let there = accepting(cx, endpoint, true, started + within).await?;
                Ok(there.then(|| started.elapsed()))
            }
        }
    }
}

fn not_cut(endpoint: &Endpoint) -> Fault {
    Fault::bench("power-not-cut", format!("the power was switched off and on, and {endpoint} accepted all the while"))
        .with_help(
            "check that the switch feeds this DUT and no battery or second supply does, that `power_off_ms` is longer than its \
             supply holds, and that no forwarder accepts in its place",
        )
}

/// Whether the port comes to accept, or to accept no more, before `until`.
async fn accepting(cx: &CheckContext, endpoint: &Endpoint, wanted: bool, until: Instant) -> Result<bool, Fault> {
    loop {
        let request = TcpRequest::Open { endpoint: endpoint.clone() };
        let answer = cx.touches.tcp()?.call(request, cx.deadline.capped(CONNECT)).await?;
        let accepts = if let TcpResponse::Opened { connection } = answer {
            cx.touches.tcp()?.call(TcpRequest::Close { connection }, cx.deadline).await?;
            true
        } else {
            false
        };
        if accepts == wanted {
            return Ok(true);
        }
        if Instant::now() >= until || cx.deadline.passed() {
            return Ok(false);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Dut, Secrets};
    use std::sync::Arc;

    fn by_port() -> RecoveredBy {
        RecoveredBy { host: Some("dut".into()), port: Some(8443), console: None }
    }

    #[tokio::test]
    async fn a_port_that_accepts_all_the_while_is_no_recovery() {
        let within = Duration::from_millis(60);
        let cut = Dut::good().context(Arc::<Secrets>::default());
        let sign = by_port().sign(&cut).unwrap();
        assert!(sign.restart(&cut, 0, within).await.unwrap().is_some());
        let never = Dut::good().never_without_power().context(Arc::<Secrets>::default());
        let fault = sign.restart(&never, 0, within).await.unwrap_err();
        assert_eq!((fault.blame, &*fault.code), (assay_model::Blame::Bench, "power-not-cut"));
    }

    #[tokio::test]
    async fn what_the_cut_boot_said_last_is_no_recovery() {
        let dut = Dut::good().never_without_power();
        let cx = dut.context(Arc::<Secrets>::default());
        dut.says("\r\ncam login: ");
        let sign = RecoveredBy { host: None, port: None, console: Some("login: ".into()) }.sign(&cx).unwrap();
        assert_eq!(sign.restart(&cx, 0, Duration::from_secs(2)).await.unwrap(), None);
    }
}
