//! # `net.alive`
//! **Question.** Does the DUT answer now?
//! **Evidence for.** Nothing by itself: it is the liveness probe that absence checks rest on.
//! **Procedure.** Given endpoints are asked in their own protocol until one answers; without any, single ports are asked to
//! connect, where a reset is an answer too.
//! **Observation.** Whether it is up, and by what.
//! **Effect.** Active: a connection or two an endpoint.
//! **Does not show.** That every service is well.

use std::time::{Duration, Instant};

use assay_model::{
    CheckContext, CheckKind, Deadline, Effect, Endpoint, Fault, TypedCheck,
    touch::{
        http::HttpResponse,
        ssh::{SshRequest, SshResponse},
        tcp::{TcpRequest, TcpResponse},
    },
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{auth::logon::console, http::ask, ports::identify};

pub(crate) struct Alive;

/// A place that should answer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct Service {
    /// The TCP port; absent on the console.
    #[serde(default)]
    port: Option<u16>,
    /// What speaks there: `https`, `https-json`, `http`, `ssh`, `telnet`, `console`; anything else is asked by small probes.
    #[serde(default)]
    service: Option<String>,
    /// `tcp`; others are passed over.
    #[serde(default)]
    proto: Option<String>,
}

impl Service {
    /// Its TCP port; `None` on the console, and for other protocols.
    pub(crate) fn tcp_port(&self) -> Option<u16> {
        self.port.filter(|_| self.proto.as_deref().is_none_or(|proto| proto == "tcp"))
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The host.
    #[serde(default)]
    host: String,
    /// Ports that may answer by accepting or by a reset.
    #[serde(default = "ports")]
    ports: Vec<u16>,
    /// Places that must answer in their own protocol: with any, nothing less counts as up.
    #[serde(default)]
    endpoints: Vec<Service>,
}

fn ports() -> Vec<u16> {
    vec![80, 443, 22, 1]
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether it answered: in its own protocol where endpoints were given, else at all.
    up: bool,
    /// What answered: `https on 8443`, `reset of port 1`; empty where nothing did.
    by: String,
    /// Whether a service answered in its own protocol; absent where none was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    service_answers: Option<bool>,
    /// Whether it also answered each time it was asked again: from a DUT that drops connections nothing can be concluded
    /// from what was not found.
    steady: bool,
    /// Milliseconds to that answer.
    rtt_ms: u64,
}

/// All questions together may take so long: a DUT that answers none of the first ones is not up.
const ALL: Duration = Duration::from_secs(6);
/// How often a service that answered is asked again.
const AGAIN: u32 = 3;
/// One question of liveness may take so long.
const ONE: Duration = Duration::from_secs(3);

#[async_trait]
impl TypedCheck for Alive {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "net.alive";
    const QUESTION: &'static str = "Does the DUT answer now?";
    const EVIDENCE_FOR: &'static str = "nothing by itself: the liveness probe that absence checks rest on";
    const DOES_NOT_SHOW: &'static str = "that every service is well";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        // A dossier names the same port in several tables; once each is enough to know whether anyone is there.
        let mut ports_asked = std::collections::BTreeSet::new();
        let asked: Vec<&Service> = p
            .endpoints
            .iter()
            .filter(|e| e.proto.as_deref().is_none_or(|x| x == "tcp"))
            .filter(|e| ports_asked.insert(e.port))
            .collect();
        let mut started = Instant::now();
        let enough = Deadline::after(ALL);
        for service in &asked {
            if enough.passed() {
                break;
            }
            for _ in 0..2 {
                started = Instant::now();
                if let Some(by) = answers(cx, &p.host, service).await? {
                    let steady = steady(cx, &p.host, service).await?;
                    return Ok(Observation { steady, ..up(by, started, Some(true)) });
                }
                if started.elapsed() >= ONE {
                    break; // silence; a connection that is merely lost is tried again
                }
            }
        }
        if !asked.is_empty() {
            return Ok(down(started, Some(false)));
        }
        for &port in &p.ports {
            let endpoint = cx.endpoint(&p.host, port)?;
            started = Instant::now();
            match cx.touches.tcp()?.call(TcpRequest::Open { endpoint }, cx.deadline.capped(ONE)).await? {
                TcpResponse::Opened { connection } => {
                    let seen = up(format!("accept of port {port}"), started, None);
                    cx.touches.tcp()?.call(TcpRequest::Close { connection }, cx.deadline).await?;
                    return Ok(seen);
                }
                TcpResponse::Refused => return Ok(up(format!("reset of port {port}"), started, None)),
                _ => {}
            }
        }
        Ok(down(started, None))
    }
}

