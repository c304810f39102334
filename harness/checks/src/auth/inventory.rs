//! # `auth.inventory`
//! **Question.** Where does the DUT ask for a logon, and is each such place declared?
//! **Evidence for.** PSTI-1.1; EN 303 645 V2.1.1 provisions 5.1-1 and 5.1-5; TS 103 701 V1.1.1 cases 5.1-1-2 and 5.1-5-2, units a.
//! **Procedure.** Asks every open port: SSH methods, HTTP 401, logon forms and JSON calls, prompts, typed probes; and the console.
//! Compares with the declared endpoints by port and kind of service.
//! **Observation.** Mechanisms found, those not declared, declared ones that were not found.
//! **Effect.** Active: a few requests a port, no credential is tried.
//! **Does not show.** Logons behind paths that neither the dossier nor convention names, on radio, or in apps.

use std::time::Duration;

use assay_model::{
    CheckContext, CheckKind, Effect, Endpoint, Fault, TypedCheck,
    touch::{
        http::{HttpAnswer, HttpResponse},
        ssh::{SshRequest, SshResponse},
    },
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::logon::{console, words};
use crate::{
    http::{ask, page},
    ports::{identify, scan::OpenPort},
};

pub(crate) struct Inventory;

/// A declared endpoint: a row of `ixit.endpoints`, or of a mechanism.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct Declared {
    /// The port; absent on the console.
    #[serde(default)]
    port: Option<u16>,
    /// The service.
    #[serde(default)]
    service: Option<String>,
    /// A path, for web logons.
    #[serde(default)]
    path: Option<String>,
    /// The IXIT table.
    #[serde(default)]
    table: Option<String>,
    /// Its row.
    #[serde(default)]
    row: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The host; empty where only the console is asked.
    #[serde(default)]
    host: String,
    /// Declared endpoints of authentication mechanisms.
    endpoints: Vec<Declared>,
    /// `open` of `ports.scan`.
    #[serde(default)]
    open: Vec<OpenPort>,
    /// Further paths that may hold a web logon.
    #[serde(default)]
    paths: Vec<String>,
    /// Whether the console is asked too.
    #[serde(default)]
    console: bool,
}

/// A place that asks for a logon.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Found {
    /// The port; absent on the console.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// `ssh`, `https`, `http`, `telnet`, `console`, `ftp`, ...
    service: String,
    /// Whether it is about a password.
    password_based: bool,
    /// The scheme or prompt: `form`, `json`, `basic`, `password`, `login:`.
    scheme: String,
    /// The path, for web logons.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// Whether the dossier declares it.
    declared: bool,
    /// The row that does.
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<String>,
}

/// A declared endpoint where no logon was found.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Missing {
    /// The port; absent on the console.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// The declared service.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    /// The row that declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<String>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Every logon that was found.
    mechanisms: Vec<Found>,
    /// Those that the dossier does not declare.
    undeclared: Vec<Found>,
    /// Declared endpoints without a logon.
    missing: Vec<Missing>,
    /// Open ports that never answered anything: nothing is known of them.
    silent: Vec<u16>,
    /// Whether anything answered at all.
    answered: bool,
}

/// One request may take so long.
const ONE: Duration = Duration::from_secs(5);

/// Paths where convention puts a logon.
const PATHS: [&str; 6] = ["/", "/login", "/login.html", "/admin", "/api/login", "/cgi-bin/"];

#[async_trait]
impl TypedCheck for Inventory {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "auth.inventory";
    const QUESTION: &'static str = "Where does the DUT ask for a logon, and is each such place declared?";
    const EVIDENCE_FOR: &'static str =
        "PSTI-1.1; EN 303 645 V2.1.1 5.1-1, 5.1-5; TS 103 701 V1.1.1 5.1-1-2 a, 5.1-5-2 a";
    const DOES_NOT_SHOW: &'static str =
        "logons behind paths that neither the dossier nor convention names, on radio, or in apps";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let mut seen = Observation::default();
        for (done, open) in (0..).zip(p.open.iter().filter(|o| o.proto == "tcp")) {
            cx.progress.step(done, p.open.len() as u64, &format!("asking port {}", open.port));
            let endpoint = cx.endpoint(&p.host, open.port)?;
            let service = match &open.service {
                Some(service) => service.clone(),
                None => identify::port(cx, &endpoint).await?.service.unwrap_or_default().to_owned(),
            };
            let (found, answered) = match service.as_str() {
                "ssh" => ssh(cx, &endpoint).await?,
                "http" | "https" => web(cx, &endpoint, open.tls || service == "https", &p).await?,
                _ => other(cx, &endpoint).await?,
            };
            seen.answered |= answered;
            if !answered {
                seen.silent.push(open.port);
            }
            seen.mechanisms.extend(found);
        }
        if p.console {
            let (found, answered) = terminal(cx).await?;
            seen.answered |= answered;
            seen.mechanisms.extend(found);
        }
        compare(&mut seen, &p.endpoints);
        Ok(seen)
    }
}

