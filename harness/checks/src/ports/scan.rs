//! # `ports.scan`
//! **Question.** Which ports of the DUT accept connections, and what speaks there?
//! **Evidence for.** EN 303 645 V2.1.1 provision 5.6-1; TS 103 701 V1.1.1 case 5.6-1-2, units a and b; PSTI-1.1.
//! **Procedure.** A TCP connect (or a raw SYN) to each port within the bench's limits, silent ones twice; then banners and small typed probes
//! of each open port, side by side. UDP services are asked in their own protocols, silent ones twice.
//! **Observation.** Open ports with service; how many were closed, filtered, not asked; ports that are not the DUT's.
//! **Effect.** Active: one to four connections an open port; nothing stays on the DUT.
//! **Does not show.** Ports that open later or after a knock, and services that answer to certain addresses only.

use std::time::Duration;

use assay_model::{
    CheckContext, CheckKind, Effect, Fault, Host, TypedCheck,
    touch::ports::{ScanMethod, ScanRequest, ScanResponse},
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::{
    identify::{Asker, Identified},
    ranges::PortList,
    udp::scan::{self as udp, Answering, Selection, UdpResult},
};

pub(crate) struct Scan;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The host.
    host: String,
    /// TCP ports: `1-65535`, `22,80,8000-8100`, or a list.
    tcp: PortList,
    /// UDP ports: `none`, `top-20`, `all` services that there is a question for, or ports as for TCP.
    #[serde(default)]
    udp: Selection,
    /// Whether each open port is asked what it speaks.
    #[serde(default)]
    identify: bool,
    /// How long a connect may stay unanswered, in milliseconds. Services are given twice that and at least a second.
    #[serde(default = "silence")]
    silence_ms: u32,
    /// How TCP ports are asked: `connect` (a whole connection, without any privilege), `syn` (a raw SYN, which needs
    /// CAP_NET_RAW), `auto` (a SYN where this process has the right).
    #[serde(default)]
    method: ScanMethod,
}

const fn silence() -> u32 {
    500
}

/// One open port.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct OpenPort {
    /// The port.
    pub port: u16,
    /// `tcp` or `udp`.
    pub proto: String,
    /// `ssh`, `https`, `http`, `telnet`, `mqtt`, ...; absent where nothing was recognised or asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The version that it claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether TLS answers first.
    #[serde(default)]
    pub tls: bool,
    /// What it says unasked, at most 200 visible characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub banner: Option<String>,
    /// Whether it shows a logon; absent where the probe does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logon: Option<bool>,
    /// Whether anything was answered after connecting; absent where it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<bool>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Open ports, TCP then UDP, ascending, without foreign ones.
    open: Vec<OpenPort>,
    /// TCP ports that answered with a reset.
    closed: u32,
    /// TCP ports that stayed silent twice.
    filtered: u32,
    /// The first of those.
    filtered_ports: Vec<u16>,
    /// TCP ports that were not asked.
    unasked: u32,
    /// Whether something answered at the start.
    alive_before: bool,
    /// Whether something answered at the end.
    alive_after: bool,
    /// Whether every port was asked of a host that was alive before and after.
    complete: bool,
    /// TCP connections that were started for the scan, or SYNs that were sent, those of the identification left out.
    connects: u32,
    /// Wall time of the scan.
    duration_ms: u64,
    /// How TCP ports were asked: `connect` or `syn`.
    method: ScanMethod,
    /// Open ports that are not the DUT's: they accepted before it was started.
    foreign: Vec<u16>,
    /// UDP, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    udp: Option<UdpResult>,
}

