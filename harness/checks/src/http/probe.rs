//! # `http.probe`
//! **Question.** What does a path answer over HTTP?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-1, 5.5-5 and 5.6-2, as a part of other units.
//! **Procedure.** One GET; a redirect is an answer and is not followed.
//! **Observation.** Status, headers, authentication schemes, title.
//! **Effect.** Active: one request.
//! **Does not show.** What other paths or methods answer.

use std::collections::BTreeMap;

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck, touch::http::HttpResponse};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ask, page};

pub(crate) struct Probe;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// `https://host:port/path`; instead of the others.
    #[serde(default)]
    url: Option<String>,
    /// The host.
    #[serde(default)]
    host: Option<String>,
    /// The TCP port; 443 with TLS and 80 without.
    #[serde(default)]
    port: Option<u16>,
    /// Path and query.
    #[serde(default)]
    path: Option<String>,
    /// Whether to speak TLS.
    #[serde(default)]
    tls: bool,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether an HTTP answer came.
    answered: bool,
    /// Status code; 0 without an answer.
    status: u16,
    /// Headers by name in lower case; several of one name are joined by commas.
    headers: BTreeMap<String, String>,
    /// Schemes that a 401 offers: `basic`, `digest`.
    auth_schemes: Vec<String>,
    /// The page's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Whether the page has a logon form.
    logon_form: bool,
    /// Where a redirect leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    /// Why there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Host, port, path and TLS of a URL.
fn split(url: &str) -> Option<(String, u16, String, bool)> {
    let (scheme, rest) = url.split_once("://")?;
    let tls = match scheme.to_ascii_lowercase().as_str() {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let (host, port) = match authority.strip_prefix('[').and_then(|a| a.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => authority.split_once(':').map_or((authority, None), |(h, p)| (h, Some(p))),
    };
    let port = port.map_or(Some(if tls { 443 } else { 80 }), |p| p.parse().ok())?;
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    (!host.is_empty()).then(|| (host.to_owned(), port, path, tls))
}

#[async_trait]
impl TypedCheck for Probe {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "http.probe";
    const QUESTION: &'static str = "What does a path answer over HTTP?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 V2.1.1 5.1-1, 5.5-5, 5.6-2, as a part of other units";
    const DOES_NOT_SHOW: &'static str = "what other paths or methods answer";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["network"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let (host, port, path, tls) = match (p.url, p.host) {
            (Some(url), None) => split(&url).ok_or_else(|| {
                Fault::plan("bad-url", format!("`{url}` is no URL such as https://192.0.2.7:8443/login"))
            })?,
            (None, Some(host)) => {
                let port = p.port.unwrap_or(if p.tls { 443 } else { 80 });
                (host, port, p.path.unwrap_or_else(|| "/".into()), p.tls)
            }
            _ => return Err(Fault::plan("bad-parameter", "`http.probe` takes either `url` or `host`")),
        };
        let endpoint = cx.endpoint(&host, port)?;
        Ok(match ask::send(cx, ask::get(&endpoint, tls, &path), cx.deadline).await? {
            HttpResponse::Answer(answer) => {
                let body = answer.body.lossy();
                let mut headers = BTreeMap::<String, String>::new();
                for (name, value) in &answer.headers {
                    headers
                        .entry(name.clone())
                        .and_modify(|v| *v = format!("{v}, {value}"))
                        .or_insert_with(|| value.clone());
                }
                Observation {
                    answered: true,
                    status: answer.status,
                    auth_schemes: page::auth_schemes(&answer),
                    title: page::title(&body),
                    logon_form: page::logon_form(&body).is_some(),
                    location: answer.header("location").map(str::to_owned),
                    headers,
                    note: None,
                }
            }
            HttpResponse::Refused => none("connection refused".into()),
            HttpResponse::NoAnswer { text } | HttpResponse::Malformed { text } => none(text),
        })
    }
}

fn none(note: String) -> Observation {
    Observation { note: Some(note), ..Observation::default() }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::split;
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let login = json!({"host": "dut", "port": 8443, "path": "/login", "tls": true});
        vec![
            Case::good(Dut::good(), login.clone()).shows(
                json!({"answered": true, "status": 200, "title": "Camera", "logon_form": true, "auth_schemes": []}),
            ),
            Case::good(Dut::good(), json!({"url": "http://dut:8080/"}))
                .shows(json!({"status": 308, "location": "https://dut:8443/"})),
            Case::weak(Dut::weak(), json!({"url": "https://dut:8443/nothing"})).shows(json!({"status": 404})),
            Case::dead(Dut::silent(), login).shows(json!({"answered": false, "status": 0, "headers": {}})),
        ]
    }

    #[test]
    fn urls_are_split() {
        assert_eq!(split("https://h"), Some(("h".into(), 443, "/".into(), true)));
        assert_eq!(split("http://[::1]:81/a?b"), Some(("::1".into(), 81, "/a?b".into(), false)));
        assert_eq!(split("HTTP://h?x"), Some(("h".into(), 80, "/?x".into(), false)));
        for bad in ["h", "ftp://h", "http://", "http://h:x/", "http://h:99999"] {
            assert_eq!(split(bad), None, "{bad}");
        }
    }
}