/// Whether one of these places answers in its own protocol, and goes on answering: the witness of other checks.
pub(crate) async fn lives(cx: &CheckContext, host: &str, endpoints: &[Service]) -> Result<bool, Fault> {
    let params = Params { host: host.to_owned(), ports: Vec::new(), endpoints: endpoints.to_vec() };
    let seen = Alive.run(cx, params).await?;
    Ok(seen.up && seen.steady)
}

fn ms(started: Instant) -> u64 {
    started.elapsed().as_millis() as u64
}

fn up(by: String, started: Instant, service_answers: Option<bool>) -> Observation {
    Observation { up: true, by, service_answers, steady: true, rtt_ms: ms(started) }
}

fn down(started: Instant, service_answers: Option<bool>) -> Observation {
    Observation { up: false, by: String::new(), service_answers, steady: false, rtt_ms: ms(started) }
}

/// Asks the same service again, some times over.
async fn steady(cx: &CheckContext, host: &str, service: &Service) -> Result<bool, Fault> {
    for _ in 0..AGAIN {
        if answers(cx, host, service).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What answered, if it did in its own protocol.
async fn answers(cx: &CheckContext, host: &str, service: &Service) -> Result<Option<String>, Fault> {
    let word = service.service.as_deref().unwrap_or("any service");
    let Some(port) = service.port else {
        if word != "console" {
            return Ok(None);
        }
        let speaks = console::speaks(cx, cx.deadline.capped(ONE * 2)).await?;
        return Ok(speaks.then(|| "console".to_owned()));
    };
    let endpoint = cx.endpoint(host, port)?;
    let answered = match word {
        "ssh" => ssh(cx, &endpoint).await?,
        w if w.starts_with("http") => web(cx, &endpoint, w.starts_with("https")).await?,
        _ => identify::port(cx, &endpoint).await?.answers,
    };
    Ok(answered.then(|| format!("{word} on {port}")))
}

async fn ssh(cx: &CheckContext, endpoint: &Endpoint) -> Result<bool, Fault> {
    let hello = SshRequest::Hello { endpoint: endpoint.clone() };
    let answer = cx.touches.ssh()?.call(hello, cx.deadline.capped(ONE)).await?;
    Ok(matches!(answer, SshResponse::Hello(_) | SshResponse::NoCommonAlgorithm { .. }))
}

/// The dossier's word may leave TLS open (`http-form`): the other way is asked too.
async fn web(cx: &CheckContext, endpoint: &Endpoint, tls: bool) -> Result<bool, Fault> {
    for tls in [tls, !tls] {
        let until = cx.deadline.capped(ONE);
        let answer = ask::send(cx, ask::get(endpoint, tls, "/"), until).await?;
        if let HttpResponse::Answer(_) = answer {
            return Ok(true);
        }
        if until.passed() {
            break;
        }
    }
    Ok(false)
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let asked = |service: &str, port: u16| json!({"host": "dut", "endpoints": [{"proto": "tcp", "port": port, "service": service}]});
        let web = asked("https-json", 8443);
        vec![
            Case::good(Dut::good(), web.clone())
                .shows(json!({"up": true, "by": "https-json on 8443", "service_answers": true, "steady": true})),
            Case::good(Dut::good(), asked("ssh", 2222)).shows(json!({"up": true})),
            Case::good(Dut::good(), json!({"endpoints": [{"service": "console"}]})).shows(json!({"up": true})),
            Case::good(Dut::good(), json!({"host": "dut"})).shows(json!({"up": true, "by": "reset of port 80"})),
            Case::weak(Dut::weak(), asked("telnet", 2323)).shows(json!({"up": true, "by": "telnet on 2323"})),
            Case::dead(Dut::silent(), web.clone())
                .shows(json!({"up": false, "by": "", "service_answers": false, "steady": false})),
            Case::dead(Dut::silent(), asked("ssh", 2222)).shows(json!({"up": false})),
            Case::dead(Dut::absent(), web).shows(json!({"up": false})),
            Case::dead(Dut::absent(), json!({"host": "dut"})).shows(json!({"up": false})),
        ]
    }
}
