//! # `http.routes`
//! **Question.** What do the web servers of a product give to whoever asks without a logon?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.5-4, 5.5-5, 5.5-6, 5.6-1 and 5.6-2; TS 103 701 V1.1.1 case 5.6-2-2.
//! **Procedure.** On each open web port: a path that no server has, then the paths of a curated list, then those that the answers
//! name (links and forms, scripts, robots.txt, OpenAPI, UPnP, site maps, redirects on the same server). GET alone, nothing is
//! logged on.
//! **Observation.** Per path whether it is open or asks for a logon, and how; folders that are listed, errors that show their
//! insides, versions, secrets and values of the label that are told; cookies; whether a plain server leads to TLS.
//! **Effect.** Active: as many requests as are permitted, one at a time.
//! **Does not show.** Paths that neither list nor answer names; other methods than GET; what is given after a logon.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use assay_model::{
    CheckContext, CheckKind, Effect, Endpoint, Fault, TypedCheck,
    touch::http::{HttpAnswer, HttpResponse},
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ask,
    links::{self, FoundBy},
    list, page,
    reading::{self, Cookie},
};
use crate::{
    access::markers::{self, Leak},
    ports::scan::OpenPort,
};

pub(crate) struct Routes;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The host.
    host: String,
    /// `open` of `ports.scan`: its web servers are asked.
    open: Vec<OpenPort>,
    /// Further paths.
    #[serde(default)]
    paths: Vec<String>,
    /// Requests per server, at most.
    #[serde(default = "requests")]
    requests: u32,
    /// Values of the label by name: `serial`, `mac`, `ssid`. A null counts as absent.
    #[serde(default)]
    markers: BTreeMap<String, Option<String>>,
}

const fn requests() -> u32 {
    200
}

/// Whether a path is open to strangers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Gate {
    /// It answers with content.
    Open,
    /// It asks for a logon: 401, 403, or the way to a logon form.
    Asks,
    /// It is the logon form itself.
    Logon,
    /// It leads elsewhere.
    Redirect,
    /// It is there, and not for GET: 405.
    Method,
    /// The server broke: 5xx.
    Broken,
}

/// A path that is there.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Route {
    /// The port.
    port: u16,
    /// Path and query.
    path: String,
    /// Status code.
    status: u16,
    /// `open`, `asks`, `logon`, `redirect`, `method`, `broken`.
    gate: Gate,
    /// Where it was found.
    by: FoundBy,
    /// Media type without parameters.
    media: String,
    /// The page's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// `basic`, `digest`, `form`.
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<String>,
    /// Where a redirect leads, or the methods that are allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Something that is told at a path.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Told {
    /// The port.
    port: u16,
    /// The path.
    path: String,
    /// What: never the value of a secret.
    what: String,
}

/// One web server.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Server {
    /// The port.
    port: u16,
    /// Whether it was spoken to inside TLS.
    tls: bool,
    /// Whether any answer came.
    answered: bool,
    /// Requests that were sent.
    asked: u32,
    /// Whether every path was asked for and answered.
    complete: bool,
    /// Whether it answers every path alike, so that its answers to lists say little.
    answers_all_alike: bool,
    /// A plain server that leads to TLS for every path that is there.
    leads_to_tls: bool,
    /// Headers of its first page that protect browsers, of the five that are looked for.
    protects: Vec<String>,
    /// What kept from learning more.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Each web server that was asked.
    servers: Vec<Server>,
    /// Paths that are there, at most 400.
    routes: Vec<Route>,
    /// Logons that are asked for or taken outside of TLS.
    cleartext_logons: Vec<Told>,
    /// Folders that are listed.
    listings: Vec<Told>,
    /// Errors that show their insides.
    errors: Vec<Told>,
    /// Products with versions that are told, each once.
    versions: Vec<String>,
    /// What looks like a secret, by its name.
    secrets: Vec<Told>,
    /// Values of the label that are told.
    leaks: Vec<Leak>,
    /// Cookies that are set, each once.
    cookies: Vec<Cookie>,
    /// Whether every web server answered. Without it, what is absent here says nothing.
    answered: bool,
    /// Whether every path of every server was asked for and answered.
    complete: bool,
}

/// One request may take so long.
const ONE: Duration = Duration::from_secs(5);
/// Requests in a row that nobody answered, after which a server counts as gone.
const LOST: u32 = 3;
const ROUTES: usize = 400;
/// Headers that protect browsers.
const PROTECTION: [&str; 5] = [
    "strict-transport-security",
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
];

/// Whether a scan's port is a web server, and whether it is inside TLS.
pub(super) fn web(open: &OpenPort) -> Option<bool> {
    if open.proto != "tcp" {
        return None;
    }
    match open.service.as_deref() {
        Some("https") => Some(true),
        Some("http") => Some(open.tls),
        _ => None,
    }
}