#[async_trait]
impl TypedCheck for Scan {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "ports.scan";
    const QUESTION: &'static str = "Which ports of the DUT accept connections, and what speaks there?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 V2.1.1 5.6-1; TS 103 701 V1.1.1 5.6-1-2 a, b; PSTI-1.1";
    const DOES_NOT_SHOW: &'static str =
        "ports that open later or after a knock, and services that answer to certain addresses only";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["network"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let host = cx.host(&p.host)?;
        let tcp = p.tcp.ranges()?;
        let datagrams = p.udp.ports()?;
        let asked: u32 = tcp.iter().map(|(a, b)| u32::from(b - a) + 1).sum();
        cx.progress.step(0, u64::from(asked), "scanning TCP ports");
        let request =
            ScanRequest { host: host.clone(), tcp, limits: cx.limits, silence_ms: p.silence_ms, method: p.method };
        let scan = cx.touches.ports()?.call(request, cx.deadline).await?;
        let (foreign, own): (Vec<u16>, Vec<u16>) =
            scan.open.iter().partition(|port| cx.dut.foreign_ports.contains(port));
        let silence = Duration::from_millis(p.silence_ms.into());
        let mut open = if p.identify { identify_all(cx, silence, &host, &own).await? } else { plain(&own) };
        let mut udp = None;
        if let Some(ports) = datagrams {
            cx.progress.step(0, ports.len() as u64, "asking UDP services");
            let (result, answering) = udp::scan(cx, &host, &ports).await?;
            open.extend(answering.into_iter().map(datagram_port));
            udp = Some(result);
        }
        let ScanResponse {
            closed,
            filtered,
            filtered_ports,
            unasked,
            alive_before,
            alive_after,
            connects,
            duration_ms,
            method,
            ..
        } = scan;
        let udp_whole = udp.as_ref().is_none_or(|u| u.unasked.is_empty());
        let complete = unasked == 0 && udp_whole && alive_before && alive_after;
        Ok(Observation {
            open,
            closed,
            filtered,
            filtered_ports,
            unasked,
            alive_before,
            alive_after,
            complete,
            connects,
            duration_ms,
            method,
            foreign,
            udp,
        })
    }
}

fn open_port(port: u16) -> OpenPort {
    OpenPort {
        port,
        proto: "tcp".into(),
        service: None,
        version: None,
        tls: false,
        banner: None,
        logon: None,
        answers: None,
    }
}

fn plain(ports: &[u16]) -> Vec<OpenPort> {
    ports.iter().copied().map(open_port).collect()
}

fn datagram_port(found: Answering) -> OpenPort {
    let Answering { port, service, version, banner } = found;
    let service = service.map(str::to_owned);
    // DTLS answers as itself; what speaks inside needs a whole session.
    let tls = service.as_deref() == Some("dtls");
    OpenPort { proto: "udp".into(), service, version, banner, tls, answers: Some(true), ..open_port(port) }
}

async fn identify_all(
    cx: &CheckContext,
    silence: Duration,
    host: &Host,
    ports: &[u16],
) -> Result<Vec<OpenPort>, Fault> {
    let asker = Asker::new(cx, silence);
    let mut tasks = JoinSet::new();
    for &port in ports {
        let (asker, endpoint) = (asker.clone(), host.port(port));
        tasks.spawn(async move { asker.port(&endpoint).await.map(|found| (port, found)) });
    }
    let mut open = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        let (port, found) = ended
            .map_err(|e| Fault::adapter("identify-failed", format!("a port's identification broke off: {e}")))??;
        let Identified { service, version, tls, banner, logon, answers } = found;
        let logon = logon.map(|l| l.asks);
        let service = service.map(str::to_owned);
        open.push(OpenPort { service, version, tls, banner, logon, answers: Some(answers), ..open_port(port) });
    }
    open.sort_by_key(|p| p.port);
    Ok(open)
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let params = json!({"host": "dut", "tcp": "1-65535", "identify": true, "udp": "top-20"});
        vec![
            Case::good(Dut::good(), params.clone()).shows(json!({
                "complete": true, "foreign": [631], "unasked": 0,
                "open": [
                    {"port": 2222, "proto": "tcp", "service": "ssh", "version": "fake_1.0", "logon": true, "tls": false},
                    {"port": 8080, "service": "http", "tls": false},
                    {"port": 8443, "service": "https", "tls": true},
                    {"port": 5683, "proto": "udp", "service": "coap"},
                ],
                "udp": {"open": [5683]}
            })),
            Case::weak(Dut::weak(), params.clone()).shows(json!({
                "open": [{"port": 2222}, {"port": 2323, "service": "telnet", "logon": true}, {"port": 8080}, {"port": 8443}, {"port": 5683}]
            })),
            Case::dead(Dut::silent(), params.clone()).shows(json!({
                "complete": true, "open": [{"port": 2222, "answers": false}, {"port": 8080, "answers": false}, {"port": 8443}]
            })),
            Case::dead(Dut::absent(), params).shows(json!({"complete": false, "alive_before": false, "open": []})),
        ]
    }
}