fn found(port: Option<u16>, service: &str, password_based: bool, scheme: &str, path: Option<&str>) -> Found {
    let (service, scheme, path) = (service.to_owned(), scheme.to_owned(), path.map(str::to_owned));
    Found { port, service, password_based, scheme, path, declared: false, row: None }
}

async fn ssh(cx: &CheckContext, endpoint: &Endpoint) -> Result<(Vec<Found>, bool), Fault> {
    let request = || SshRequest::Methods { endpoint: endpoint.clone(), user: "root".into() };
    let mut answer = cx.touches.ssh()?.call(request(), cx.deadline.capped(ONE * 2)).await?;
    if matches!(answer, SshResponse::Dropped { .. } | SshResponse::Refused) {
        answer = cx.touches.ssh()?.call(request(), cx.deadline.capped(ONE * 2)).await?; // one loss is a flaky line
    }
    Ok(match answer {
        SshResponse::Methods { methods, none_accepted } => {
            let password = methods.iter().any(|m| m == "password" || m == "keyboard-interactive");
            let scheme = if none_accepted { "none".to_owned() } else { methods.join(",") };
            (vec![found(Some(endpoint.port()), "ssh", password, &scheme, None)], true)
        }
        // It speaks SSH but the tool cannot go on: what it is remains a logon.
        SshResponse::NoCommonAlgorithm { .. } => {
            (vec![found(Some(endpoint.port()), "ssh", true, "unknown", None)], true)
        }
        _ => (Vec::new(), false),
    })
}

async fn web(cx: &CheckContext, endpoint: &Endpoint, tls: bool, p: &Params) -> Result<(Vec<Found>, bool), Fault> {
    let declared = p.endpoints.iter().filter(|d| d.port == Some(endpoint.port())).filter_map(|d| d.path.as_deref());
    let mut paths: Vec<&str> = PATHS.to_vec();
    paths.extend(p.paths.iter().map(String::as_str).chain(declared));
    let mut seen = std::collections::BTreeSet::new();
    let mut all: Vec<Found> = Vec::new();
    let mut answered = false;
    for path in paths.into_iter().filter(|p| seen.insert(*p)) {
        let request = ask::get(endpoint, tls, path);
        let HttpResponse::Answer(answer) = ask::send_again(cx, request, ONE).await? else {
            if answered { continue } else { break }
        };
        answered = true;
        let Some(scheme) = scheme(cx, endpoint, tls, path, &answer).await? else { continue };
        if !all.iter().any(|f| f.scheme == scheme) {
            let service = if tls { "https" } else { "http" };
            all.push(found(Some(endpoint.port()), service, true, &scheme, Some(path)));
        }
    }
    Ok((all, answered))
}

/// The scheme of the logon at this path. A JSON call is asked with an empty object, which is no try.
async fn scheme(
    cx: &CheckContext,
    endpoint: &Endpoint,
    tls: bool,
    path: &str,
    answer: &HttpAnswer,
) -> Result<Option<String>, Fault> {
    if let Some(scheme) = page::auth_schemes(answer).into_iter().next().filter(|_| answer.status == 401) {
        return Ok(Some(scheme));
    }
    if page::logon_form(&answer.body.lossy()).is_some() {
        return Ok(Some("form".into()));
    }
    if !path.contains("login") && !path.contains("auth") && !path.contains("session") {
        return Ok(None);
    }
    if !matches!(answer.status, 400 | 401 | 404 | 405 | 415 | 422 | 429) {
        return Ok(None);
    }
    let empty = ask::post(endpoint, tls, path, "application/json", "{}".into());
    let HttpResponse::Answer(answer) = ask::send_again(cx, empty, ONE).await? else {
        return Ok(None);
    };
    let json = answer.header("content-type").is_some_and(|t| t.contains("json"));
    let asks = matches!(answer.status, 401 | 422 | 429) || (answer.status < 500 && answer.status != 404 && json);
    Ok((asks && answer.status != 405 && answer.status != 404).then(|| "json".into()))
}