#[async_trait]
impl TypedCheck for Routes {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "http.routes";
    const QUESTION: &'static str = "What do the web servers of a product give to whoever asks without a logon?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 V2.1.1 5.5-4, 5.5-5, 5.5-6, 5.6-1, 5.6-2; TS 103 701 V1.1.1 5.6-2-2";
    const DOES_NOT_SHOW: &'static str =
        "paths that neither list nor answer names; other methods than GET; what is given after a logon";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["network"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        cx.host(&p.host)?;
        let markers: BTreeMap<String, String> =
            p.markers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let mut seen = Observation { answered: true, complete: true, ..Observation::default() };
        for (port, tls) in p.open.iter().filter_map(|o| web(o).map(|tls| (o.port, tls))) {
            let at = cx.endpoint(&p.host, port)?;
            let mut walk = Walk { cx, at, tls, markers: &markers, most: p.requests, lost: 0 };
            let server = walk.run(&p.paths, &mut seen).await?;
            seen.answered &= server.answered;
            seen.complete &= server.complete;
            seen.servers.push(server);
        }
        Ok(seen)
    }
}

/// The walk over one server.
struct Walk<'a> {
    cx: &'a CheckContext,
    at: Endpoint,
    tls: bool,
    markers: &'a BTreeMap<String, String>,
    most: u32,
    /// Requests in a row that nobody answered.
    lost: u32,
}

/// What tells that an answer is that of any path.
#[derive(PartialEq, Eq)]
struct Likeness {
    status: u16,
    title: Option<String>,
    size: usize,
}

impl Likeness {
    fn of(answer: &HttpAnswer, path: &str) -> Self {
        let body = answer.body.lossy().replace(path, "");
        Self { status: answer.status, title: page::title(&body), size: body.len() / 16 }
    }
}

impl Walk<'_> {
    async fn get(&mut self, path: &str, server: &mut Server) -> Result<Option<HttpAnswer>, Fault> {
        server.asked += 1;
        match ask::send_again(self.cx, ask::get(&self.at, self.tls, path), ONE).await? {
            HttpResponse::Answer(answer) => {
                (server.answered, self.lost) = (true, 0);
                Ok(Some(answer))
            }
            HttpResponse::Refused => {
                self.lost += LOST;
                server.note = Some("connection refused".into());
                Ok(None)
            }
            HttpResponse::NoAnswer { text } | HttpResponse::Malformed { text } => {
                self.lost += 1;
                server.note = Some(text.chars().take(200).collect());
                Ok(None)
            }
        }
    }

    async fn run(&mut self, more: &[String], seen: &mut Observation) -> Result<Server, Fault> {
        let mut server = Server { port: self.at.port(), tls: self.tls, complete: true, ..Server::default() };
        // A quote and a bracket: what builds queries or pages of a path breaks, and shows how.
        let nowhere = "/assay-5a5a/none'%22%3C";
        let Some(nothing) = self.get(nowhere, &mut server).await? else {
            server.complete = false;
            return Ok(server);
        };
        self.read(nowhere, &nothing, seen);
        server.answers_all_alike = nothing.status < 400;
        let nothing = Likeness::of(&nothing, nowhere);

        let listed = list::section("any").into_iter().chain(list::section("settings")).map(str::to_owned);
        let mut waiting: VecDeque<(String, FoundBy)> =
            listed.chain(more.iter().filter(|p| p.starts_with('/')).cloned()).map(|p| (p, FoundBy::List)).collect();
        let mut known: BTreeSet<String> = waiting.iter().map(|(p, _)| p.clone()).collect();
        let (mut there, mut led) = (0_u32, 0_u32);
        while let Some((path, by)) = waiting.pop_front() {
            if server.asked >= self.most || self.lost >= LOST || self.cx.deadline.passed() {
                server.complete = false;
                break;
            }
            let Some(answer) = self.get(&path, &mut server).await? else {
                server.complete = false;
                continue;
            };
            self.read(&path, &answer, seen);
            if path == "/" {
                let found = PROTECTION.iter().filter(|h| answer.header(h).is_some());
                server.protects = found.map(|h| (*h).to_owned()).collect();
            }
            if matches!(answer.status, 404 | 410) || Likeness::of(&answer, &path) == nothing {
                // Where every path leads to TLS, so does this one; it counts as a way, not as content.
                led += u32::from(self.leads_to_tls(&answer));
                there += u32::from(answer.status < 400);
                continue;
            }
            there += 1;
            led += u32::from(self.leads_to_tls(&answer));
            for (found, by) in self.names(&path, &answer) {
                if known.len() < 1_000 && known.insert(found.clone()) {
                    waiting.push_back((found, by));
                }
            }
            self.note(path, by, &answer, seen);
        }
        server.leads_to_tls = !self.tls && there > 0 && there == led;
        Ok(server)
    }

    fn leads_to_tls(&self, answer: &HttpAnswer) -> bool {
        (300..400).contains(&answer.status) && answer.header("location").is_some_and(|l| l.starts_with("https://"))
    }

    /// Paths that an answer names, those of a redirect on this server included.
    fn names(&self, path: &str, answer: &HttpAnswer) -> Vec<(String, FoundBy)> {
        let authority = self.at.to_string();
        let led = answer.header("location").and_then(|l| links::resolve(path, l, &authority));
        let mut all: Vec<_> = led.into_iter().map(|p| (p, FoundBy::Redirect)).collect();
        if answer.status < 400 {
            all.extend(links::of(path, &media(answer), &answer.body.lossy(), &authority));
        }
        all
    }

    /// Notes what an answer tells, wherever it stands.
    fn read(&self, path: &str, answer: &HttpAnswer, seen: &mut Observation) {
        let port = self.at.port();
        let told = |what: String| Told { port, path: path.to_owned(), what };
        let body = answer.body.lossy();
        for text in reading::versions(answer, &body) {
            if seen.versions.len() < 50 && !seen.versions.contains(&text) {
                seen.versions.push(text);
            }
        }
        for cookie in reading::cookies(answer) {
            if seen.cookies.len() < 50 && !seen.cookies.contains(&cookie) {
                seen.cookies.push(cookie);
            }
        }
        if seen.errors.len() < 50 {
            seen.errors.extend(reading::insides(&body).map(told));
        }
        let headers: String = answer.headers.iter().map(|(n, v)| format!("{n}: {v}\n")).collect();
        for what in markers::named(self.markers, &format!("{headers}{body}")) {
            let leak = Leak { what: what.to_owned(), r#where: format!("GET {path} on {port}") };
            if seen.leaks.len() < 50 && !seen.leaks.contains(&leak) {
                seen.leaks.push(leak);
            }
        }
        if (200..300).contains(&answer.status) {
            if reading::is_listing(&body) && seen.listings.len() < 50 {
                seen.listings.push(told("listing".into()));
            }
            if seen.secrets.len() < 50 {
                seen.secrets.extend(reading::secret(&body).map(told));
            }
        }
    }

    /// Notes a path that is there.
    fn note(&self, path: String, by: FoundBy, answer: &HttpAnswer, seen: &mut Observation) {
        let port = self.at.port();
        let body = answer.body.lossy();
        let schemes = page::auth_schemes(answer);
        let form = page::logon_form(&body).is_some();
        let location = answer.header("location");
        let to_logon =
            location.is_some_and(|l| ["login", "logon", "signin", "setup", "auth"].iter().any(|w| l.contains(w)));
        let gate = match answer.status {
            200..=299 if form => Gate::Logon,
            200..=299 => Gate::Open,
            300..=399 if to_logon => Gate::Asks,
            300..=399 => Gate::Redirect,
            401 | 403 | 407 => Gate::Asks,
            405 => Gate::Method,
            500.. => Gate::Broken,
            _ => return,
        };
        let scheme = if form { Some("form".to_owned()) } else { schemes.into_iter().next() };
        if let Some(scheme) = scheme.as_ref().filter(|_| !self.tls && seen.cleartext_logons.len() < 50) {
            seen.cleartext_logons.push(Told { port, path: path.clone(), what: scheme.clone() });
        }
        if seen.routes.len() < ROUTES {
            let detail = location.or_else(|| answer.header("allow")).map(|d| d.chars().take(200).collect());
            seen.routes.push(Route {
                port,
                path,
                status: answer.status,
                gate,
                by,
                media: media(answer),
                title: page::title(&body),
                scheme,
                detail,
            });
        }
    }
}

fn media(answer: &HttpAnswer) -> String {
    let whole = answer.header("content-type").unwrap_or_default();
    whole.split(';').next().unwrap_or_default().trim().to_lowercase().chars().take(100).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let params = json!({"host": "dut", "open": [
            {"port": 8080, "proto": "tcp", "service": "http"}, {"port": 8443, "proto": "tcp", "service": "https", "tls": true},
            {"port": 2222, "proto": "tcp", "service": "ssh"}
        ]});
        vec![
            Case::good(Dut::good(), params.clone()).shows(json!({
                "answered": true, "complete": true, "leaks": [], "cleartext_logons": [], "listings": [], "errors": [],
                "servers": [{"port": 8080, "leads_to_tls": true, "answered": true}, {"port": 8443, "tls": true, "answers_all_alike": false}],
            })),
            Case::weak(Dut::weak(), params.clone()).shows(json!({"answered": true, "secrets": []})),
            Case::dead(Dut::silent(), params.clone())
                .shows(json!({"answered": false, "complete": false, "routes": [], "servers": [{"answered": false}, {"answered": false}]})),
            Case::dead(Dut::absent(), params).shows(json!({"answered": false, "complete": false, "routes": []})),
        ]
    }
}