async fn other(cx: &CheckContext, endpoint: &Endpoint) -> Result<(Vec<Found>, bool), Fault> {
    let seen = identify::port(cx, endpoint).await?;
    let service = seen.service.unwrap_or("unknown");
    let prompt = seen.banner.as_deref().filter(|b| words::LOGIN.is_match(b) || words::PASSWORD.is_match(b));
    let mechanism = match (&seen.logon, prompt) {
        (Some(l), _) if l.asks => Some(found(Some(endpoint.port()), service, l.password_based, &l.scheme, None)),
        (None, Some(prompt)) => Some(found(Some(endpoint.port()), service, true, prompt, None)),
        _ => None,
    };
    Ok((mechanism.into_iter().collect(), seen.answers))
}

async fn terminal(cx: &CheckContext) -> Result<(Vec<Found>, bool), Fault> {
    let (prompt, line) = console::prompt(cx, cx.deadline.capped(Duration::from_secs(15))).await?;
    let mechanism = match prompt {
        console::Prompt::Login | console::Prompt::Password => Some(found(None, "console", true, &line, None)),
        _ => None,
    };
    Ok((mechanism.into_iter().collect(), prompt != console::Prompt::Nothing))
}

/// One word for services that are one mechanism: all web logons of a port share their accounts.
fn family(service: &str) -> &str {
    if service.starts_with("http") { "web" } else { service }
}

fn compare(seen: &mut Observation, declared: &[Declared]) {
    let fits = |d: &Declared, f: &Found| {
        let service = d.service.as_deref();
        match f.port {
            Some(port) => d.port == Some(port) && service.is_none_or(|s| family(s) == family(&f.service)),
            None => service == Some("console"),
        }
    };
    for mechanism in &mut seen.mechanisms {
        if let Some(row) = declared.iter().find(|d| fits(d, mechanism)) {
            mechanism.declared = true;
            mechanism.row = row.row.clone().or_else(|| row.table.clone());
        }
    }
    seen.undeclared = seen.mechanisms.iter().filter(|m| !m.declared).cloned().collect();
    seen.missing = declared
        .iter()
        .filter(|d| !seen.mechanisms.iter().any(|m| fits(d, m)))
        .map(|d| Missing { port: d.port, service: d.service.clone(), row: d.row.clone() })
        .collect();
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let open = json!([
            {"port": 2222, "proto": "tcp", "service": "ssh"}, {"port": 8080, "proto": "tcp", "service": "http"},
            {"port": 8443, "proto": "tcp", "service": "https", "tls": true}
        ]);
        let declared = json!([
            {"proto": "tcp", "port": 8443, "service": "https-json", "table": "1-AuthMech", "row": "AuthMech-1"},
            {"proto": "tcp", "port": 2222, "service": "ssh", "table": "1-AuthMech", "row": "AuthMech-1"},
            {"service": "console", "row": "AuthMech-2"},
        ]);
        let params = json!({"host": "dut", "endpoints": declared, "open": open, "console": true});
        let mut weak = params.clone();
        weak["open"].as_array_mut().unwrap().push(json!({"port": 2323, "proto": "tcp", "service": "telnet"}));
        vec![
            Case::good(Dut::good(), params.clone()).shows(json!({
                "answered": true, "undeclared": [], "missing": [], "silent": [],
                "mechanisms": [
                    {"port": 2222, "service": "ssh", "password_based": true, "scheme": "publickey,password", "row": "AuthMech-1"},
                    {"port": 8443, "scheme": "form", "path": "/login", "declared": true},
                    {"port": 8443, "scheme": "json", "path": "/api/login", "declared": true},
                    {"service": "console", "password_based": true, "row": "AuthMech-2"},
                ]
            })),
            Case::weak(Dut::weak(), weak).shows(json!({
                "undeclared": [{"port": 2323, "service": "telnet", "password_based": true, "declared": false}]
            })),
            Case::dead(Dut::silent(), params).shows(json!({
                "answered": false, "mechanisms": [], "missing": [{"port": 8443}, {"port": 2222}, {"service": "console"}],
                "silent": [2222, 8080, 8443]
            })),
        ]
    }
}
